package pri

import (
	"path"
	"slices"
	"strings"
)

// fileQualifiers are the names of qualifiers in file and folder names.
var fileQualifiers = map[string]string{
	"lang": "Language", "language": "Language", "scale": "Scale", "targetsize": "TargetSize", "altform": "AlternateForm",
	"contrast": "Contrast", "theme": "Theme", "homeregion": "HomeRegion", "layoutdir": "LayoutDirection",
	"layoutdirection": "LayoutDirection", "dxfl": "DXFeatureLevel", "dxfeaturelevel": "DXFeatureLevel",
	"config": "Configuration", "configuration": "Configuration", "devicefamily": "DeviceFamily", "custom": "Custom",
}

// FileName splits the path of a file, with slashes, into the path that names
// the resource and the qualifiers in it:
//
//	Assets/Logo.targetsize-32_altform-unplated.png
//	Assets/contrast-white/Logo.scale-200.png
//
// are both Assets/Logo.png. Folders of qualifiers and parts between dots are
// taken out; a part that is not made of qualifiers alone stays in the name.
func FileName(file string) (name string, qualifiers []Qualifier) {
	dir, base := path.Split(file)
	var folders []string
	for folder := range strings.SplitSeq(strings.TrimSuffix(dir, "/"), "/") {
		if q, ok := parseQualifiers(folder); ok {
			qualifiers = append(qualifiers, q...)
		} else {
			folders = append(folders, folder)
		}
	}
	parts := strings.Split(base, ".")
	kept := parts[:1]
	for i, part := range parts[1:] {
		// what stands last is the extension
		if q, ok := parseQualifiers(part); ok && i < len(parts)-2 {
			qualifiers = append(qualifiers, q...)
		} else {
			kept = append(slices.Clone(kept), part)
		}
	}
	return strings.TrimPrefix(path.Join(append(folders, strings.Join(kept, "."))...), "/"), qualifiers
}

// parseQualifiers reads scale-200_contrast-white.
func parseQualifiers(s string) ([]Qualifier, bool) {
	var list []Qualifier
	for part := range strings.SplitSeq(s, "_") {
		name, value, found := strings.Cut(part, "-")
		known := fileQualifiers[strings.ToLower(name)]
		if !found || known == "" || value == "" {
			return nil, false
		}
		list = append(list, Qualifier{Name: known, Value: value})
	}
	return list, len(list) > 0
}
