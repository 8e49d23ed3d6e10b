package control

import (
	"fmt"
	"slices"
	"time"

	"berth"
	"berth/wire"
)

// checkSignature tells whether the package is signed and the signature fits its manifest and block map. Files are compared
// with the block map when the package is added.
func checkSignature(p berth.Package) wire.ImageCheck {
	c := wire.ImageCheck{Name: "signature", Result: wire.CheckPass, Message: "signed, and the signature fits manifest and block map; every file is verified when the package is added"}
	switch {
	case p.Observed == nil || p.Observed.Signature == "absent":
		c.Result, c.Message, c.Remedy = wire.CheckFail, "the package is not signed", "sign the package, and expand it with its AppxSignature.p7x"
	case p.Observed.Signature != "pass":
		c.Result, c.Message, c.Remedy = wire.CheckFail, "the signature does not hold", "make the image again from the signed package"
		if n := len(p.Findings); n > 0 {
			c.Message = p.Findings[n-1]
		}
	}
	return c
}

// checkCertificate looks at the signer's certificate as hosts will.
func checkCertificate(p berth.Package, set berth.Settings, now time.Time) wire.ImageCheck {
	c := wire.ImageCheck{Name: "certificate", Result: wire.CheckPass}
	if p.Certificate == nil {
		c.Result, c.Message, c.Remedy = wire.CheckFail, "there is no certificate: the package is not signed", "sign the package"
		return c
	}
	forecasts := berth.ForecastCertificates([]berth.Signed{{Package: p}}, now)
	if len(forecasts) == 0 {
		c.Result, c.Message, c.Remedy = wire.CheckWarning, "the certificate cannot be judged: it has no thumbprint", "sign the package again"
		return c
	}
	f, until := forecasts[0], forecasts[0].EndsAt.UTC().Format("2006-01-02")
	c.Message = fmt.Sprintf("%s, %d bits, valid until %s", f.CommonName, f.KeySize, until)
	switch {
	case f.State == berth.ForecastEarly:
		c.Result, c.Message, c.Remedy = wire.CheckWarning, fmt.Sprintf("%s is valid only from %s on", f.CommonName, f.NotBefore.UTC().Format("2006-01-02")), "check the clock of whoever signed, or wait"
	case p.Certificate.Timestamped:
		c.Message += "; the signature has a timestamp and outlasts it"
	case f.State == berth.ForecastExpired:
		c.Result, c.Message, c.Remedy = wire.CheckFail, fmt.Sprintf("%s ended at %s and the signature has no timestamp: hosts refuse it", f.CommonName, until),
			"sign the package again, with a timestamp"
	case f.State == berth.ForecastExpiring:
		c.Result, c.Message, c.Remedy = wire.CheckWarning, fmt.Sprintf("%s ends at %s (in %d days) and the signature has no timestamp: hosts refuse it then", f.CommonName, until, f.Days),
			"sign the package again, with a timestamp"
	}
	d := p.Certificate.Details()
	switch {
	case c.Result != wire.CheckPass:
	case d.Unreadable == "" && !d.CodeSigning:
		c.Result, c.Message, c.Remedy = wire.CheckWarning, f.CommonName+" is not meant for signing code: hosts may refuse it", "sign the package with a code signing certificate"
	case f.SelfSigned && !set.ProvisionCertificates:
		c.Result, c.Message, c.Remedy = wire.CheckWarning, c.Message+"; it is self-signed and the site does not provision certificates",
			"switch provisioning on, or see that the hosts trust it"
	case !d.Complete && !set.ProvisionCertificates:
		c.Message += "; the package does not carry its whole chain: the hosts must have the certificates above"
	}
	return c
}

// checkDependencies says whether the frameworks that the package needs will come along; those in the same image can be
// added beside it.
func checkDependencies(checks []berth.DependencyCheck, beside []berth.Package) wire.ImageCheck {
	c := wire.ImageCheck{Name: "dependencies", Result: wire.CheckPass, Message: "it needs no other package"}
	open := slices.IndexFunc(checks, func(d berth.DependencyCheck) bool { return d.State != berth.DependencySatisfied })
	if len(checks) > 0 {
		c.Message = fmt.Sprintf("all %d are in the catalogue", len(checks))
	}
	if open < 0 {
		return c
	}
	d := checks[open]
	c.Result, c.Message, c.Remedy = wire.CheckWarning, d.Warning(), "add the framework to the catalogue, or see that the hosts have it"
	for _, other := range beside {
		if other.Framework && berth.Fold(other.FamilyName) == berth.Fold(d.FamilyName) {
			c.Remedy = fmt.Sprintf("add %s of this image too", other.FullName)
		}
	}
	return c
}

// checkCatalogue says what the catalogue has of the family.
func checkCatalogue(ip wire.ImagePackage) wire.ImageCheck {
	c := wire.ImageCheck{Name: "catalogue", Result: wire.CheckPass, Message: "the first version of its family"}
	switch {
	case ip.InCatalogue:
		c.Result, c.Message, c.Remedy = wire.CheckFail, "this version is in the catalogue already", "edit it there, or delete it first; another version needs another full name"
	case len(ip.Siblings) > 0:
		highest := ip.Siblings[0]
		c.Message = fmt.Sprintf("beside %d other versions, %s the highest", len(ip.Siblings), highest.Version)
		if v, err := berth.ParseVersion(highest.Version); err == nil && v.Compare(ip.Version) > 0 {
			c.Result, c.Remedy = wire.CheckWarning, "a tag that both carry means the highest version: take it off the others to go back"
			c.Message = fmt.Sprintf("%s is lower than %s, which the catalogue has", ip.Version, highest.Version)
		}
	}
	return c
}
