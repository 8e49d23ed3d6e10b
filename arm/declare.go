package arm

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"berth"
	"berth/control"
)

// said is MSIXPackageProperties, as far as Berth makes use of it.
type said struct {
	DisplayName           string            `json:"displayName"`
	ImagePath             string            `json:"imagePath"`
	IsActive              *bool             `json:"isActive"`
	IsRegularRegistration *bool             `json:"isRegularRegistration"`
	PackageApplications   []saidApplication `json:"packageApplications"`
	PackageDependencies   []saidDependency  `json:"packageDependencies"`
	PackageFamilyName     string            `json:"packageFamilyName"`
	PackageName           string            `json:"packageName"`
	PackageRelativePath   string            `json:"packageRelativePath"`
	Version               string            `json:"version"`
}

type saidApplication struct {
	AppID          string `json:"appId"`
	AppUserModelID string `json:"appUserModelID"`
	Description    string `json:"description"`
	FriendlyName   string `json:"friendlyName"`
}

type saidDependency struct {
	DependencyName string `json:"dependencyName"`
	Publisher      string `json:"publisher"`
	MinVersion     string `json:"minVersion"`
}

// declare makes checked properties into the use case. What is kept leaves isActive out: the pool's assignment holds it.
func declare(c *call, sent object) (control.Declare, error) {
	d := control.Declare{Site: c.site.Name, Pool: c.pool(), FullName: c.fullName()}
	kept, err := encode(sent.without(memberActive))
	if err != nil {
		return d, err
	}
	whole, err := encode(sent)
	if err != nil {
		return d, err
	}
	var s said
	if err := json.Unmarshal(whole, &s); err != nil {
		return d, fmt.Errorf("properties that passed their checks: %w", err)
	}
	d.Properties, d.Active, d.Regular, d.Package = kept, s.IsActive, s.IsRegularRegistration, s.pkg(c.fullName())
	return d, nil
}

// pkg is the catalogue's package as far as the client described it. What it left out follows from the full name, where
// that has the form of one.
func (s said) pkg(fullName string) berth.Package {
	n := parseFullName(fullName)
	p := berth.Package{
		FullName:     fullName,
		FamilyName:   cmp.Or(s.PackageFamilyName, n.family, fullName),
		Name:         cmp.Or(s.PackageName, n.name, fullName),
		Architecture: cmp.Or(n.architecture, "neutral"),
		ResourceID:   n.resource,
		DisplayName:  s.DisplayName, // empty: the image's
		ImagePath:    s.ImagePath,
		RelativePath: strings.Trim(strings.ReplaceAll(s.PackageRelativePath, `\`, "/"), "/"),
		Version:      n.version,
		Applications: make([]berth.Application, 0, len(s.PackageApplications)),
		Dependencies: make([]berth.Dependency, 0, len(s.PackageDependencies)),
	}
	// A text that is no version stays in what was declared; here the full name counts.
	if v, err := berth.ParseVersion(s.Version); err == nil {
		p.Version = v
	}
	for _, a := range s.PackageApplications {
		p.Applications = append(p.Applications, berth.Application{ID: a.AppID, AppUserModelID: a.AppUserModelID,
			DisplayName: a.FriendlyName, Description: a.Description})
	}
	for _, d := range s.PackageDependencies {
		p.Dependencies = append(p.Dependencies, berth.Dependency{Name: d.DependencyName, Publisher: d.Publisher, MinVersion: d.MinVersion})
	}
	return p
}

type fullName struct {
	name, architecture, resource, family string
	version                              berth.Version
}

// parseFullName reads Name_Version_Architecture_ResourceId_PublisherId; the resource id is often empty. A text of another
// form gives nothing. Source: Microsoft Learn, "Package identity".
func parseFullName(text string) (n fullName) {
	parts := strings.Split(text, "_")
	if len(parts) != 5 || parts[0] == "" || parts[4] == "" {
		return n
	}
	v, err := berth.ParseVersion(parts[1])
	architecture := strings.ToLower(parts[2])
	if err != nil || !slices.Contains([]string{"x86", "x64", "arm", "arm64", "x86a64", "neutral"}, architecture) {
		return n
	}
	return fullName{name: parts[0], version: v, architecture: architecture, resource: parts[3], family: parts[0] + "_" + parts[4]}
}
