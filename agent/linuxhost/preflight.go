//go:build linux

package linuxhost

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"

	"berth"
	"berth/agent"
)

var _ agent.Preflighter = (*Host)(nil)

// stageOf says which check an error of opening a package is about. What has another code, or none, is about the file.
var stageOf = map[string]string{
	"0xC03A0002": berth.CheckFormat, "0xC03A0004": berth.CheckFormat, "0xC03A0005": berth.CheckFormat, "0xC03A000D": berth.CheckFormat,
	"0x80070570": berth.CheckFormat, "0x800703ED": berth.CheckFormat,
	"0x80070003": berth.CheckPackage, codeManifest: berth.CheckPackage,
	"0x80080205": berth.CheckSignature, "0x80096010": berth.CheckSignature, codeUnsigned: berth.CheckSignature, "0x8007000B": berth.CheckSignature,
	"0x80080206": berth.CheckSignature, codeAltered: berth.CheckSignature,
}

// opening are the checks that opening a package makes, in their order, with what it means to pass them.
var opening = []berth.PreflightCheck{
	{Name: berth.CheckImage, Message: "the image can be opened"},
	{Name: berth.CheckFormat, Message: "image and file system can be attached"},
	{Name: berth.CheckPackage, Message: "the package is in the image"},
	{Name: berth.CheckSignature, Message: "signature, manifest and block map belong together"},
}

// Preflight opens the package as staging does, reads every file of it, and looks at trust and room. It leaves nothing.
func (h *Host) Preflight(ctx context.Context, r berth.PreflightRequest) (checks []berth.PreflightCheck, err error) {
	image, err := h.options.Images.Attach(ctx, r.Package.ImagePath, r.Package.RelativePath)
	checks = opened(coded(err, "cannot open the image "+r.Package.ImagePath))
	if err != nil {
		for _, name := range []string{berth.CheckContent, berth.CheckTrust, berth.CheckDisk} {
			checks = append(checks, notMade(name))
		}
		return checks, nil
	}
	defer func() { err = errors.Join(err, image.Close()) }()
	if err := compare(r.Package, image.Package); err != nil {
		checks[2] = agent.FailedCheck(berth.CheckPackage, err)
	}
	return append(checks, whole(ctx, r.Package, image), h.trusts(r, image.Package), h.room(image)), nil
}

func notMade(name string) berth.PreflightCheck {
	return berth.PreflightCheck{Name: name, Result: berth.PreflightNotApplicable, Message: "not looked at, since an earlier check failed"}
}

// opened spreads how opening ended over the checks that it makes: those before the one that failed have passed.
func opened(err error) []berth.PreflightCheck {
	failed := ""
	if err != nil {
		failed = berth.CheckImage
		if e, ok := errors.AsType[*berth.Error](err); ok && stageOf[e.Code] != "" {
			failed = stageOf[e.Code]
		}
	}
	var checks []berth.PreflightCheck
	over := false
	for _, c := range opening {
		c.Result = berth.PreflightPass
		switch {
		case over:
			c = notMade(c.Name)
		case c.Name == failed:
			c, over = agent.FailedCheck(c.Name, err), true
		}
		checks = append(checks, c)
	}
	return checks
}

func whole(ctx context.Context, p berth.PlannedPackage, image *Image) berth.PreflightCheck {
	if image.Verify == nil {
		return berth.PreflightCheck{Name: berth.CheckContent, Result: berth.PreflightNotApplicable, Message: "files are checked as they are read"}
	}
	if err := image.Verify(ctx); err != nil {
		return agent.FailedCheck(berth.CheckContent, coded(err, "cannot check the content of "+p.ImagePath))
	}
	return berth.PreflightCheck{Name: berth.CheckContent, Result: berth.PreflightPass, Message: "every file is as it was signed"}
}

// trusts checks the signer as staging does. Where the site provisions certificates, one that would come with the plan
// counts: the host has it by the time it stages.
func (h *Host) trusts(r berth.PreflightRequest, found berth.Package) berth.PreflightCheck {
	err := h.checkSigner(found)
	if err == nil {
		return berth.PreflightCheck{Name: berth.CheckTrust, Result: berth.PreflightPass, Message: "the host trusts the signer"}
	}
	if r.Certificate != nil {
		roots, rerr := h.roots()
		cert, cerr := x509.ParseCertificate(r.Certificate.DER)
		if errors.Join(rerr, cerr) == nil {
			roots.AddCert(cert)
			if h.checkSignerBy(found, roots) == nil {
				return berth.PreflightCheck{Name: berth.CheckTrust, Result: berth.PreflightPass,
					Message: fmt.Sprintf("the site installs the signer's certificate %s on the host with the package", r.Certificate.Thumbprint)}
			}
		}
	}
	return agent.FailedCheck(berth.CheckTrust, err)
}

func (h *Host) room(image *Image) berth.PreflightCheck {
	if h.mode != AttachExtract {
		return berth.PreflightCheck{Name: berth.CheckDisk, Result: berth.PreflightNotApplicable, Message: "the image is mounted: it takes no room on the host"}
	}
	if err := h.checkSpace(image); err != nil {
		return agent.FailedCheck(berth.CheckDisk, err)
	}
	return berth.PreflightCheck{Name: berth.CheckDisk, Result: berth.PreflightPass, Message: "there is room for the package's files"}
}
