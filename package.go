package berth

import (
	"slices"
	"time"
)

// Package is one version of an MSIX package in a site's catalogue. Its key is the package full name.
type Package struct {
	FullName             string        `json:"fullName"`
	FamilyName           string        `json:"familyName"`
	Name                 string        `json:"name"`
	Publisher            string        `json:"publisher"` // the distinguished name in the manifest
	PublisherDisplayName string        `json:"publisherDisplayName,omitempty"`
	Version              Version       `json:"version"`
	Architecture         string        `json:"architecture"` // x86, x64, arm, arm64, x86a64 or neutral
	ResourceID           string        `json:"resourceId,omitempty"`
	DisplayName          string        `json:"displayName"` // as the administrator calls it
	Framework            bool          `json:"framework,omitempty"`
	ImagePath            string        `json:"imagePath"`          // as the hosts open it
	RelativePath         string        `json:"relativePath"`       // folder of the package in the image, with /
	MinBuild             int           `json:"minBuild,omitempty"` // lowest Windows build, 0 when the manifest names none
	Enabled              bool          `json:"enabled"`            // enabled in the site
	Tags                 []TagID       `json:"tags,omitempty"`     // any number of the three
	Applications         []Application `json:"applications"`
	Dependencies         []Dependency  `json:"dependencies"`
	Certificate          *Certificate  `json:"certificate,omitempty"`
	Observed             *Observation  `json:"observed,omitempty"`  // nil: only declared, the image was never read
	Findings             []string      `json:"findings,omitempty"`  // what an administrator should know about it
	OnFailure            string        `json:"onFailure,omitempty"` // health of an AVD host where it is not staged; empty: NeedsAssistance
	AddedAt              time.Time     `json:"addedAt"`
	AddedBy              string        `json:"addedBy"`
	Retiring             bool          `json:"retiring,omitempty"` // deleted by force: goes once the last host has let go
	Visiting             bool          `json:"visiting,omitempty"` // came by Azure's interface alone: goes with the last resource that means it
}

// Observation is what reading the image gave: the facts against which a host compares what it finds later.
type Observation struct {
	At              time.Time `json:"at"`
	Format          string    `json:"format"`     // vhd, vhdx, raw
	FileSystem      string    `json:"fileSystem"` // NTFS, FAT32, ...
	ImageSize       int64     `json:"imageSize"`  // bytes of the image file
	Files           int       `json:"files"`      // files in the package
	Bytes           int64     `json:"bytes"`      // bytes in the package
	BlockMapSHA256  string    `json:"blockMapSha256"`
	Signature       string    `json:"signature"` // pass, fail or absent
	VerifiedContent bool      `json:"verifiedContent"`
}

// Application is one application of a package.
type Application struct {
	ID             string   `json:"id"`
	AppUserModelID string   `json:"appUserModelId"` // family name, "!", application id
	DisplayName    string   `json:"displayName"`
	Description    string   `json:"description,omitempty"`
	Executable     string   `json:"executable,omitempty"` // relative to the package folder, as the manifest spells it
	Hidden         bool     `json:"hidden,omitempty"`     // its manifest keeps it out of lists of applications
	FileTypes      []string `json:"fileTypes,omitempty"`  // extensions that it opens, with the dot
	Protocols      []string `json:"protocols,omitempty"`  // schemes of links that it opens, without the colon
	IconPath       string   `json:"iconPath,omitempty"`   // file of its icon in the package, with /
	Icon           []byte   `json:"icon,omitempty"`       // the icon as a small PNG, at most 16 KiB
}

// Dependency is a framework package that the manifest asks for.
type Dependency struct {
	Name       string `json:"name"`
	Publisher  string `json:"publisher"`
	MinVersion string `json:"minVersion"`
	FamilyName string `json:"familyName,omitempty"` // empty when only declared by a client that does not say it
}

// Certificate describes the certificate that signed a package.
type Certificate struct {
	Subject     string    `json:"subject"`
	CommonName  string    `json:"commonName"`
	Issuer      string    `json:"issuer"`
	Thumbprint  string    `json:"thumbprint"` // SHA-1 of the certificate, upper-case hex, as Windows shows it
	NotBefore   time.Time `json:"notBefore"`
	NotAfter    time.Time `json:"notAfter"`
	KeySize     int       `json:"keySize"` // bits
	SelfSigned  bool      `json:"selfSigned"`
	Timestamped bool      `json:"timestamped"`
	DER         []byte    `json:"der"`             // the certificate itself
	Chain       [][]byte  `json:"chain,omitempty"` // the other certificates of the signature
}

// HasTag tells whether the package carries the tag.
func (p Package) HasTag(id TagID) bool { return slices.Contains(p.Tags, id) }

// Fits tells whether a host of that architecture and Windows build can run the package. What is not known, of the host
// or of the package, fits.
// Sources: package architectures in the app manifest schema; x64 hosts run x86, arm64 hosts run all but none of the reverse.
func (p Package) Fits(architecture string, build int) bool {
	if p.MinBuild > 0 && build > 0 && build < p.MinBuild {
		return false
	}
	return architecture == "" || p.Architecture == "" || slices.Contains(runs[Fold(architecture)], Fold(p.Architecture))
}

var runs = map[string][]string{
	"x86":   {"neutral", "x86", "x86a64"},
	"x64":   {"neutral", "x64", "x86", "x86a64"},
	"arm64": {"neutral", "arm64", "arm", "x64", "x86", "x86a64"},
	"arm":   {"neutral", "arm"},
}
