package wire

import "berth"

// AddPublication offers an application of a package.
type AddPublication struct {
	Name        string   `json:"name"`
	Family      string   `json:"family" doc:"package family name"`
	Application string   `json:"application" doc:"id of the application in the package's manifest"`
	Users       []string `json:"users,omitempty" doc:"names of users and groups; none: everyone"`
	Hosts       []string `json:"hosts,omitempty" doc:"hosts that it is offered from"`
	Pools       []string `json:"pools,omitempty" doc:"pools whose hosts it is offered from"`
}

// EditPublication changes a publication; what is absent stays, a list replaces the whole list.
type EditPublication struct {
	Users *[]string `json:"users,omitempty" doc:"names of users and groups; an empty list: everyone"`
	Hosts *[]string `json:"hosts,omitempty"`
	Pools *[]string `json:"pools,omitempty"`
}

// PublicationView is a publication as drafted, with the hosts that offer its application. One whose deletion is drafted is
// shown as it still is.
type PublicationView struct {
	berth.Publication
	Revision int64           `json:"revision"`
	Pending  string          `json:"pending,omitempty"` // what is drafted: create, update or delete
	Offers   []PublishedHost `json:"offers"`            // by the name of the host
	Gone     []string        `json:"gone,omitempty"`    // "host X", "pool Y": named, and not there
}

// PublishedHost is a host that a publication names, by itself or by its pool.
type PublishedHost struct {
	Host    string `json:"host"`
	From    string `json:"from"`              // "host", or "pool NAME"
	Now     string `json:"now,omitempty"`     // full name of the package that it offers the application of; empty: none
	Drafted string `json:"drafted,omitempty"` // the same once the drafts are applied
	Why     string `json:"why,omitempty"`     // nothing is offered once the drafts are applied
}

// AssignedHost is a host that has a version of a package by its plan, or that a draft would give it to.
type AssignedHost struct {
	Host     string         `json:"host"`
	HostKind berth.HostKind `json:"hostKind"`
	Pool     string         `json:"pool,omitempty"`    // as drafted
	Now      *Holding       `json:"now,omitempty"`     // nil: it does not have it
	Drafted  *Holding       `json:"drafted,omitempty"` // nil: it will not have it once the drafts are applied
}

// Holding says by what a host has a version of a package: by a row of a list, because others need it, or by both.
type Holding struct {
	Level        berth.Level        `json:"level,omitempty"`    // of the list; empty: by no list
	Owner        string             `json:"owner,omitempty"`    // the host, pool or kind whose list it is
	Selector     string             `json:"selector,omitempty"` // "tag Production", "version ..."
	Exact        bool               `json:"exact,omitempty"`    // by exact version, not by tag
	Tag          berth.TagID        `json:"tag,omitempty"`
	Registration berth.Registration `json:"registration,omitempty"`
	Conflict     bool               `json:"conflict,omitempty"` // more versions carry the tag; this is the highest
	NeededBy     []string           `json:"neededBy,omitempty"` // full names of planned packages that depend on it
}

// CertificateView is everything about a signer's certificate.
type CertificateView struct {
	berth.CertificateDetails
	Forecast berth.Forecast `json:"forecast"`
}
