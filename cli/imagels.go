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
			entries, err := walk(ctx, files, append(args, "")[1], recursive)
			if err != nil {
				return files.Explain(ctx, fsPath(append(args, "")[1]), err)
			}
			return p.show(result{value: entries, names: namesOf(entries, func(e entry) string { return e.Path }), empty: "the folder is empty",
				table: func(t *table) { entryTable(t, entries, p.output == formatWide) }})
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

// walk lists what is in a folder, or below it, or one file. It ends with the context: an image can hold millions.
func walk(ctx context.Context, files *imaging.Files, at string, recursive bool) ([]entry, error) {
	root, entries := fsPath(at), []entry{}
	err := fs.WalkDir(files.FS, root, func(name string, d fs.DirEntry, err error) error {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if name == root && d.IsDir() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		entries = append(entries, entry{Path: name, Folder: d.IsDir(), Size: info.Size(), Modified: info.ModTime(), Streams: imaging.StreamsOf(info)})
		if d.IsDir() {
			entries[len(entries)-1].Size = 0
		}
		if d.IsDir() && !recursive {
			return fs.SkipDir
		}
		return nil
	})
	return entries, err
}
