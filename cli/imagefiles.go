package cli

import (
	"cmp"
	"context"
	"io/fs"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"berth/imaging"
)

// volumeFlag is the choice of a volume, for what reads files.
func volumeFlag(c *cobra.Command, volume *int) {
	c.Flags().IntVar(volume, "volume", -1, "`INDEX` of the volume, as \"berth image inspect\" shows it; -1 is the first that can be read")
}

// openFiles opens the files of a volume of an image.
func (p *program) openFiles(ctx context.Context, imagePath string, volume int) (*imaging.Files, error) {
	lib, err := p.Library()
	if err != nil {
		return nil, err
	}
	files, err := lib.Open(ctx, imagePath, volume)
	if err != nil {
		return nil, err
	}
	p.opened(ctx, files, volume)
	return files, nil
}

// opened has an interrupt end reads that wait for a file server, and tells whoever chose no volume that there are others.
func (p *program) opened(ctx context.Context, files *imaging.Files, volume int) {
	context.AfterFunc(ctx, func() { _ = files.Close() })
	if volume < 0 && files.Volumes > 1 {
		p.note("volume %d of %d; name another with --volume", files.Volume, files.Volumes)
	}
}

// fsPath gives a path in an image, written with either kind of slash, the form of fs.FS. A backslash may be a part of a
// name, where no Windows made it: what is there as it was written comes first.
func fsPath(fsys fs.FS, p string) string {
	clean := func(p string) string { return cmp.Or(strings.TrimPrefix(path.Clean("/"+p), "/"), ".") }
	if strings.Contains(p, `\`) {
		if _, err := fs.Stat(fsys, clean(p)); err == nil {
			return clean(p)
		}
	}
	return clean(strings.ReplaceAll(p, `\`, "/"))
}

func (p *program) imageCat() *cobra.Command {
	var volume int
	c := p.command(verb{use: "cat IMAGE PATH", short: "Write a file of an image to standard output",
		long: `Write a file of an image to standard output, as it is: it is not checked against the signature. A stream beside the content of
an NTFS file is named as on Windows, PATH:STREAM.`,
		example: "  berth image cat notes.vhdx apps/Contoso.Notes_1.0.0.0_x64__8wekyb3d8bbwe/AppxManifest.xml\n  berth image cat notes.vhdx 'apps\\Contoso.Notes_1.0.0.0_x64__8wekyb3d8bbwe\\notes.exe' > notes.exe",
		args:    cobra.ExactArgs(2), run: func(ctx context.Context, args []string) error {
			files, err := p.openFiles(ctx, args[0], volume)
			if err != nil {
				return err
			}
			defer func() { _ = files.Close() }()
			return files.Copy(ctx, fsPath(files.FS, args[1]), p.Out)
		}})
	volumeFlag(c, &volume)
	return c
}
