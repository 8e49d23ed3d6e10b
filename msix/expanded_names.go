package msix

import "strings"

// compareNames finds what is missing from the folder and what is too much in it.
func (v *expandedCheck) compareNames() {
	for i := range v.report.BlockMap.Files {
		f := &v.report.BlockMap.Files[i]
		if _, ok := v.files[foldName(f.Path)]; !ok {
			v.bad.add(f.Path, "missing")
		}
	}
	bundled, expanded := v.report.Bundle.fileNames(), v.expandedInBundle()
	for key, path := range v.files {
		if _, ok := v.report.BlockMap.File(path); ok || isUnmapped(path) || bundled[key] || inFolder(key, expanded) {
			continue
		}
		v.bad.add(path, "not in the block map")
	}
}

// expandedInBundle gives the folders of a bundle that are packages themselves:
// each is verified alone.
func (v *expandedCheck) expandedInBundle() map[string]bool {
	folders := map[string]bool{}
	if v.report.Bundle == nil {
		return folders
	}
	for key := range v.files {
		if dir, found := strings.CutSuffix(key, "/"+foldName(ManifestName)); found {
			folders[dir] = true
		}
	}
	return folders
}

// inFolder tells whether one of the folders is above path.
func inFolder(path string, folders map[string]bool) bool {
	for i := range len(path) {
		if path[i] == '/' && folders[path[:i]] {
			return true
		}
	}
	return false
}
