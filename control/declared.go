package control

import (
	"slices"
	"strings"

	"berth"
	"berth/wire"
)

func (d *declared) settingsPart() error {
	want := d.doc.Settings
	if want == nil {
		return nil
	}
	return put(d, d.ref(berth.ObjectSettings, "settings"), "settings", func(doc *berth.Settings, is state) (bool, error) {
		if !is.exists {
			*doc = berth.DefaultSettings()
		}
		before := *doc
		if want.Enabled != nil {
			doc.Enabled = *want.Enabled
		}
		if want.ProvisionCertificates != nil {
			doc.ProvisionCertificates = *want.ProvisionCertificates
		}
		if want.DisablingMinutes != nil {
			if err := berth.CheckDisabling(*want.DisablingMinutes); err != nil {
				return false, err
			}
			doc.DisablingMinutes = *want.DisablingMinutes
		}
		err := editCopies(doc, want.Cache, want.Verify)
		if err == nil {
			err = renameTags(&doc.Tags, want.Tags)
		}
		return *doc == before, err
	})
}

// renameTags gives all tags their names at once, so that two can change places.
func renameTags(tags *berth.Tags, names *wire.DocumentTags) error {
	if names == nil {
		return nil
	}
	want := map[berth.TagID]string{berth.TagProduction: names.Production, berth.TagPreProduction: names.PreProduction, berth.TagCustom: names.Custom}
	for i, tag := range tags {
		if name := want[tag.ID]; name != "" {
			tags[i].Name = strings.TrimSpace(name)
		}
	}
	for i, tag := range tags {
		if err := checkTagName(tag.Name); err != nil {
			return within(err, "settings.tags.%s", tag.ID)
		}
		for j, other := range tags {
			if i != j && (berth.Fold(tag.Name) == berth.Fold(other.Name) || berth.Fold(tag.Name) == berth.Fold(string(other.ID))) {
				return berth.Errorf(berth.Conflict, "the name %q would mean the tag %s too", tag.Name, other.ID).On("settings.tags." + string(tag.ID)).
					With("choose another name; the ids of the three tags mean them for good")
			}
		}
	}
	return nil
}

func (d *declared) packages() error {
	for i, p := range d.doc.Packages {
		if err := d.pkgPart(p); err != nil {
			return within(err, "packages[%d]", i)
		}
	}
	return nil
}

func (d *declared) pkgPart(want wire.DocumentPackage) error {
	return put(d, d.ref(berth.ObjectPackage, want.FullName), want.FullName, func(doc *berth.Package, is state) (bool, error) {
		if doc.Retiring {
			return false, berth.Errorf(berth.Conflict, "package %s is being retired", doc.FullName).On("fullName").
				With("wait until the last host has let go of it, or discard that change")
		}
		image, read := d.images[berth.Fold(want.FullName)]
		if !read && (!is.exists || want.ImagePath != "" && want.ImagePath != doc.ImagePath) {
			return false, berth.Errorf(berth.Precondition, "package %s was changed by somebody else meanwhile", want.FullName).On("fullName").
				With("apply the document once more")
		}
		same := true
		switch {
		case !is.exists:
			*doc, same = image, false
			doc.Enabled, doc.AddedAt, doc.AddedBy = true, d.at, d.who.Name
		case read && want.ImagePath != doc.ImagePath:
			was := *doc
			*doc, same = image, false
			doc.DisplayName, doc.Enabled, doc.Tags, doc.OnFailure = was.DisplayName, was.Enabled, was.Tags, was.OnFailure
			doc.AddedAt, doc.AddedBy = was.AddedAt, was.AddedBy
		}
		changed, err := d.properties(doc, want)
		return same && !changed, err
	})
}

// properties sets what the document says of a package, and tells whether any of it was otherwise.
func (d *declared) properties(doc *berth.Package, want wire.DocumentPackage) (changed bool, err error) {
	if want.DisplayName != "" && want.DisplayName != doc.DisplayName {
		doc.DisplayName, changed = want.DisplayName, true
	}
	if want.Enabled != nil && *want.Enabled != doc.Enabled {
		doc.Enabled, changed = *want.Enabled, true
	}
	if want.OnFailure != nil {
		says, err := onFailure(*want.OnFailure)
		if err != nil {
			return false, err
		}
		changed, doc.OnFailure = changed || says != doc.OnFailure, says
	}
	if want.Tags == nil {
		return changed, nil
	}
	var ids []berth.TagID
	for i, name := range want.Tags {
		id, err := d.tagIDs([]string{name})
		if err != nil {
			return false, within(err, "tags[%d]", i)
		}
		ids = append(ids, id...)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if !slices.Equal(ids, slices.Sorted(slices.Values(doc.Tags))) {
		doc.Tags, changed = ids, true
	}
	return changed, nil
}

// ownListPart is what the document says of a holder's list: whether it inherits, and the rows.
type ownListPart struct {
	inherit *bool
	rows    []wire.DocumentAssignment
}

// set changes inherit and list as the document says, and tells whether they were otherwise. A list in the document ends
// inheriting; inheriting has no list.
func (d *declared) set(want ownListPart, inherit *bool, list *[]berth.Assignment) (changed bool, err error) {
	if want.inherit == nil && want.rows == nil {
		return false, nil
	}
	inherits := want.inherit != nil && *want.inherit
	if inherits && len(want.rows) > 0 {
		return false, berth.Errorf(berth.Invalid, "a list is inherited or own, not both").On("assignments").
			With("leave the assignments out, or set inherit: false")
	}
	if inherits {
		changed, *inherit, *list = !*inherit, true, nil
		return changed, nil
	}
	rows := byFamily(*list)
	if *inherit {
		rows = nil
	}
	if want.rows != nil {
		if rows, err = d.rows(want.rows); err != nil {
			return false, err
		}
	}
	if !*inherit && slices.Equal(rows, byFamily(*list)) {
		return false, nil
	}
	*inherit, *list = false, append([]berth.Assignment{}, rows...)
	return true, nil
}

// rows checks the rows of a list, and orders them.
func (d *declared) rows(want []wire.DocumentAssignment) ([]berth.Assignment, error) {
	var rows []berth.Assignment
	for i, r := range want {
		a := berth.Assignment{Family: r.Family, Version: r.Version, Tag: berth.TagID(r.Tag), Registration: r.Registration}
		err := d.checkAssignment(&a)
		if err == nil && r.Family != "" && berth.Fold(r.Family) != berth.Fold(a.Family) {
			err = berth.Errorf(berth.Invalid, "version %s is of family %s, not of %s", a.Version, a.Family, r.Family).On("family")
		}
		if err == nil && slices.ContainsFunc(rows, ofFamily(a.Family)) {
			err = berth.Errorf(berth.Invalid, "family %s is assigned twice in one list", a.Family).On("family")
		}
		if err != nil {
			return nil, within(err, "assignments[%d]", i)
		}
		rows = append(rows, a)
	}
	return byFamily(rows), nil
}

func (d *declared) pools() error {
	for i, p := range d.doc.Pools {
		if err := d.poolPart(p); err != nil {
			return within(err, "pools[%d]", i)
		}
	}
	return nil
}

func (d *declared) poolPart(want wire.DocumentPool) error {
	kind, err := berth.ParseHostKind(string(want.Kind))
	if err == nil {
		err = checkPoolName(want.Name)
	}
	if err != nil {
		return err
	}
	return put(d, d.ref(berth.ObjectPool, want.Name), want.Name, func(doc *berth.Pool, is state) (bool, error) {
		if !is.exists {
			*doc = berth.Pool{Name: want.Name, Kind: kind, Inherit: true}
		}
		if doc.Kind != kind {
			return false, berth.Errorf(berth.Conflict, "pool %s is of kind %s, which does not change", doc.Name, doc.Kind).On("kind").
				With("make a pool with another name")
		}
		changed, err := d.set(ownListPart{want.Inherit, want.Assignments}, &doc.Inherit, &doc.Assignments)
		return !changed, err
	})
}

func (d *declared) defaults() error {
	if d.doc.Defaults == nil {
		return nil
	}
	named := map[berth.HostKind]bool{}
	for i, x := range d.doc.Defaults {
		kind, err := berth.ParseHostKind(string(x.Kind))
		if err == nil {
			named[kind] = true
			err = d.defaultsPart(kind, x.Assignments)
		}
		if err != nil {
			return within(err, "defaults[%d]", i)
		}
	}
	for _, kind := range berth.HostKinds {
		if d.prune && !named[kind] {
			if err := d.defaultsPart(kind, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *declared) defaultsPart(kind berth.HostKind, rows []wire.DocumentAssignment) error {
	return put(d, d.ref(berth.ObjectDefaults, string(kind)), string(kind), func(doc *berth.Defaults, _ state) (bool, error) {
		doc.Kind = kind
		inherit := false
		changed, err := d.set(ownListPart{rows: append([]wire.DocumentAssignment{}, rows...)}, &inherit, &doc.Assignments)
		return !changed, err
	})
}

func (d *declared) hosts() error {
	for i, h := range d.doc.Hosts {
		if err := d.hostPart(h); err != nil {
			return within(err, "hosts[%d]", i)
		}
	}
	return nil
}

func (d *declared) hostPart(want wire.DocumentHost) error {
	ref := d.ref(berth.ObjectHost, want.Name)
	if _, err := berth.Load[berth.HostConfig](d, berth.Draft, ref); berth.IsNotFound(err) {
		d.objects = append(d.objects, wire.DocumentObject{Kind: ref.Kind, Name: want.Name, Action: wire.ActionSkipped, Reason: notEnrolled})
		return nil
	}
	return put(d, ref, want.Name, func(doc *berth.HostConfig, _ state) (bool, error) {
		moved, err := d.movePart(doc, want.Pool)
		if err != nil {
			return false, err
		}
		changed, err := d.set(ownListPart{want.Inherit, want.Assignments}, &doc.Inherit, &doc.Assignments)
		return !moved && !changed, err
	})
}

// movePart puts a host into the pool that the document says.
func (d *declared) movePart(doc *berth.HostConfig, pool *string) (moved bool, err error) {
	if pool == nil || berth.Fold(*pool) == berth.Fold(doc.Pool) {
		return false, nil
	}
	var p berth.Pool
	if *pool != "" {
		if p, err = berth.Load[berth.Pool](d, berth.Draft, d.ref(berth.ObjectPool, *pool)); err != nil {
			return false, err
		}
		if p.Kind != doc.Kind {
			return false, berth.Errorf(berth.Invalid, "host %s is of kind %s, pool %s of kind %s", doc.Name, doc.Kind, p.Name, p.Kind).On("pool")
		}
	}
	doc.Pool = p.Name
	return true, nil
}
