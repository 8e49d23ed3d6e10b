package control

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"berth"
	"berth/wire"
)

// Certificates returns the certificates of all signers of the site's catalogue with what depends on them, those that end
// first first. Packages are those of the catalogue, and those that hosts still see; hosts those that must have them now.
func (s *Service) Certificates(ctx context.Context, site string) (fs []berth.Forecast, err error) {
	err = s.view(ctx, site, func(w *work) error {
		signed, err := w.signed()
		fs = berth.ForecastCertificates(signed, w.at)
		return err
	})
	return fs, err
}

// Certificate returns everything about the certificate of that SHA-1 thumbprint; blanks, colons and case do not matter.
func (s *Service) Certificate(ctx context.Context, site, thumbprint string) (v wire.CertificateView, err error) {
	err = s.view(ctx, site, func(w *work) error {
		all, err := w.signed()
		if err != nil {
			return err
		}
		want := berth.Fold(strings.NewReplacer(" ", "", ":", "").Replace(thumbprint))
		signed := slices.DeleteFunc(all, func(s berth.Signed) bool {
			return s.Package.Certificate == nil || berth.Fold(s.Package.Certificate.Thumbprint) != want
		})
		if want == "" || len(signed) == 0 {
			return berth.Errorf(berth.NotFound, "no package of site %s is signed by a certificate with the thumbprint %q", w.site.Name, thumbprint).
				On("thumbprint").With("see `berth cert list` for those there are")
		}
		// Packages carry the same certificate with more or less of its chain: the one with the most tells most.
		most := slices.MaxFunc(signed, func(a, b berth.Signed) int {
			return len(a.Package.Certificate.Chain) - len(b.Package.Certificate.Chain)
		})
		v = wire.CertificateView{CertificateDetails: most.Package.Certificate.Details(), Forecast: berth.ForecastCertificates(signed, w.at)[0]}
		return nil
	})
	return v, err
}

// signed returns the packages of the catalogue, as drafted or else as hosts see them, with the hosts that must have them.
func (w *work) signed() ([]berth.Signed, error) {
	objects, err := w.Objects(berth.ObjectQuery{Site: berth.Fold(w.site.Name), Kind: berth.ObjectPackage})
	if err != nil {
		return nil, err
	}
	out := make([]berth.Signed, 0, len(objects))
	at := make(map[string]int, len(objects)) // by folded full name
	for _, o := range objects {
		doc := o.Draft
		if doc == nil {
			doc = o.Applied
		}
		var s berth.Signed
		if err := json.Unmarshal(doc, &s.Package); err != nil {
			return nil, err
		}
		at[berth.Fold(s.Package.FullName)] = len(out)
		out = append(out, s)
	}
	named := w.namedHosts()
	err = w.survey().each(func(b both) error {
		for _, p := range b.now.Packages {
			i, ok := at[berth.Fold(p.FullName)]
			if !ok {
				continue
			}
			provision := slices.ContainsFunc(b.now.Certificates, func(c berth.Certificate) bool { return c.Thumbprint == p.Thumbprint })
			hosts, err := named(b)
			if err != nil {
				return err
			}
			for _, h := range hosts {
				h.Facts, h.Provision = b.Facts.Package(p.FullName), provision
				out[i].Hosts = append(out[i].Hosts, h)
			}
		}
		return nil
	})
	return out, err
}

// mostOfGroup is how many hosts of one group are named where certificates are told of; the others are counted.
const mostOfGroup = 100

// namedHosts returns a function that names the first hosts of a group, read once; the last of them counts the others.
func (w *work) namedHosts() func(both) ([]berth.SignedHost, error) {
	sizes := map[string]int{}
	known := map[string][]berth.SignedHost{}
	return func(b both) ([]berth.SignedHost, error) {
		if hosts, ok := known[b.group]; ok {
			return hosts, nil
		}
		if len(sizes) == 0 {
			groups, err := w.HostGroups(berth.Fold(w.site.Name))
			if err != nil {
				return nil, err
			}
			for _, g := range groups {
				sizes[g.Group] = g.Hosts
			}
		}
		outlines, err := w.HostOutlines(berth.HostQuery{Site: berth.Fold(w.site.Name), Groups: []string{b.group}, Limit: mostOfGroup})
		var hosts []berth.SignedHost
		for _, o := range outlines {
			hosts = append(hosts, berth.SignedHost{Host: o.Name})
		}
		if n := len(hosts); n > 0 {
			hosts[n-1].More = sizes[b.group] - n
		}
		known[b.group] = hosts
		return hosts, err
	}
}
