package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"berth/imaging"
)

func (p *program) imageCommand() *cobra.Command {
	var languages []string
	inspect := p.command(verb{use: "inspect IMAGE", short: "Show the volumes and packages of an image",
		long: `Show what is in a VHD, VHDX or raw disk image: its format, its volumes, and each package with its identity, applications,
dependencies and signer. The content of the packages is not checked: see "berth image verify".`,
		example: "  berth image inspect notes.vhdx\n  berth image inspect '\\\\files\\apps\\notes.vhdx' -o json",
		args:    cobra.ExactArgs(1), run: func(ctx context.Context, args []string) error { return p.inspectImage(ctx, args[0], languages) }})
	languageFlag(inspect, &languages)
	return noun("image", "Inspect, verify, read and build disk images",
		`An image is a VHD or VHDX file that holds expanded MSIX packages. These commands work on this machine, without a server.
IMAGE is the path of a local file, a UNC path (\\server\share\path) or an https URL. Only the parts that are needed are read.
Logins for servers are in the JSON file that the variable BERTH_SHARE_LOGINS names: see docs/shares.md.`,
		inspect, p.imageVerify(), p.imageList(), p.imageCat(), p.imageHash(), p.imageExtract(), p.imageMount(), p.imageBuild())
}

func (p *program) inspectImage(ctx context.Context, imagePath string, languages []string) error {
	lib, err := p.Library()
	if err != nil {
		return err
	}
	img, err := lib.In(languages...).Inspect(ctx, imagePath)
	if err != nil {
		return err
	}
	return p.showImage(img)
}

func (p *program) showImage(img *imaging.Image) error {
	for _, n := range img.Notes {
		p.note("note: %s", n)
	}
	names := namesOf(img.Packages, func(p imaging.Package) string { return p.FullName })
	return p.show(result{value: img, names: names, table: func(t *table) { imageTable(t, img) }})
}

func imageTable(t *table, img *imaging.Image) {
	t.fact("Image", img.Path)
	format := fmt.Sprintf("%s, %s, %s on a disk of %s", strings.ToUpper(img.Format), img.Subformat, bytesOf(img.Size), bytesOf(img.VirtualSize))
	if img.Format == "cim" {
		format = fmt.Sprintf("CIM, version %s, unverified", img.Subformat)
	}
	t.fact("Format", format)
	for _, parent := range img.Parents {
		t.fact("Stands on", parent)
	}
	t.fact("Partition table", img.PartitionTable)
	for _, v := range img.Volumes {
		t.fact(fmt.Sprintf("Volume %d", v.Index), strings.TrimSpace(fmt.Sprintf("%s, %s at %d %s", v.FileSystem, bytesOf(v.Size), v.Start, v.Label)))
	}
	for _, pkg := range img.Packages {
		inspectedTable(t, pkg)
	}
}

// inspectedTable shows one package as it was found in an image or a container.
func inspectedTable(t *table, pkg imaging.Package) {
	t.titled(pkg.FullName)
	t.fact("Display name", pkg.DisplayName)
	t.fact("Family", pkg.FamilyName)
	t.fact("Folder", pkg.Path)
	if pkg.Publisher != "" {
		t.fact("Published by", pkg.Publisher)
	}
	t.fact("Publisher", pkg.Identity.Publisher)
	t.fact("Signature", signer(pkg.Signature))
	t.fact("Content", fmt.Sprintf("%d files, %s", pkg.Files, bytesOf(pkg.Bytes)))
	for _, a := range pkg.Applications {
		t.fact("Application", fmt.Sprintf("%s (%s)", a.DisplayName, a.ID))
		if opens := slices.Concat(a.FileTypes, a.Protocols); len(opens) > 0 {
			t.fact("  opens", strings.Join(opens, ", "))
		}
	}
	for _, d := range pkg.Dependencies {
		t.fact("Needs", d.Name+" "+d.MinVersion)
	}
	for _, d := range pkg.MainPackages {
		t.fact("Extends", d.Name)
	}
	for _, f := range pkg.Targets {
		t.fact("Made for", strings.TrimSpace(fmt.Sprintf("%s %s, tested up to %s", f.Name, f.MinVersion, f.MaxVersionTested)))
	}
	if len(pkg.Capabilities) > 0 {
		t.fact("Capabilities", strings.Join(pkg.Capabilities, ", "))
	}
	for _, f := range pkg.Findings {
		t.fact("Finding", f)
	}
}

func signer(s imaging.Signature) string {
	if !s.Present {
		return "not signed"
	}
	return fmt.Sprintf("%s, until %s, SHA-1 %s", s.Subject, s.NotAfter.Format(time.DateOnly), s.Thumbprint)
}
