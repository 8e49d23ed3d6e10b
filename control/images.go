package control

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"berth"
	"berth/plan"
	"berth/wire"
)

// Images looks into the folders of images that the server may open, and makes images there.
type Images interface {
	// Roots returns the folders and prefixes below which images may be opened.
	Roots() []string
	// List returns what is in a folder, or the roots for an empty one; more: there is more than that.
	List(ctx context.Context, folder string) (entries []berth.ImageEntry, more bool, err error)
	// Survey tells what is in an image without reading the content of its packages.
	Survey(ctx context.Context, imagePath string) (berth.Image, error)
	// CheckNew returns an error unless an image may be made at the path.
	CheckNew(path string) error
	// Make builds an image; one that was not finished is not left behind.
	Make(ctx context.Context, b berth.BuildImage) (berth.Image, error)
}

// mayRead checks the right to open images on behalf of a site: what lies on shares is not everybody's business.
func (s *Service) mayRead(ctx context.Context, site string) error {
	err := s.work(ctx, s.store.View, need{site, berth.RoleContributor}, func(*work) error { return nil })
	if err == nil && s.images == nil {
		return berth.Errorf(berth.Unavailable, "this server opens no images").With("start it with --image-root")
	}
	return err
}

// BrowseImages lists a folder below the configured roots; an empty path lists the roots.
func (s *Service) BrowseImages(ctx context.Context, site, path string) (f wire.ImageFolder, err error) {
	if err := s.mayRead(ctx, site); err != nil {
		return f, err
	}
	f = wire.ImageFolder{Path: strings.TrimSpace(path), Roots: s.images.Roots()}
	if f.Path != "" {
		up := above(f.Path, f.Roots)
		f.Parent = &up
	}
	f.Entries, f.More, err = s.images.List(ctx, f.Path)
	return f, err
}

// above is the folder that a folder is in, empty for a root. Both separators part names: paths are those of the hosts.
func above(path string, roots []string) string {
	trimmed := strings.TrimRight(path, `/\`)
	if slices.ContainsFunc(roots, func(r string) bool { return berth.Fold(strings.TrimRight(r, `/\`)) == berth.Fold(trimmed) }) {
		return ""
	}
	i := strings.LastIndexAny(trimmed, `/\`)
	if i <= 0 {
		return ""
	}
	return trimmed[:i]
}

// InspectImage tells what is in an image, and what speaks against adding its packages to the site.
func (s *Service) InspectImage(ctx context.Context, site, path string) (v wire.ImageView, err error) {
	if err := s.mayRead(ctx, site); err != nil {
		return v, err
	}
	img, err := s.images.Survey(ctx, path)
	if err != nil {
		return v, err
	}
	return s.viewImage(ctx, site, img)
}

// viewImage holds the packages of an image against the site.
func (s *Service) viewImage(ctx context.Context, site string, img berth.Image) (v wire.ImageView, err error) {
	v = wire.ImageView{Path: img.Path, Size: img.Size, Format: img.Format, Subformat: img.Subformat, VirtualSize: img.VirtualSize,
		PartitionTable: img.PartitionTable, Packages: []wire.ImagePackage{}, Notes: img.Notes}
	err = s.view(ctx, site, func(w *work) error {
		for _, p := range img.Packages {
			ip, err := w.imagePackage(p, img.Packages)
			if err != nil {
				return err
			}
			v.Packages = append(v.Packages, ip)
		}
		return nil
	})
	return v, err
}

func (w *work) imagePackage(p berth.Package, beside []berth.Package) (ip wire.ImagePackage, err error) {
	ip = wire.ImagePackage{Package: p, DependencyChecks: []berth.DependencyCheck{}, Siblings: []wire.PackageSibling{}, Addable: true}
	family, err := w.familyOf(berth.Draft)(p.FamilyName)
	if err != nil {
		return ip, err
	}
	tags, err := w.tags()
	if err != nil {
		return ip, err
	}
	for _, v := range family {
		if berth.Fold(v.FullName) == berth.Fold(p.FullName) {
			ip.InCatalogue = true
			continue
		}
		names := []string{}
		for _, id := range v.Tags {
			names = append(names, tags.Name(id))
		}
		ip.Siblings = append(ip.Siblings, wire.PackageSibling{FullName: v.FullName, Version: v.Version.String(), Tags: names, Enabled: v.Enabled && !v.Retiring})
	}
	slices.SortFunc(ip.Siblings, func(a, b wire.PackageSibling) int { return higherSibling(family, a.FullName, b.FullName) })
	checks, err := plan.Input{Family: w.familyOf(berth.Draft)}.Dependencies(p)
	if err != nil {
		return ip, err
	}
	ip.DependencyChecks = append(ip.DependencyChecks, checks...)
	settings, err := w.settings()
	if err != nil {
		return ip, err
	}
	ip.Checks = []wire.ImageCheck{checkSignature(p), checkCertificate(p, settings, w.at), checkDependencies(checks, beside), checkCatalogue(ip)}
	fit, err := w.checkFit(p)
	ip.Checks = append(ip.Checks, fit)
	for _, c := range ip.Checks {
		if c.Result == wire.CheckFail && c.Name != "certificate" { // one that has ended is for the hosts to refuse
			ip.Addable = false
		}
	}
	return ip, err
}

func higherSibling(family []plan.Version, a, b string) int {
	at := func(name string) plan.Version {
		return family[slices.IndexFunc(family, func(v plan.Version) bool { return v.FullName == name })]
	}
	return at(b).Version.Compare(at(a).Version)
}

// checkFit counts the site's hosts that could run the package.
func (w *work) checkFit(p berth.Package) (wire.ImageCheck, error) {
	groups, err := w.HostGroups(berth.Fold(w.site.Name))
	if err != nil {
		return wire.ImageCheck{}, err
	}
	fit, all := 0, 0
	for _, g := range groups {
		all += g.Hosts
		if p.Fits(g.Host.Facts.Architecture, g.Host.Facts.Build) {
			fit += g.Hosts
		}
	}
	needs := "it runs on " + p.Architecture
	if berth.Fold(p.Architecture) == "neutral" {
		needs = "it runs on every architecture"
	}
	if p.MinBuild > 0 {
		needs += fmt.Sprintf(", Windows build %d or later", p.MinBuild)
	}
	c := wire.ImageCheck{Name: "hosts", Result: wire.CheckPass, Message: fmt.Sprintf("%s; that fits %d of %d hosts", needs, fit, all)}
	switch {
	case all == 0:
		c.Message = needs + "; no host is enrolled yet"
	case fit == 0:
		c.Result, c.Remedy = wire.CheckWarning, "no host of this site can run it: look for a package of another architecture, or upgrade Windows on the hosts"
	}
	return c, nil
}
