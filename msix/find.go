package msix

import (
	"errors"
	"io/fs"
	"path"
	"strings"
)

// Bounds of the search for packages. Images hold them in the root or one
// parent folder down; two levels more cost little.
const (
	maxFindDepth   = 4
	maxFindFolders = 20_000
)

// notSearched are folders of Windows' own that hold no packages and may refuse to be read.
var notSearched = map[string]bool{"SYSTEM VOLUME INFORMATION": true, "$RECYCLE.BIN": true, "$EXTEND": true, "LOST+FOUND": true}

// FindPackages gives the folders of fsys that hold an expanded package or
// bundle, "." for the root, in the order of a walk. It looks down to four
// levels and never into a package: packages carry folders that look like
// packages. The packages found are given even when there is an error.
func FindPackages(fsys fs.FS) ([]string, error) {
	type folder struct {
		dir   string
		depth int
	}
	var found []string
	var failed []error
	queue := []folder{{dir: "."}}
	for seen := 0; len(queue) > 0; seen++ {
		if seen == maxFindFolders {
			failed = append(failed, unsupported("image", queue[0].dir, -1, "more than %d folders, the search was given up here", maxFindFolders))
			break
		}
		next := queue[0]
		queue = queue[1:]
		list, err := fs.ReadDir(fsys, next.dir)
		if err != nil {
			failed = append(failed, &Error{Format: "image", Structure: next.dir, Offset: -1, Err: err})
			continue
		}
		isPackage, isBundle := packageFolder(fsys, next.dir, list)
		if isPackage || isBundle {
			found = append(found, next.dir)
		}
		if isPackage || next.depth == maxFindDepth {
			continue
		}
		for _, e := range list { // a bundle's packages may be expanded below it
			if e.IsDir() && !notSearched[foldName(e.Name())] {
				queue = append(queue, folder{path.Join(next.dir, e.Name()), next.depth + 1})
			}
		}
	}
	return found, errors.Join(failed...)
}

// packageFolder tells by the manifest whether a folder is a package or a bundle.
func packageFolder(fsys fs.FS, dir string, list []fs.DirEntry) (isPackage, isBundle bool) {
	metadata, manifest := path.Split(BundleManifestName)
	for _, e := range list {
		if !e.IsDir() && strings.EqualFold(e.Name(), ManifestName) {
			return true, false
		}
	}
	for _, e := range list {
		if !e.IsDir() || !strings.EqualFold(e.Name()+"/", metadata) {
			continue
		}
		inner, err := fs.ReadDir(fsys, path.Join(dir, e.Name()))
		if err != nil {
			return false, false // the folder itself is searched next, and reports it
		}
		for _, f := range inner {
			if !f.IsDir() && strings.EqualFold(f.Name(), manifest) {
				return false, true
			}
		}
	}
	return false, false
}
