package berth

import "time"

// Level is where an effective assignment comes from.
type Level string

// The levels of inheritance, nearest to the host first.
const (
	LevelHost     Level = "host"
	LevelPool     Level = "pool"
	LevelDefaults Level = "defaults"
)

// Row is one effective assignment of a host with the answer to "why this version here".
type Row struct {
	Assignment Assignment `json:"assignment"`
	Level      Level      `json:"level"`
	Owner      string     `json:"owner"`                // the host, pool or kind whose list the row stands in
	FullName   string     `json:"fullName,omitempty"`   // the version chosen; empty when there is none
	Candidates []string   `json:"candidates,omitempty"` // every version that the selector fits, highest first
	Conflict   bool       `json:"conflict,omitempty"`   // more than one candidate for a tag
	Missing    string     `json:"missing,omitempty"`    // why no version was found
	Overrides  []string   `json:"overrides,omitempty"`  // levels that have this family too and are not asked
	Generation int64      `json:"generation"`           // at which the objects behind the row were last applied
	ChangedAt  time.Time  `json:"changedAt,omitzero"`   // when the last of these objects was changed or applied
}

// Plan is what one host must have.
type Plan struct {
	Site         string           `json:"site"`
	Generation   int64            `json:"generation"`
	Packages     []PlannedPackage `json:"packages"` // in the order in which to stage: dependencies first
	Certificates []Certificate    `json:"certificates"`

	Cache  *CacheSettings `json:"cache,omitempty"`  // keep copies of the images on the host; nil: none
	Verify VerifyDepth    `json:"verify,omitempty"` // how much of a staged package is checked; empty: VerifyCode

	DisablingMinutes int `json:"disablingMinutes,omitempty"` // how long sessions keep what left the plan; 0: until they end
}

// PlannedPackage is one package of a plan at an exact version.
type PlannedPackage struct {
	FullName       string        `json:"fullName"`
	FamilyName     string        `json:"familyName"`
	DisplayName    string        `json:"displayName"`
	Framework      bool          `json:"framework,omitempty"` // needed by another package; has nothing to register by itself
	ImagePath      string        `json:"imagePath"`
	RelativePath   string        `json:"relativePath"`
	Registration   Registration  `json:"registration"`
	Applications   []Application `json:"applications"`
	Thumbprint     string        `json:"thumbprint,omitempty"`     // of the signer as it was when the package was added
	BlockMapSHA256 string        `json:"blockMapSha256,omitempty"` // of the block map as it was when the package was added
}

// Package returns the planned package of that full name, nil when the plan has none.
func (p Plan) Package(fullName string) *PlannedPackage {
	for i := range p.Packages {
		if Fold(p.Packages[i].FullName) == Fold(fullName) {
			return &p.Packages[i]
		}
	}
	return nil
}
