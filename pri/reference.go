package pri

import (
	"net/url"
	"strings"
)

// scheme begins a text of a manifest that stands for a resource.
const scheme = "ms-resource:"

// IsReference tells a text that stands for a resource from one that is meant as it is.
func IsReference(text string) bool {
	return len(text) >= len(scheme) && strings.EqualFold(text[:len(scheme)], scheme)
}

// ReferenceNames gives the names under which to look for what a reference of a
// manifest stands for, the likeliest first:
//
//	ms-resource:X              Resources/X
//	ms-resource:/files/x       files/x
//	ms-resource://package/a/x  a/x
//	ms-resource:///a/x         a/x
//
// Dots of X are levels in the index, as Name.Text of a .resw file is. For a
// text that is no reference it gives none.
func ReferenceNames(text string) []string {
	if !IsReference(text) {
		return nil
	}
	rest := strings.TrimSpace(text[len(scheme):])
	if plain, err := url.PathUnescape(rest); err == nil {
		rest = plain
	}
	if whole, absolute := strings.CutPrefix(rest, "//"); absolute {
		_, name, found := strings.Cut(whole, "/")
		if !found || name == "" {
			return nil
		}
		return withLevels(name)
	}
	if name, rooted := strings.CutPrefix(rest, "/"); rooted {
		if name == "" {
			return nil
		}
		return withLevels(name)
	}
	if rest == "" {
		return nil
	}
	return append(withLevels("Resources/"+rest), withLevels(rest)...)
}

// withLevels adds the name with its last part's dots as levels.
func withLevels(name string) []string {
	at := strings.LastIndexByte(name, '/') + 1
	if !strings.Contains(name[at:], ".") {
		return []string{name}
	}
	return []string{name, name[:at] + strings.ReplaceAll(name[at:], ".", "/")}
}

// Text gives the text that a reference stands for; false when the index does
// not have it, or has no text for it.
func (f *File) Text(reference string, ctx Context) (string, bool, error) {
	for _, name := range ReferenceNames(reference) {
		list, found, err := f.Resource(name)
		if err != nil {
			return "", false, err
		}
		if !found {
			continue
		}
		texts := list[:0]
		for _, c := range list {
			if c.Kind.IsText() {
				texts = append(texts, c)
			}
		}
		if c, ok := Choose(texts, ctx); ok && !IsReference(c.Text) {
			return c.Text, true, nil
		}
	}
	return "", false, nil
}
