package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"berth/imaging"
)

func (p *program) msixUnpack() *cobra.Command {
	var s strictness
	var out string
	c := p.command(verb{use: "unpack PACKAGE --out FOLDER", short: "Unpack a package into a folder, verified",
		long: `Unpack a package into a folder that is empty or not there yet, as Windows expands it: without [Content_Types].xml. Of a bundle
each package goes to a folder of its own, named by its full name. Every block is checked against the block map as it is
written, and the whole against the signature: if anything is altered, missing or added, nothing is left behind. The signer
must be trusted only if --root says by whom.`,
		example: "  berth msix unpack Contoso.Notes.msix --out notes\n  berth msix unpack Contoso.Notes.msixbundle --out notes --root company-ca.pem\n  berth msix unpack unsigned.msix --out notes --allow-unsigned",
		args:    cobra.ExactArgs(1), run: func(ctx context.Context, args []string) error {
			if out == "" {
				return usage("out", "add --out FOLDER", "the folder to unpack to is not named")
			}
			return p.unpack(ctx, &s, args[0], filepath.Clean(out))
		}})
	s.flags(c)
	c.Flags().StringVar(&out, "out", "", "the `FOLDER` to unpack to")
	return c
}

func (p *program) unpack(ctx context.Context, s *strictness, name, out string) error {
	opt, err := s.options(p)
	if err != nil {
		return err
	}
	lib, err := p.Library()
	if err != nil {
		return err
	}
	bar := p.progress("unpacking", name)
	opt.Progress = bar
	opt.RequireTrust = len(s.roots) > 0 && !s.allowUntrusted
	u, err := lib.Unpack(ctx, name, imaging.UnpackOptions{Verify: opt, Folder: out})
	bar.stop()
	if err != nil {
		return err
	}
	names := namesOf(u.Packages, func(p imaging.VerifiedPackage) string { return p.FullName })
	return p.show(result{value: u, names: names, table: func(t *table) { unpackedTable(t, u) }})
}

func unpackedTable(t *table, u *imaging.Unpacked) {
	t.fact("Folder", u.Folder)
	t.fact("Files", fmt.Sprint(u.Files))
	t.fact("Size", bytesOf(u.Bytes))
	for _, pkg := range u.Packages {
		t.fact("Verified", fmt.Sprintf("%s, %d files, %d blocks", pkg.FullName, pkg.Files, pkg.Blocks))
	}
	if !u.Trusted {
		t.fact("Signer", "not trusted by this system")
	}
}
