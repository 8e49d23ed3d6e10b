package cli

import (
	"context"

	"github.com/spf13/cobra"

	"berth/imaging"
)

func (p *program) msixCommand() *cobra.Command {
	var s strictness
	verify := p.command(verb{use: "verify PACKAGE", short: "Check a package against its signature", long: verifyLong,
		example: "  berth msix verify Contoso.Notes.msix\n  berth msix verify Contoso.Notes.msix --root company-ca.pem",
		args:    cobra.ExactArgs(1), run: func(ctx context.Context, args []string) error {
			return p.verify(ctx, &s, args[0], (*imaging.Library).VerifyPackage)
		}})
	s.flags(verify)
	var languages []string
	inspect := p.command(verb{use: "inspect PACKAGE", short: "Show a package, or the packages of a bundle",
		example: "  berth msix inspect Contoso.Notes.msix\n  berth msix inspect Contoso.Notes.msixbundle -o json\n  berth msix inspect Contoso.Notes.msix --language de-DE,en",
		args:    cobra.ExactArgs(1), run: func(ctx context.Context, args []string) error { return p.inspectPackage(ctx, args[0], languages) }})
	languageFlag(inspect, &languages)
	return noun("msix", "Inspect, verify, unpack, pack and sign MSIX packages",
		"These commands work on .msix, .appx and .msixbundle files, on this machine, on a share or behind\nan https URL, without a server.", inspect, verify, p.msixUnpack(), p.msixPack(), p.msixSign())
}

// inspectedPackage has the packages where `image inspect` has them, so that one query reads both.
type inspectedPackage struct {
	Path     string            `json:"path"`
	Packages []imaging.Package `json:"packages"`
}

// languageFlag is the choice of languages that both inspections share.
func languageFlag(c *cobra.Command, languages *[]string) {
	c.Flags().StringSliceVar(languages, "language", nil, "`LANGUAGES` of names, the most wanted first, as de-DE; without it, each package's default")
}

func (p *program) inspectPackage(ctx context.Context, name string, languages []string) error {
	lib, err := p.Library()
	if err != nil {
		return err
	}
	packages, err := lib.In(languages...).InspectPackage(ctx, name)
	if err != nil {
		return err
	}
	names := namesOf(packages, func(p imaging.Package) string { return p.FullName })
	value := inspectedPackage{name, packages}
	return p.show(result{value: value, names: names, table: func(t *table) {
		for _, pkg := range packages {
			inspectedTable(t, pkg)
		}
	}})
}

func (p *program) msixPack() *cobra.Command {
	var out string
	c := p.command(verb{use: "pack FOLDER --out PACKAGE", short: "Pack a folder with an AppxManifest.xml, without signing it",
		example: "  berth msix pack ./notes --out Contoso.Notes.msix", args: cobra.ExactArgs(1),
		run: func(_ context.Context, args []string) error {
			if err := imaging.Pack(args[0], out); err != nil {
				return err
			}
			p.note("made %s; sign it with `berth msix sign`", out)
			return nil
		}})
	c.Flags().StringVar(&out, "out", "", "the `PACKAGE` to make")
	_ = c.MarkFlagRequired("out") // it exists: the line above
	return c
}

func (p *program) msixSign() *cobra.Command {
	var o imaging.SignOptions
	c := p.command(verb{use: "sign PACKAGE --cert FILE --key FILE --out SIGNED", short: "Make a signed copy of a package",
		long: `Make a signed copy of a package. The certificate's subject must be the publisher in the manifest. No time stamp is added: the
signature is valid only as long as the certificate is.`,
		example: "  berth msix sign Contoso.Notes.msix --cert signer.pem --key signer.key --out Contoso.Notes.signed.msix", args: cobra.ExactArgs(1),
		run: func(ctx context.Context, args []string) error {
			lib, err := p.Library()
			if err != nil {
				return err
			}
			o.Package = args[0]
			if err := lib.Sign(ctx, o); err != nil {
				return err
			}
			p.note("signed %s", o.Out)
			return nil
		}})
	c.Flags().StringVar(&o.Cert, "cert", "", "PEM `FILE` with the signer's certificate, then its chain")
	c.Flags().StringVar(&o.Key, "key", "", "PEM `FILE` with the private key, not encrypted")
	c.Flags().StringVar(&o.Out, "out", "", "the signed `PACKAGE` to make")
	for _, name := range []string{"cert", "key", "out"} {
		_ = c.MarkFlagRequired(name) // it exists: the lines above
	}
	return c
}
