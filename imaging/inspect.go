package imaging

import (
	"context"
	"time"

	"berth"
)

// Image is what inspecting an image tells: the stable JSON of `berth image inspect`.
type Image struct {
	Path           string    `json:"path"`
	Size           int64     `json:"size"`              // bytes of the file
	Format         string    `json:"format"`            // vhd, vhdx, cim or raw
	Subformat      string    `json:"subformat"`         // fixed, dynamic or differencing; the version of a cim
	Parents        []string  `json:"parents,omitempty"` // files that a differencing image stands on, the nearest first
	VirtualSize    int64     `json:"virtualSize"`
	SectorSize     int       `json:"sectorSize"`
	PartitionTable string    `json:"partitionTable"` // gpt, mbr or none
	Volumes        []Volume  `json:"volumes"`
	Packages       []Package `json:"packages"`
	Unverified     bool      `json:"unverified,omitempty"` // the format is read without anybody having confirmed that it is read right
	Notes          []string  `json:"notes,omitempty"`      // of the image; of volumes and packages that could not be read, why
}

// Volume is one volume of an image.
type Volume struct {
	Index      int    `json:"index"`
	Start      int64  `json:"start"` // bytes from the start of the virtual disk
	Size       int64  `json:"size"`
	FileSystem string `json:"fileSystem"`
	Label      string `json:"label,omitempty"`
}

// Package is one package of an image.
type Package struct {
	Path         string              `json:"path"`   // folder in its volume, with slashes
	Volume       int                 `json:"volume"` // index of the volume
	Identity     Identity            `json:"identity"`
	FamilyName   string              `json:"familyName"`
	FullName     string              `json:"fullName"`
	DisplayName  string              `json:"displayName"`
	Publisher    string              `json:"publisherDisplayName,omitempty"` // as people read it; the identity has the exact one
	Description  string              `json:"description,omitempty"`
	Framework    bool                `json:"framework,omitempty"`
	Resource     bool                `json:"resourcePackage,omitempty"` // languages or scales of another package
	Applications []berth.Application `json:"applications"`
	Dependencies []berth.Dependency  `json:"dependencies"`
	MainPackages []berth.Dependency  `json:"mainPackages,omitempty"` // packages that this one extends
	Targets      []Target            `json:"targetDeviceFamilies"`
	Capabilities []string            `json:"capabilities"`        // as the manifest has them: "internetClient", "rescap:runFullTrust"
	Languages    []string            `json:"languages,omitempty"` // BCP 47 tags
	Signature    Signature           `json:"signature"`
	Files        int                 `json:"files"`
	Bytes        int64               `json:"bytes"`
	Findings     []string            `json:"findings,omitempty"`
}

// Target is a kind of Windows that a package is made for. Packages of Windows 8 name none, only versions.
type Target struct {
	Name             string `json:"name,omitempty"`
	MinVersion       string `json:"minVersion"`
	MaxVersionTested string `json:"maxVersionTested"`
}

// Identity is the identity in a package's manifest.
type Identity struct {
	Name         string        `json:"name"`
	Publisher    string        `json:"publisher"`
	Version      berth.Version `json:"version"`
	Architecture string        `json:"architecture"`
	ResourceID   string        `json:"resourceId"`
}

// Signature is who signed a package; whether it holds is told by verifying.
type Signature struct {
	Present     bool      `json:"present"`
	Subject     string    `json:"subject,omitempty"`
	Issuer      string    `json:"issuer,omitempty"`
	Thumbprint  string    `json:"thumbprint,omitempty"` // SHA-1, upper-case hex
	NotBefore   time.Time `json:"notBefore,omitzero"`
	NotAfter    time.Time `json:"notAfter,omitzero"`
	KeySize     int       `json:"keySize,omitempty"` // bits
	Timestamped bool      `json:"timestamped,omitempty"`
}

// Inspect tells what is in the image without reading the content of the packages. A package that cannot be read is noted
// and does not hide the others.
func (l *Library) Inspect(ctx context.Context, imagePath string) (*Image, error) {
	img, err := l.open(ctx, imagePath)
	if err != nil {
		return nil, err
	}
	defer func() { _ = img.file.Close() }()
	defer img.until(ctx)()
	out := &Image{Path: imagePath, Size: img.file.Size, Format: img.Format, Subformat: img.Subformat, Parents: img.Parents, VirtualSize: img.Size,
		SectorSize: img.SectorSize, PartitionTable: img.PartitionTable.Scheme, Volumes: []Volume{}, Packages: []Package{}}
	for _, v := range img.Volumes {
		label, _ := v.Label() // a volume that cannot be opened is noted by find
		out.Volumes = append(out.Volumes, Volume{v.Index, v.Start, v.Size, v.FileSystem, label})
	}
	all, notes, err := img.find(ctx)
	if err != nil {
		return nil, err
	}
	out.Notes = append(img.Notes, notes...)
	out.Unverified = img.Unverified
	for _, f := range packages(all) {
		e, err := read(f)
		if err == nil {
			out.Packages = append(out.Packages, e.inspected(img.describe(e)))
			continue
		}
		if err = img.explain(ctx, f.dir, err); unavailable(err) {
			return nil, err
		}
		out.Notes = append(out.Notes, err.Error())
	}
	if err := img.source.failure(); err != nil { // else it would be only a finding of a package
		return nil, img.explain(ctx, "", err)
	}
	return out, nil
}

func (e *expanded) inspected(p berth.Package) Package {
	out := Package{Path: p.RelativePath, FamilyName: p.FamilyName, FullName: p.FullName,
		DisplayName: p.DisplayName, Publisher: p.PublisherDisplayName, Framework: p.Framework, Applications: p.Applications, Dependencies: p.Dependencies,
		Identity: Identity{p.Name, p.Publisher, p.Version, p.Architecture, p.ResourceID},
		Files:    p.Observed.Files, Bytes: p.Observed.Bytes, Findings: p.Findings}
	if e.volume != nil {
		out.Volume = e.volume.Index
	}
	e.addManifest(&out)
	if c := p.Certificate; c != nil {
		out.Signature = Signature{true, c.Subject, c.Issuer, c.Thumbprint, c.NotBefore, c.NotAfter, c.KeySize, c.Timestamped}
	}
	return out
}

// addManifest adds what the manifest says beside what a catalogue holds.
func (e *expanded) addManifest(out *Package) {
	m := e.manifest
	out.Description, out.Resource, out.Targets, out.Capabilities = e.description, m.Properties.ResourcePackage, []Target{}, []string{}
	for _, t := range m.Targets {
		out.Targets = append(out.Targets, Target{t.Name, t.MinVersion.String(), t.MaxVersionTested.String()})
	}
	for _, c := range m.Capabilities {
		out.Capabilities = append(out.Capabilities, c.String())
	}
	for _, d := range m.MainPackages {
		out.MainPackages = append(out.MainPackages, dependency(d))
	}
	for _, r := range m.Resources {
		if r.Language != "" {
			out.Languages = append(out.Languages, r.Language)
		}
	}
}
