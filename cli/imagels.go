package cli

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"berth/imaging"
)

func (p *program) imageList() *cobra.Command {
	var volume int
	var recursive bool
	c := p.command(verb{use: "ls IMAGE [PATH]", short: "List the files of an image",
		long:    "List the files of a volume, or what is in a folder of it. Streams beside the content of NTFS files are in -o wide and -o json.",
		example: "  berth image ls notes.vhdx apps\n  berth image ls -R notes.vhdx -o name\n  berth image ls -R notes.vhdx -o wide",
		args:    cobra.RangeArgs(1, 2), run: func(ctx context.Context, args []string) error {
			files, err := p.openFiles(ctx, args[0], volume)
			if err != nil {
				return err
			}
			defer func() { _ = files.Close() }()
			at := fsPath(files.FS, append(args, "")[1])
			l := imageLister{program: p, files: files, recursive: recursive, entries: []imaging.Entry{}}
			if err := l.walk(ctx, at); err != nil {
				return files.Explain(ctx, at, err)
			}
			if err := p.show(result{value: l.entries, names: namesOf(l.entries, func(e imaging.Entry) string { return e.Path }), empty: "the folder is empty",
				table: func(t *table) { entryTable(t, l.entries, p.output == formatWide) }}); err != nil {
				return err
			}
			return unread(args[0], l.failed)
		}})
	c.Flags().BoolVarP(&recursive, "recursive", "R", false, "list what is in the folders below too")
	volumeFlag(c, &volume)
	return c
}

// entryTable shows the streams beside files only to who asked for more columns: they are seldom what is looked for.
func entryTable(t *table, entries []imaging.Entry, streams bool) {
	t.columns("SIZE", "MODIFIED", "PATH")
	t.expect(len(entries))
	for _, e := range entries {
		size, name := strconv.FormatInt(e.Size, 10), e.Path
		if e.Folder {
			size, name = "", e.Path+"/"
		}
		modified := ""
		if !e.Modified.IsZero() {
			modified = e.Modified.UTC().Format(time.DateTime)
		}
		t.row(size, modified, name)
		for i := 0; streams && i < len(e.Streams); i++ {
			s := e.Streams[i]
			t.row(fmt.Sprint(s.Size), modified, e.Path+":"+s.Name)
		}
	}
}

// imageLister gathers what is in a folder, or below it, or one file.
type imageLister struct {
	*program
	files     *imaging.Files
	recursive bool
	entries   []imaging.Entry
	failed    int // files and folders that could not be read
}

// walk ends with the context: an image can hold millions. What is damaged is told and does not hide the rest.
func (l *imageLister) walk(ctx context.Context, root string) error {
	return l.files.Walk(root, l.recursive, func(e imaging.Entry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			l.entries = append(l.entries, e)
			return nil
		}
		if broken := l.files.Broken(ctx, e.Path); broken != nil {
			return broken
		}
		l.failed++
		l.note("%s: %v", e.Path, err)
		return nil
	})
}
