package berth

import (
	"encoding/json"
	"time"
)

// HostKind is the kind of a session host, and of the pools that gather them.
type HostKind string

// The three kinds of host.
const (
	KindRDSH HostKind = "rdsh" // RD Session Host; its pools are groups
	KindVDI  HostKind = "vdi"  // VM of a virtual desktop pool
	KindAVD  HostKind = "avd"  // Azure Virtual Desktop host; its pools are host pools
)

// HostKinds lists the kinds.
var HostKinds = []HostKind{KindRDSH, KindVDI, KindAVD}

// ParseHostKind reads the name of a kind.
func ParseHostKind(s string) (HostKind, error) {
	for _, k := range HostKinds {
		if Fold(s) == string(k) {
			return k, nil
		}
	}
	return "", Errorf(Invalid, "%q is no kind of host", s).On("kind").With("use rdsh, vdi or avd")
}

// Registration says when the applications of a package are registered in a session.
type Registration string

// The two registration modes; Azure calls them regular and delayed.
const (
	AtLogon  Registration = "atLogon"
	OnDemand Registration = "onDemand"
)

// Assignment gives hosts a package family: by exact version, or by whatever version carries a tag.
type Assignment struct {
	Family       string       `json:"family"`            // package family name
	Version      string       `json:"version,omitempty"` // full name of the exact version
	Tag          TagID        `json:"tag,omitempty"`     // or the version tag
	Registration Registration `json:"registration"`
}

// Pool is a collection of hosts of one kind.
type Pool struct {
	Name        string       `json:"name"`
	Kind        HostKind     `json:"kind"`
	Inherit     bool         `json:"inherit"` // takes the whole list of the site defaults
	Assignments []Assignment `json:"assignments"`

	// Azure is what a client of Azure's interface said of the pool, nil when none did. Only that interface makes use of it.
	Azure *AzureResource `json:"azure,omitempty"`
}

// AzureResource is a resource as a client of Azure's interface described it: it is echoed as it came.
type AzureResource struct {
	Document       json.RawMessage `json:"document"` // a JSON object: what the client may write, such as location, tags and properties
	CreatedAt      time.Time       `json:"createdAt"`
	CreatedBy      string          `json:"createdBy"`
	CreatedByType  string          `json:"createdByType"` // User or Application
	ModifiedAt     time.Time       `json:"modifiedAt"`
	ModifiedBy     string          `json:"modifiedBy"`
	ModifiedByType string          `json:"modifiedByType"`
}

// Defaults are the assignments that a site gives each kind of host.
type Defaults struct {
	Kind        HostKind     `json:"kind"`
	Assignments []Assignment `json:"assignments"`
}

// HostConfig is what administrators set about one host.
type HostConfig struct {
	Name        string       `json:"name"`
	Kind        HostKind     `json:"kind"`
	Pool        string       `json:"pool,omitempty"`
	Inherit     bool         `json:"inherit"` // takes the whole list of its pool, else of the site defaults
	Assignments []Assignment `json:"assignments"`

	// Azure is what a client of Azure's interface said of the host, nil when none did. Only that interface makes use of it.
	Azure *AzureResource `json:"azure,omitempty"`
}

// Declaration is a package as a client of Azure's interface described it for one host pool. It is echoed as it came; what
// the image says stands in the catalogue beside it.
type Declaration struct {
	Pool           string    `json:"pool"`
	FullName       string    `json:"fullName"`
	Properties     []byte    `json:"properties"` // the JSON object as put, without isActive, which the assignment holds
	CreatedAt      time.Time `json:"createdAt"`
	CreatedBy      string    `json:"createdBy"`
	CreatedByType  string    `json:"createdByType"` // User or Application
	ModifiedAt     time.Time `json:"modifiedAt"`
	ModifiedBy     string    `json:"modifiedBy"`
	ModifiedByType string    `json:"modifiedByType"`
}
