package control

import (
	"cmp"
	"context"
	"slices"

	"berth"
	"berth/wire"
)

// Export returns what administrators have set in the site, as drafted, in an order that does not depend on how it came to
// be: two sites that are set alike export alike.
func (s *Service) Export(ctx context.Context, site string) (doc wire.Document, err error) {
	err = s.view(ctx, site, func(w *work) error {
		doc, err = w.export()
		return err
	})
	return doc, err
}

func (w *work) export() (doc wire.Document, err error) {
	doc = wire.Document{APIVersion: wire.DocumentVersion, Kind: wire.DocumentKind}
	set, err := w.settings()
	if err != nil {
		return doc, err
	}
	doc.Settings = exportSettings(set)
	if doc.Packages, err = exported(w, berth.ObjectPackage, exportPackage); err != nil {
		return doc, err
	}
	// A package that is being retired is no part of what the site shall have.
	doc.Packages = slices.DeleteFunc(doc.Packages, func(p wire.DocumentPackage) bool { return p.FullName == "" })
	if doc.Pools, err = exported(w, berth.ObjectPool, func(p berth.Pool) wire.DocumentPool {
		return wire.DocumentPool{Name: p.Name, Kind: p.Kind, Inherit: &p.Inherit, Assignments: exportList(p.Assignments, p.Inherit)}
	}); err != nil {
		return doc, err
	}
	if doc.Defaults, err = exported(w, berth.ObjectDefaults, func(d berth.Defaults) wire.DocumentDefaults {
		return wire.DocumentDefaults{Kind: d.Kind, Assignments: exportList(d.Assignments, false)}
	}); err != nil {
		return doc, err
	}
	if doc.Hosts, err = exported(w, berth.ObjectHost, func(h berth.HostConfig) wire.DocumentHost {
		return wire.DocumentHost{Name: h.Name, Pool: &h.Pool, Inherit: &h.Inherit, Assignments: exportList(h.Assignments, h.Inherit)}
	}); err != nil {
		return doc, err
	}
	doc.Publications, err = exported(w, berth.ObjectPublication, func(p berth.Publication) wire.DocumentPublication {
		return wire.DocumentPublication{Name: p.Name, Family: p.Family, Application: p.Application,
			Users: foldedOrder(p.Users), Hosts: foldedOrder(p.Hosts), Pools: foldedOrder(p.Pools)}
	})
	return doc, err
}

// foldedOrder orders names without regard to case, in a list that is never nil: a set has no order of its own.
func foldedOrder(names []string) []string {
	out := append([]string{}, names...)
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(berth.Fold(a), berth.Fold(b)), cmp.Compare(a, b)) })
	return out
}

// exported turns the drafted objects of a kind into their part of the document, ordered by key.
func exported[T, D any](w *work, kind berth.ObjectKind, turn func(T) D) ([]D, error) {
	docs, err := berth.LoadAll[T](w, berth.Draft, berth.ObjectQuery{Site: berth.Fold(w.site.Name), Kind: kind})
	out := make([]D, 0, len(docs))
	for _, d := range docs {
		out = append(out, turn(d))
	}
	return out, err
}

func exportSettings(set berth.Settings) *wire.DocumentSettings {
	verify := cmp.Or(set.Verify, berth.VerifyCode)
	return &wire.DocumentSettings{Enabled: &set.Enabled, ProvisionCertificates: &set.ProvisionCertificates,
		DisablingMinutes: &set.DisablingMinutes, Verify: &verify, Cache: &wire.EditCache{
			Enabled: &set.Cache.Enabled, MaxBytes: &set.Cache.MaxBytes, BytesPerSecond: &set.Cache.BytesPerSecond}, Tags: &wire.DocumentTags{
			Production: set.Tags.Name(berth.TagProduction), PreProduction: set.Tags.Name(berth.TagPreProduction), Custom: set.Tags.Name(berth.TagCustom)}}
}

func exportPackage(p berth.Package) wire.DocumentPackage {
	if p.Retiring {
		return wire.DocumentPackage{}
	}
	d := wire.DocumentPackage{FullName: p.FullName, ImagePath: p.ImagePath, DisplayName: p.DisplayName, Enabled: &p.Enabled, Tags: []string{}}
	if p.OnFailure != "" {
		d.OnFailure = &p.OnFailure
	}
	for _, id := range p.Tags {
		d.Tags = append(d.Tags, string(id))
	}
	slices.Sort(d.Tags)
	return d
}

// exportList writes a list in the order of its families. What is inherited is not the holder's own.
func exportList(as []berth.Assignment, inherit bool) []wire.DocumentAssignment {
	out := []wire.DocumentAssignment{}
	if inherit {
		return out
	}
	for _, a := range byFamily(as) {
		d := wire.DocumentAssignment{Version: a.Version, Tag: string(a.Tag), Registration: a.Registration}
		if a.Version == "" { // the full name of an exact version names its family too
			d.Family = a.Family
		}
		out = append(out, d)
	}
	return out
}

// byFamily orders a list as rules do, for which its own order means nothing.
func byFamily(as []berth.Assignment) []berth.Assignment {
	return slices.SortedFunc(slices.Values(as), func(a, b berth.Assignment) int {
		return cmp.Compare(berth.Fold(a.Family), berth.Fold(b.Family))
	})
}
