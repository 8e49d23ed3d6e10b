package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"berth/imaging"
)

func (p *program) imageBuild() *cobra.Command {
	var o imaging.BuildOptions
	c := p.command(verb{use: "build PACKAGE... --out IMAGE", short: "Build an image of MSIX packages",
		long: `Expand MSIX packages into a new disk image with one FAT32 volume, and verify every block on the way. This needs neither
Windows nor the rights of an administrator.`,
		example: "  berth image build Contoso.Notes.msix --out notes.vhdx\n  berth image build Notes.msix Framework.msix --out suite.vhd --subformat fixed --table mbr",
		args:    cobra.MinimumNArgs(1), run: func(ctx context.Context, args []string) error { return p.buildImage(ctx, o, args) }})
	c.Flags().StringVar(&o.Out, "out", "", "the `IMAGE` to make; -o IMAGE is the same")
	c.Flags().StringVar(&o.Format, "format", "", "`FORMAT`: vhd or vhdx (default: by the name of the image)")
	c.Flags().StringVar(&o.Subformat, "subformat", "", "`KIND` of image: fixed or dynamic (default dynamic)")
	c.Flags().StringVar(&o.Table, "table", "", "partition `TABLE`: gpt, mbr or none (default gpt)")
	c.Flags().StringVar(&o.Folder, "folder", "", "`FOLDER` of the image that holds the packages (default apps)")
	c.Annotations = map[string]string{ownOutput: "yes"}
	return c
}

// ownOutput marks a command that judges the value of -o itself.
const ownOutput = "ownOutput"

func (p *program) buildImage(ctx context.Context, o imaging.BuildOptions, packages []string) error {
	// Whoever builds thinks of -o as the file, as compilers have it; no form of output has a name like a file's.
	if o.Out == "" && !slices.Contains(formats, p.output) {
		o.Out, p.output = p.output, formatTable
	}
	if err := p.checkOutput(); err != nil {
		return err
	}
	if o.Out == "" {
		return usage("out", "add --out IMAGE.vhdx", "the image to make is not named")
	}
	for _, c := range []struct {
		flag, value string
		allowed     []string
	}{{"format", o.Format, []string{"vhd", "vhdx"}}, {"subformat", o.Subformat, []string{"fixed", "dynamic"}}, {"table", o.Table, []string{"gpt", "mbr", "none"}}} {
		if err := oneOf(c.flag, c.value, c.allowed); err != nil {
			return err
		}
	}
	lib, err := p.Library()
	if err != nil {
		return err
	}
	o.Packages = packages
	bar := p.progress("building", o.Out)
	img, err := lib.Build(ctx, o)
	bar.stop()
	if err != nil {
		return err
	}
	p.note("made %s; packages in it: %d", o.Out, len(img.Packages))
	return p.showImage(img)
}
