//go:build windows

package winhost

import (
	"context"
	"errors"
	"strings"

	"golang.org/x/sys/windows"

	"berth"
	"berth/agent"
	"berth/imaging"
)

// Preflight attaches the image where it is not attached, reads every file of the package from its volume, looks whether
// the machine trusts the signer, and detaches it again.
func (h *Host) Preflight(ctx context.Context, r berth.PreflightRequest) (checks []berth.PreflightCheck, err error) {
	p := r.Package
	if err := checkName(p.FullName); err != nil {
		return nil, err
	}
	if isPackageFile(p.ImagePath) {
		return h.preflightFile(ctx, r), nil
	}
	defer h.images.hold(p.ImagePath)()
	rec, err := h.records.read(p.FullName)
	if err != nil {
		return nil, coded(err, "cannot read the record of "+p.FullName)
	}
	tried := record{Package: p}
	if rec != nil && volumeThere(rec.Volume) {
		tried.Volume = rec.Volume
	} else {
		tried.Copy, _ = h.attachedFrom(p)
		tried.Volume, err = attach(ctx, tried.image(), p.RelativePath)
		if err != nil {
			return unopened(coded(err, "cannot attach the image "+p.ImagePath)), nil
		}
		defer func() { err = errors.Join(err, coded(h.detach(tried), "cannot detach the image "+p.ImagePath)) }()
	}
	checks = []berth.PreflightCheck{pass(berth.CheckImage, "the image can be opened"), pass(berth.CheckFormat, "Windows attached the image"),
		pass(berth.CheckPackage, "the package is in the image")}
	fsys := folder(below(volumeRoot(tried.Volume), p.RelativePath))
	return append(checks, contentChecks(checkContent(ctx, fsys, p, imaging.CheckOptions{All: true}), trusts(r))...), nil
}

// preflightFile reads a framework in its container from where it is.
func (h *Host) preflightFile(ctx context.Context, r berth.PreflightRequest) []berth.PreflightCheck {
	if err := reachable(r.Package.ImagePath); err != nil {
		return unopened(coded(err, "cannot open the package "+r.Package.ImagePath))
	}
	checks := []berth.PreflightCheck{pass(berth.CheckImage, "the package file can be opened"), notNeeded(berth.CheckFormat), notNeeded(berth.CheckPackage)}
	return append(checks, contentChecks(checkPackageFile(ctx, r.Package.ImagePath, r.Package), trusts(r))...)
}

func notNeeded(name string) berth.PreflightCheck {
	return berth.PreflightCheck{Name: name, Result: berth.PreflightNotApplicable, Message: "a framework is staged from its package file"}
}

// contentChecks spreads what was found over the checks from the signature on.
func contentChecks(err error, trust berth.PreflightCheck) []berth.PreflightCheck {
	disk := berth.PreflightCheck{Name: berth.CheckDisk, Result: berth.PreflightNotApplicable, Message: "the image is attached: it takes no room on the host"}
	switch codeOf(err) {
	case "":
		if err == nil {
			return []berth.PreflightCheck{pass(berth.CheckSignature, "signature, manifest and block map belong together"),
				pass(berth.CheckContent, "every file is as it was signed"), trust, disk}
		}
	case codeAltered, codeContent:
		return []berth.PreflightCheck{pass(berth.CheckSignature, "signature and block map belong together"),
			agent.FailedCheck(berth.CheckContent, err), trust, disk}
	}
	return []berth.PreflightCheck{agent.FailedCheck(berth.CheckSignature, err), notMade(berth.CheckContent), trust, disk}
}

func pass(name, message string) berth.PreflightCheck {
	return berth.PreflightCheck{Name: name, Result: berth.PreflightPass, Message: message}
}

func notMade(name string) berth.PreflightCheck {
	return berth.PreflightCheck{Name: name, Result: berth.PreflightNotApplicable, Message: "not looked at, since an earlier check failed"}
}

// unopened are the checks when the image cannot be attached: it is not there, or Windows does not take it.
func unopened(err error) []berth.PreflightCheck {
	var checks []berth.PreflightCheck
	if berth.Explain(berth.Failure{Code: codeOf(err)}).Status == berth.StatusNotFound {
		checks = []berth.PreflightCheck{agent.FailedCheck(berth.CheckImage, err), notMade(berth.CheckFormat)}
	} else {
		checks = []berth.PreflightCheck{pass(berth.CheckImage, "the image is there"), agent.FailedCheck(berth.CheckFormat, err)}
	}
	for _, name := range []string{berth.CheckPackage, berth.CheckSignature, berth.CheckContent, berth.CheckTrust, berth.CheckDisk} {
		checks = append(checks, notMade(name))
	}
	return checks
}

// trusts looks for the signer among those that the machine trusts for packages. One that is not there may still chain to an
// authority of the machine: that is for Windows to say, when it stages.
func trusts(r berth.PreflightRequest) berth.PreflightCheck {
	thumb := strings.ToUpper(r.Package.Thumbprint)
	if store, err := openStore(storePeople); err == nil {
		there, err := inStore(store, thumb)
		_ = windows.CertCloseStore(store, 0) // only read
		if err == nil && there {
			return pass(berth.CheckTrust, "the host trusts the signer: its certificate is in TrustedPeople")
		}
	}
	if r.Certificate != nil && strings.EqualFold(r.Certificate.Thumbprint, thumb) {
		return pass(berth.CheckTrust, "the site installs the signer's certificate "+thumb+" on the host with the package")
	}
	return berth.PreflightCheck{Name: berth.CheckTrust, Result: berth.PreflightNotApplicable,
		Message: "the signer's certificate is not in TrustedPeople; whether it chains to an authority of the host, Windows says when it stages the package"}
}
