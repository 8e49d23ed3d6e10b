package cache

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"berth/imaging"
)

// layout names the files of an image below the folder of its copy as they lie to each other on the share, because images
// name their parents and companions by relative paths. Without folders in common they cannot be copied.
func layout(parts []imaging.Part) ([]string, error) {
	var split [][]string
	for _, p := range parts {
		elements := strings.Split(strings.Trim(slashed(p.Path), "/"), "/")
		elements = slices.DeleteFunc(elements, func(e string) bool { return e == "" || e == "." })
		split = append(split, elements)
	}
	for len(split) > 0 && sharedFirst(split) {
		for i := range split {
			split[i] = split[i][1:]
		}
	}
	var names []string
	for i, elements := range split {
		name := strings.Join(elements, "/")
		if len(elements) == 0 || len(elements) > mostFolders || slices.ContainsFunc(elements, odd) || !filepath.IsLocal(filepath.FromSlash(name)) {
			return nil, fmt.Errorf("%s needs %s, which lies where it cannot be copied to", parts[0].Path, parts[i].Path)
		}
		names = append(names, name)
	}
	return names, nil
}

// mostFolders bounds how far apart the files of an image may lie.
const mostFolders = 16

// slashed is a path of any sort with slashes; of a URL the host and the path.
func slashed(p string) string {
	if u, err := url.Parse(p); err == nil && u.Host != "" && strings.Contains(p, "://") {
		return u.Host + "/" + u.Path
	}
	return strings.ReplaceAll(p, `\`, "/")
}

// sharedFirst tells whether all paths begin with the same folder.
func sharedFirst(split [][]string) bool {
	for _, e := range split {
		if len(e) < 2 || e[0] != split[0][0] {
			return false
		}
	}
	return true
}

// odd tells that an element of a path is none that every system takes for the name of a file.
func odd(e string) bool {
	return e == ".." || len(e) > 255 || strings.ContainsAny(e, `<>:"|?*`) || strings.ContainsFunc(e, unicode.IsControl) ||
		strings.HasSuffix(e, ".") || strings.HasSuffix(e, " ")
}
