package imaging

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"berth"
	"berth/msix"
)

// CheckOptions say how much of a package is checked, and how fast.
type CheckOptions struct {
	All  bool                                   // every file; else the manifest and what can run
	Pace func(ctx context.Context, n int) error // returns when so many more bytes may be read; nil: at once
}

// codeFiles are the endings of files that Windows runs as code, or that say what is run.
var codeFiles = []string{".exe", ".dll", ".winmd", ".sys", ".ocx", ".cpl", ".com", ".scr", ".msi", ".ps1", ".psm1", ".bat", ".cmd", ".vbs", ".js", ".jar", ".py"}

// decisive tells whether a file is read and checked always: the manifest, what can run, and what Windows signs over.
func decisive(name string) bool {
	base := strings.ToLower(path.Base(strings.ReplaceAll(name, `\`, "/")))
	return base == "appxmanifest.xml" || base == "appxbundlemanifest.xml" || slices.Contains(codeFiles, path.Ext(base))
}

// CheckContent checks an expanded package, whose folder fsys is: signature and block map, the files against the block map,
// and all of that against what the plan says was added. Its errors are *berth.Error and name the first file that differs;
// one with the code of an unsigned package is about trust. An error of a file system that cannot be read is passed on.
func CheckContent(ctx context.Context, fsys fs.FS, p berth.PlannedPackage, o CheckOptions) error {
	opt := msix.VerifyOptions{}
	if !o.All {
		opt.Only = decisive
	}
	if o.Pace != nil {
		opt.Workers = 1
		fsys = paced{ctx, fsys, o.Pace}
	}
	report, err := msix.VerifyExpanded(ctx, fsys, ".", opt)
	if err != nil {
		return err
	}
	if err := notAsSigned(report, p); err != nil {
		return err
	}
	sum, err := blockMapSum(fsys)
	if err != nil {
		return err
	}
	return asAdded(p, report, sum)
}

// notAsSigned makes an error of what is wrong with the package in itself.
func notAsSigned(r *msix.Report, p berth.PlannedPackage) error {
	fail := func(code, format string, args ...any) error {
		e := berth.Errorf(berth.Invalid, format, args...)
		e.Code = code
		return e
	}
	switch {
	case r.Signature == nil:
		return fail(codeNoSignature, "%s in %s is not signed: %s", p.FullName, p.ImagePath, finding(r, msix.CheckSignature))
	case len(r.Bad) > 0 && r.Result(msix.DigestBlockMap) != msix.Fail: // else the block map is no witness against the files
		code := codeContent
		switch {
		case altered(r.Bad[0].Reason):
			code = codeBlockHash
		case r.FullName == "":
			code = codeManifest
		}
		return fail(code, "file %s of %s in %s is not as signed: %s", r.Bad[0].File, p.FullName, p.ImagePath, r.Bad[0].Reason)
	case r.FullName == "":
		return fail(codeManifest, "AppxManifest.xml in %s cannot be used: %s", p.ImagePath, finding(r, msix.CheckBlockMap))
	case !r.OK():
		for _, c := range r.Checks {
			if c.Result == msix.Fail && c.Name != msix.CheckChain {
				return fail(codeOfCheck(c.Name), "%s in %s is not as signed: %s: %s", p.FullName, p.ImagePath, c.Name, c.Detail)
			}
		}
		return fail(codeContent, "%s in %s is not whole", p.FullName, p.ImagePath)
	}
	return nil
}

func codeOfCheck(check string) string {
	if check == msix.CheckBlockMap {
		return codeBlockMap
	}
	return codeBadDigest
}

func finding(r *msix.Report, check string) string {
	for _, c := range r.Checks {
		if c.Name == check {
			return c.Detail
		}
	}
	return "it could not be read"
}

// asAdded compares with what the server recorded.
func asAdded(p berth.PlannedPackage, r *msix.Report, blockMap string) error {
	thumb := ""
	if c := r.Signature.Signer; c != nil {
		thumb = msix.SHA1Thumbprint(c)
	}
	return AsAdded(p, r.FullName, thumb, blockMap)
}

// AsAdded compares a package as it was found, by full name, thumbprint of the signer and SHA-256 of the block map, with what
// the plan says was added.
func AsAdded(p berth.PlannedPackage, fullName, thumbprint, blockMap string) error {
	for _, c := range []struct{ file, what, want, got string }{
		{msix.ManifestName, "package", p.FullName, fullName},
		{"AppxSignature.p7x", "signer", p.Thumbprint, thumbprint},
		{msix.BlockMapName, "SHA-256", p.BlockMapSHA256, blockMap},
	} {
		if c.want != "" && berth.Fold(c.want) != berth.Fold(c.got) {
			return &berth.Error{Kind: berth.Invalid, Code: codeBlockHash,
				Message: fmt.Sprintf("%s in %s is not as it was when the package was added: its %s is %s, was %s", c.file, p.ImagePath, c.what, c.got, c.want),
				Remedy:  "put the image back as it was, or add the new content as a new version"}
		}
	}
	return nil
}

func blockMapSum(fsys fs.FS) (string, error) {
	f, err := fsys.Open(msix.BlockMapName)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // only read
	h := sha256.New()
	if _, err := io.Copy(h, io.LimitReader(f, mostBlockMap)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// CheckPackage opens the image of a planned package and checks the package in it, as CheckContent does. An image that could
// not be read is an error of the kind Unavailable, not a verdict.
func (l *Library) CheckPackage(ctx context.Context, p berth.PlannedPackage, o CheckOptions) error {
	a, err := l.Attach(ctx, p.ImagePath, p.RelativePath)
	if err != nil {
		return err
	}
	return errors.Join(a.Check(ctx, p, o), a.Close())
}

// Check checks the package of the attachment as CheckContent does.
func (a *Attachment) Check(ctx context.Context, p berth.PlannedPackage, o CheckOptions) error {
	_ = a.img.source.failure() // of somebody else, earlier
	sub, err := fs.Sub(a.at.fsys, a.at.dir)
	if err == nil {
		err = CheckContent(ctx, sub, p, o)
	}
	if failed := a.img.source.failure(); failed != nil {
		err = failed
	}
	if err != nil {
		return a.img.explain(ctx, a.at.dir, err)
	}
	return nil
}

// paced is a file system whose files are read no faster than allowed.
type paced struct {
	ctx  context.Context
	fsys fs.FS
	pace func(context.Context, int) error
}

// Open implements fs.FS.
func (p paced) Open(name string) (fs.File, error) {
	f, err := p.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	if d, ok := f.(fs.ReadDirFile); ok {
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return d, nil
		}
	}
	return pacedFile{f, p}, nil
}

type pacedFile struct {
	fs.File
	p paced
}

// Read implements fs.File.
func (f pacedFile) Read(b []byte) (int, error) {
	n, err := f.File.Read(b)
	if n > 0 {
		if werr := f.p.pace(f.p.ctx, n); werr != nil {
			return n, werr
		}
	}
	return n, err
}
