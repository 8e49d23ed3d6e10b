package imaging

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"berth"
	"berth/msix"
)

// VerifyOptions say how strict a verification is.
type VerifyOptions struct {
	Roots         *x509.CertPool // whom to trust; nil: the system's certificates
	AllowUnsigned bool
	Now           time.Time
	Progress      Progress // may be nil
	RequireTrust  bool     // unpacking refuses a package whose signer is not trusted
}

// Verification is the result of verifying an image or a package: the stable JSON of `berth image verify`.
type Verification struct {
	OK       bool              `json:"ok"`      // everything is as it was signed
	Trusted  bool              `json:"trusted"` // and signed by somebody trusted
	Packages []VerifiedPackage `json:"packages"`
}

// VerifiedPackage is the result for one package.
type VerifiedPackage struct {
	FullName string    `json:"fullName"`
	Path     string    `json:"path"`
	Checks   []Check   `json:"checks"`
	Files    int       `json:"files"`
	Blocks   int       `json:"blocks"`
	Bad      []BadFile `json:"bad"`
}

// Check is the result of one check: pass, fail, absent or notApplicable, and why.
type Check struct {
	Name   string `json:"name"`
	Result string `json:"result"`
	Detail string `json:"detail,omitempty"`
}

// BadFile is a file that is not as it was signed.
type BadFile struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
}

// VerifyImage reads every file of every package in the image and checks it against block map and signature. What is wrong
// with the packages is in the result; the error is for an image that cannot be read.
func (l *Library) VerifyImage(ctx context.Context, imagePath string, opt VerifyOptions) (*Verification, error) {
	img, err := l.open(ctx, imagePath)
	if err != nil {
		return nil, err
	}
	defer func() { _ = img.file.Close() }()
	defer img.until(ctx)()
	all, _, err := img.find(ctx)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, berth.Errorf(berth.Invalid, "image %s holds no MSIX package", imagePath).On("imagePath").
			With("expand packages into it, or name another image")
	}
	if opt.Progress != nil {
		opt.Progress.Expect(contentSize(all))
		img.source.progress = opt.Progress
	}
	out := &Verification{OK: true, Trusted: true}
	mo := opt.msix()
	for _, f := range all {
		r, err := img.verify(ctx, f, mo)
		if err != nil {
			return nil, err
		}
		out.add(f.dir, r)
	}
	return out, nil
}

// contentSize is how many bytes the block maps of the packages promise.
func contentSize(all []found) (total int64) {
	for _, f := range all {
		e, err := read(f)
		if err != nil {
			continue // verifying says so
		}
		for _, file := range e.blockMap.Files {
			total += file.Size
		}
	}
	return total
}

// verify reads and checks a package whole. A file that could not be read is an error, not a verdict.
func (o *opened) verify(ctx context.Context, f found, opt msix.VerifyOptions) (*msix.Report, error) {
	_ = o.source.failure() // of somebody else, earlier
	r, err := msix.VerifyExpanded(ctx, f.fsys, f.dir, opt)
	if err == nil {
		err = o.source.failure()
	}
	if err != nil {
		return nil, o.explain(ctx, f.dir, err)
	}
	return r, nil
}

// VerifyPackage does the same for a package in its container (.msix, .appx). Of a bundle it verifies the bundle and each
// package of it, those of a flat bundle beside it.
func (l *Library) VerifyPackage(ctx context.Context, packagePath string, opt VerifyOptions) (*Verification, error) {
	f, err := l.opener.Open(ctx, packagePath)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	src := &source{r: f, progress: opt.Progress}
	if opt.Progress != nil {
		opt.Progress.Expect(f.Size)
	}
	p, err := msix.OpenPackage(src, f.Size)
	if err != nil {
		return nil, explainPackage(packagePath, err)
	}
	out := &Verification{OK: true, Trusted: true}
	c := container{packagePath, p, src}
	r, err := c.verify(ctx, opt.msix())
	if err != nil {
		return nil, err
	}
	out.add("", r)
	if r.Bundle == nil {
		return out, nil
	}
	if opt.Progress != nil {
		opt.Progress.Expect(2 * f.Size) // the packages of a bundle are read once more, for their own signatures
	}
	for _, b := range r.Bundle.Packages {
		if err := l.verifyBundled(ctx, c, b, opt, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// verify checks the container whole. That it cannot be read is an error, not a verdict.
func (c container) verify(ctx context.Context, opt msix.VerifyOptions) (*msix.Report, error) {
	r, err := msix.VerifyPackage(ctx, c.Package, opt)
	if err == nil {
		err = c.src.failure()
	}
	if err != nil {
		return nil, explainPackage(c.path, err)
	}
	return r, nil
}

// verifyBundled adds one package of a bundle to the result. One that is not there, or not what the bundle says, is a bad
// file of the bundle.
func (l *Library) verifyBundled(ctx context.Context, c container, b msix.BundledPackage, opt VerifyOptions, out *Verification) error {
	inner, done, err := l.bundled(ctx, c, b)
	if err == nil {
		defer done()
	}
	if failed := c.src.failure(); failed != nil {
		return explainPackage(c.path, failed)
	}
	if unavailable(err) {
		return err
	}
	if err != nil {
		out.badBundled(b.FileName, err)
		return nil
	}
	r, err := container{c.path + ": " + b.FileName, inner, c.src}.verify(ctx, opt.msix())
	if err != nil {
		return err
	}
	out.add(b.FileName, r)
	return nil
}

// badBundled notes a package of a bundle that cannot be verified, unless the bundle's own verification has said so.
func (v *Verification) badBundled(file string, err error) {
	v.OK, v.Trusted = false, false
	bundle := &v.Packages[0]
	for _, b := range bundle.Bad {
		if b.File == file {
			return
		}
	}
	if e, ok := errors.AsType[*msix.Error](err); ok && e.Structure == file {
		err = e.Err // it names the file once more
	}
	bundle.Bad = append(bundle.Bad, BadFile{file, words(err)})
}

func (o VerifyOptions) msix() msix.VerifyOptions {
	roots := o.Roots
	if roots == nil {
		var err error
		if roots, err = x509.SystemCertPool(); err != nil {
			roots = x509.NewCertPool() // a system without certificates trusts nobody
		}
	}
	return msix.VerifyOptions{Roots: roots, Now: o.Now, AllowUnsigned: o.AllowUnsigned}
}

func (v *Verification) add(dir string, r *msix.Report) {
	p := VerifiedPackage{FullName: r.FullName, Path: dir, Files: r.Files, Blocks: r.Blocks, Bad: []BadFile{}}
	for _, c := range r.Checks {
		p.Checks = append(p.Checks, Check{c.Name, string(c.Result), wordsOf(c.Detail)})
	}
	for _, b := range r.Bad {
		p.Bad = append(p.Bad, BadFile{b.File, wordsOf(b.Reason)})
	}
	v.OK = v.OK && r.OK()
	v.Trusted = v.Trusted && r.Trusted()
	v.Packages = append(v.Packages, p)
}

// Problem says in words what is wrong with the package, empty when nothing is but perhaps trust.
func (p VerifiedPackage) Problem() string {
	if p.check(msix.DigestBlockMap).Result == string(msix.Fail) { // then the block map is no witness against the files
		return msix.BlockMapName + " is not the one that was signed"
	}
	if len(p.Bad) > 0 {
		s := fmt.Sprintf("file %s is not as signed: %s", p.Bad[0].File, p.Bad[0].Reason)
		if n := len(p.Bad) - 1; n > 0 {
			s += fmt.Sprintf(" (and %d more)", n)
		}
		return s
	}
	if c := p.check(msix.CheckBlockMap); c.Result == string(msix.Fail) {
		return "the block map cannot be used: " + c.Detail
	}
	if p.check(msix.CheckSignature).Result == string(msix.Absent) {
		return "the package is not signed"
	}
	for _, c := range p.Checks {
		if c.Name != msix.CheckChain && c.Result == string(msix.Fail) {
			return fmt.Sprintf("check %s failed: %s", c.Name, c.Detail)
		}
	}
	return ""
}

func (p VerifiedPackage) check(name string) Check {
	for _, c := range p.Checks {
		if c.Name == name {
			return c
		}
	}
	return Check{Name: name, Result: string(msix.Absent)}
}
