package cli

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"berth"
	"berth/imaging"
)

// strictness is what a verification asks for, as flags.
type strictness struct {
	allowUntrusted, allowUnsigned bool
	roots                         []string
}

func (s *strictness) flags(c *cobra.Command) {
	c.Flags().BoolVar(&s.allowUntrusted, "allow-untrusted", false, "accept any signer")
	c.Flags().BoolVar(&s.allowUnsigned, "allow-unsigned", false, "accept packages that are not signed")
	c.Flags().StringArrayVar(&s.roots, "root", nil, "`FILE` with certificates to trust instead of the system's, PEM or DER; can be repeated")
}

func (s *strictness) options(p *program) (imaging.VerifyOptions, error) {
	o := imaging.VerifyOptions{AllowUnsigned: s.allowUnsigned, Now: p.Now()}
	if len(s.roots) == 0 {
		return o, nil
	}
	o.Roots = x509.NewCertPool()
	for _, name := range s.roots {
		b, err := os.ReadFile(name)
		if err != nil {
			return o, usage("root", "", "--root %s: %w", name, reason(err))
		}
		if o.Roots.AppendCertsFromPEM(b) {
			continue
		}
		cert, err := x509.ParseCertificate(b)
		if err != nil {
			return o, usage("root", "", "--root %s holds no certificate in PEM or DER form", name)
		}
		o.Roots.AddCert(cert)
	}
	return o, nil
}

const verifyLong = `Check every file against the block map and the signature: that nothing is altered, missing or added. The exit code is 0
only if everything is as it was signed, and the signer is trusted by this system or by --root.`

func (p *program) imageVerify() *cobra.Command {
	var s strictness
	c := p.command(verb{use: "verify IMAGE", short: "Check the packages of an image against their signatures", long: verifyLong,
		example: "  berth image verify notes.vhdx\n  berth image verify notes.vhdx --root company-ca.pem\n  berth image verify notes.vhdx --allow-untrusted -o json",
		args:    cobra.ExactArgs(1), run: func(ctx context.Context, args []string) error {
			return p.verify(ctx, &s, args[0], (*imaging.Library).VerifyImage)
		}})
	s.flags(c)
	return c
}

// verifier is one of the two verifications of a Library: of an image, of a package.
type verifier func(*imaging.Library, context.Context, string, imaging.VerifyOptions) (*imaging.Verification, error)

func (p *program) verify(ctx context.Context, s *strictness, name string, run verifier) error {
	opt, err := s.options(p)
	if err != nil {
		return err
	}
	lib, err := p.Library()
	if err != nil {
		return err
	}
	bar := p.progress("verifying", name)
	opt.Progress = bar
	v, err := run(lib, ctx, name, opt)
	bar.stop()
	if err != nil {
		return err
	}
	names := namesOf(v.Packages, func(p imaging.VerifiedPackage) string { return p.FullName })
	if err := p.show(result{value: v, names: names, table: func(t *table) { verifyTable(t, v) }}); err != nil {
		return err
	}
	return s.judge(name, v)
}

func verifyTable(t *table, v *imaging.Verification) {
	for _, pkg := range v.Packages {
		t.titled(strings.TrimSpace(pkg.FullName+"  "+pkg.Path), "CHECK", "RESULT", "DETAIL")
		for _, c := range pkg.Checks {
			t.row(c.Name, c.Result, c.Detail)
		}
		t.titled(fmt.Sprintf("%d files, %d blocks checked, %d bad", pkg.Files, pkg.Blocks, len(pkg.Bad)), "FILE", "REASON")
		for _, b := range pkg.Bad {
			t.row(b.File, b.Reason)
		}
	}
}

// judge makes the verdict an error that names the first file or check that failed, and why.
func (s *strictness) judge(name string, v *imaging.Verification) error {
	var wrong []string
	remedy := "sign the package before an image is made of it, or accept it with --allow-unsigned"
	for _, pkg := range v.Packages {
		problem, missing := s.problem(v, pkg)
		if problem == "" {
			continue
		}
		if !missing {
			remedy = "make it again from the signed package"
		}
		wrong = append(wrong, strings.TrimPrefix(pkg.FullName+": "+problem, ": "))
	}
	if len(wrong) > 0 {
		return berth.Errorf(berth.Invalid, "%s does not hold: %s", name, strings.Join(wrong, "; ")).With(remedy)
	}
	if !v.OK {
		return berth.Errorf(berth.Invalid, "%s does not hold together", name).With("see the checks above")
	}
	return s.trust(name, v)
}

// signedFiles are the files that the signature itself covers, by the check that holds them against it.
var signedFiles = map[string]string{"AXBM": "AppxBlockMap.xml", "AXCI": "AppxMetadata/CodeIntegrity.cat"}

// problem says what is wrong with a package; missing tells that it is the signature alone, which is not there.
func (s *strictness) problem(v *imaging.Verification, pkg imaging.VerifiedPackage) (problem string, missing bool) {
	missing = unsigned(pkg) && len(pkg.Bad) == 0
	if v.OK || (s.allowUnsigned && missing) {
		return "", missing
	}
	if missing {
		return "the package is not signed", true
	}
	problem = pkg.Problem()
	for _, c := range pkg.Checks {
		// A block map that was altered makes sound files look bad: it is named first.
		if file := signedFiles[c.Name]; file != "" && c.Result == "fail" && !strings.Contains(problem, file) {
			problem = fmt.Sprintf("file %s: not the one that was signed; %s", file, problem)
		}
	}
	return problem, false
}

// trust asks who signed. A package that may be unsigned has nobody to trust.
func (s *strictness) trust(name string, v *imaging.Verification) error {
	if v.Trusted || s.allowUntrusted {
		return nil
	}
	for _, pkg := range v.Packages {
		c := check(pkg, "chain")
		if c.Result == "pass" || (s.allowUnsigned && unsigned(pkg)) {
			continue
		}
		return berth.Errorf(berth.Invalid, "%s is as it was signed, but the signer of %s is not trusted: %s", name, pkg.FullName, c.Detail).
			With("name the signer's authority with --root, or accept any signer with --allow-untrusted")
	}
	return nil
}

func unsigned(pkg imaging.VerifiedPackage) bool { return check(pkg, "signature").Result == "absent" }

func check(pkg imaging.VerifiedPackage, name string) imaging.Check {
	for _, c := range pkg.Checks {
		if c.Name == name {
			return c
		}
	}
	return imaging.Check{Name: name, Result: "absent"}
}
