package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"berth/imaging"
)

func (p *program) imageExtract() *cobra.Command {
	var out string
	var volume int
	c := p.command(verb{use: "extract IMAGE [PATH] --out FOLDER", short: "Copy the files of an image into a folder",
		long: `Copy the files of a volume, or what is below PATH, into a folder that is empty or not there yet. Nothing is written outside the
folder, whatever the names in the image are. The files are not checked against the signature: see "berth image verify".
A file that cannot be read is told on standard error, and the exit code is 6. After any other failure, and after Ctrl-C,
nothing is left behind.`,
		example: "  berth image extract notes.vhdx --out notes\n  berth image extract notes.vhdx apps/Contoso.Notes_1.0.0.0_x64__8wekyb3d8bbwe --out notes --volume 1",
		args:    cobra.RangeArgs(1, 2), run: func(ctx context.Context, args []string) error {
			if out == "" {
				return usage("out", "add --out FOLDER", "the folder to extract to is not named")
			}
			files, err := p.openFiles(ctx, args[0], volume)
			if err != nil {
				return err
			}
			defer func() { _ = files.Close() }()
			return p.extract(ctx, files, extraction{args[0], fsPath(files.FS, append(args, "")[1]), filepath.Clean(out)})
		}})
	c.Flags().StringVar(&out, "out", "", "the `FOLDER` to extract to")
	volumeFlag(c, &volume)
	return c
}

// extraction is what is extracted, and where to.
type extraction struct{ image, path, folder string }

func (p *program) extract(ctx context.Context, files *imaging.Files, e extraction) error {
	bar := p.progress("extracting", e.image)
	done, err := files.Extract(ctx, e.path, e.folder, bar)
	bar.stop()
	if err != nil {
		return err
	}
	return p.extracted(e.image, done)
}

// extracted shows what an extraction did.
func (p *program) extracted(image string, done *imaging.Extraction) error {
	for _, f := range done.Failed {
		p.note("%s: %s", f.Path, f.Error)
	}
	if err := p.show(result{value: done, names: []string{done.Folder}, table: func(t *table) {
		t.fact("Folder", done.Folder)
		t.fact("Files", fmt.Sprint(done.Files))
		t.fact("Size", bytesOf(done.Bytes))
	}}); err != nil {
		return err
	}
	return unread(image, len(done.Failed))
}
