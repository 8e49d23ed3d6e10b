package winhost

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"berth"
	"berth/agent"
	"berth/msix"
)

// mostBlockMap bounds the block map that is hashed; msix has the same bound for reading it.
const mostBlockMap = 256 << 20

// codeFiles are the endings of files that Windows runs as code, or that say what is run.
var codeFiles = []string{".exe", ".dll", ".winmd", ".sys", ".ocx", ".cpl", ".com", ".scr", ".msi", ".ps1", ".psm1", ".bat", ".cmd", ".vbs", ".js", ".jar", ".py"}

// decisive tells whether a file is read and checked always: the manifest, what can run, and what Windows signs over.
func decisive(name string) bool {
	base := strings.ToLower(path.Base(strings.ReplaceAll(name, `\`, "/")))
	return base == "appxmanifest.xml" || base == "appxbundlemanifest.xml" || slices.Contains(codeFiles, path.Ext(base))
}

// checkContent checks an expanded package: all of it, or manifest and code. Its error names the first file that differs.
func checkContent(ctx context.Context, fsys fs.FS, p berth.PlannedPackage, all bool) error {
	opt := msix.VerifyOptions{}
	if !all {
		opt.Only = decisive
	}
	report, err := msix.VerifyExpanded(ctx, fsys, ".", opt)
	if err != nil {
		return agent.InPhase(berth.PhaseVerify, coded(err, "cannot read the package in "+p.ImagePath))
	}
	if err := reportError(report, p); err != nil {
		return err
	}
	sum, err := blockMapSum(fsys)
	if err != nil {
		return agent.InPhase(berth.PhaseVerify, coded(err, "cannot read AppxBlockMap.xml in "+p.ImagePath))
	}
	return agent.InPhase(berth.PhaseVerify, asAdded(p, report, sum))
}

// reportError makes an error of what is wrong with the package in itself.
func reportError(r *msix.Report, p berth.PlannedPackage) error {
	fail := func(phase berth.Phase, code, format string, args ...any) error {
		e := berth.Errorf(berth.Invalid, format, args...)
		e.Code = code
		return agent.InPhase(phase, e)
	}
	switch {
	case r.Signature == nil:
		return fail(berth.PhaseTrust, codeUnsigned, "%s in %s is not signed: %s", p.FullName, p.ImagePath, finding(r, msix.CheckSignature))
	case len(r.Bad) > 0:
		code := codeContent
		switch {
		case strings.Contains(r.Bad[0].Reason, "differs"):
			code = codeAltered
		case r.FullName == "":
			code = codeManifest
		}
		return fail(berth.PhaseVerify, code, "file %s of %s in %s is not as signed: %s", r.Bad[0].File, p.FullName, p.ImagePath, r.Bad[0].Reason)
	case r.FullName == "":
		return fail(berth.PhaseVerify, codeManifest, "AppxManifest.xml in %s cannot be used: %s", p.ImagePath, finding(r, msix.CheckBlockMap))
	case !r.OK():
		for _, c := range r.Checks {
			if c.Result == msix.Fail && c.Name != msix.CheckChain {
				return fail(berth.PhaseVerify, codeFor(c.Name), "%s in %s is not as signed: %s: %s", p.FullName, p.ImagePath, c.Name, c.Detail)
			}
		}
		return fail(berth.PhaseVerify, codeContent, "%s in %s is not whole", p.FullName, p.ImagePath)
	}
	return nil
}

func codeFor(check string) string {
	if check == msix.CheckBlockMap {
		return codeBlockMap
	}
	return codeDigest
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
		thumb = thumbprint(c.Raw)
	}
	for _, c := range []struct{ file, what, want, got string }{
		{"AppxManifest.xml", "package", p.FullName, r.FullName},
		{"AppxSignature.p7x", "signer", p.Thumbprint, thumb},
		{"AppxBlockMap.xml", "SHA-256", p.BlockMapSHA256, blockMap},
	} {
		if c.want != "" && !strings.EqualFold(c.want, c.got) {
			return &berth.Error{Kind: berth.Invalid, Code: codeAltered,
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
