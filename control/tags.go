package control

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"berth"
)

// tagIDs turns names or ids of tags into ids, sorted and each once.
func (w *work) tagIDs(names []string) ([]berth.TagID, error) {
	settings, err := w.settings()
	if err != nil {
		return nil, err
	}
	var ids []berth.TagID
	for _, name := range names {
		tag, err := settings.Tags.Find(name)
		if err != nil {
			return nil, err
		}
		ids = append(ids, tag.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// RenameTag drafts a new name for one of the three tags.
func (s *Service) RenameTag(ctx context.Context, site, tag, name string) (set berth.Settings, err error) {
	err = s.update(ctx, site, func(w *work) error {
		t := target{ref: w.ref(berth.ObjectSettings, "settings"), name: "settings", action: "rename tag", expect: w.expect}
		return edit(w, t, func(doc *berth.Settings, _ state) (keep, error) {
			found, err := doc.Tags.Find(tag)
			if err != nil {
				return kept, err
			}
			name = strings.TrimSpace(name)
			if err := checkTagName(name); err != nil {
				return kept, err
			}
			if other, err := doc.Tags.Find(name); err == nil && other.ID != found.ID {
				return kept, berth.Errorf(berth.Conflict, "%q means the tag %s", name, other.Name).On("name").
					With("choose another name; the ids of the three tags mean them for good")
			}
			for i := range doc.Tags {
				if doc.Tags[i].ID == found.ID {
					doc.Tags[i].Name = name
				}
			}
			set = *doc
			return kept, nil
		})
	})
	return set, err
}

// TagPackage drafts the tag onto a package. With move it leaves all other versions of the family in the same change.
func (s *Service) TagPackage(ctx context.Context, site, fullName, tag string, move bool) (p berth.Package, err error) {
	err = s.update(ctx, site, func(w *work) error {
		ids, err := w.tagIDs([]string{tag})
		if err != nil {
			return err
		}
		p, err = w.tag(fullName, ids[0], move)
		return err
	})
	return p, err
}

func (w *work) tag(fullName string, id berth.TagID, move bool) (p berth.Package, err error) {
	if p, _, err = w.pkg(fullName); err != nil {
		return p, err
	}
	if move {
		if err := w.untagSiblings(p, id); err != nil {
			return p, err
		}
	}
	err = editPackage(w, fullName, "tag package", w.expect, func(doc *berth.Package) error {
		if !doc.HasTag(id) {
			doc.Tags = append(doc.Tags, id)
			slices.Sort(doc.Tags) // as tagIDs has them: the order in which tags were put on is no difference
		}
		p = *doc
		return nil
	})
	return p, err
}

func (w *work) untagSiblings(p berth.Package, id berth.TagID) error {
	family, err := berth.LoadAll[berth.Package](w, berth.Draft, berth.ObjectQuery{Site: berth.Fold(w.site.Name),
		Kind: berth.ObjectPackage, Family: berth.Fold(p.FamilyName)})
	if err != nil {
		return err
	}
	for _, sibling := range family {
		if sibling.FullName == p.FullName || !sibling.HasTag(id) {
			continue
		}
		if err := editPackage(w, sibling.FullName, "untag package", 0, without(id)); err != nil {
			return err
		}
	}
	return nil
}

func without(id berth.TagID) func(*berth.Package) error {
	return func(doc *berth.Package) error {
		doc.Tags = slices.DeleteFunc(slices.Clone(doc.Tags), func(t berth.TagID) bool { return t == id })
		return nil
	}
}

// UntagPackage drafts the tag away from a package; an empty tag stands for all of them.
func (s *Service) UntagPackage(ctx context.Context, site, fullName, tag string) (p berth.Package, err error) {
	err = s.update(ctx, site, func(w *work) error {
		fn := func(doc *berth.Package) error { doc.Tags = nil; return nil }
		if tag != "" {
			ids, err := w.tagIDs([]string{tag})
			if err != nil {
				return err
			}
			fn = without(ids[0])
		}
		return editPackage(w, fullName, "untag package", w.expect, func(doc *berth.Package) error {
			err := fn(doc)
			p = *doc
			return err
		})
	})
	return p, err
}

func checkTagName(name string) error {
	if name == "" || utf8.RuneCountInString(name) > 64 {
		return berth.Errorf(berth.Invalid, "a tag's name has 1 to 64 characters").On("name")
	}
	return nil
}
