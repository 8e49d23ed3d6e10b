package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"berth/imaging"
)

// entry is one file or folder of an image.
type entry struct {
	Path     string    `json:"path"` // in the volume, with slashes
	Folder   bool      `json:"folder,omitempty"`
	Size     int64     `json:"size"` // bytes
	Modified time.Time `json:"modified,omitzero"`

	Streams []imaging.Stream `json:"streams,omitempty"` // beside the content
}

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
			l := imageLister{program: p, files: files, recursive: recursive, entries: []entry{}}
			if err := l.walk(ctx, at); err != nil {
				return files.Explain(ctx, at, err)
			}
			if err := p.show(result{value: l.entries, names: namesOf(l.entries, func(e entry) string { return e.Path }), empty: "the folder is empty",
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
func entryTable(t *table, entries []entry, streams bool) {
	t.columns("SIZE", "MODIFIED", "PATH")
	for _, e := range entries {
		size, name := fmt.Sprint(e.Size), e.Path
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
	entries   []entry
	failed    int // files and folders that could not be read
}

// walk ends with the context: an image can hold millions. What is damaged is told and does not hide the rest.
func (l *imageLister) walk(ctx context.Context, root string) error {
	return fs.WalkDir(l.files.FS, root, func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil || err != nil && name == root {
			return errors.Join(err, ctx.Err())
		}
		if err == nil && name == root && d.IsDir() {
			return nil
		}
		if err == nil {
			err = l.add(name, d)
		}
		if broken := l.files.Broken(ctx, name); err != nil && broken != nil {
			return broken
		}
		if err != nil {
			l.failed++
			l.note("%s: %v", name, err)
		}
		if d.IsDir() && (!l.recursive || err != nil) {
			return fs.SkipDir
		}
		return nil
	})
}

func (l *imageLister) add(name string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	e := entry{Path: name, Folder: d.IsDir(), Size: info.Size(), Modified: info.ModTime(), Streams: imaging.StreamsOf(info)}
	if e.Folder {
		e.Size = 0
	}
	l.entries = append(l.entries, e)
	return nil
}
