package wire

import (
	"encoding/json"

	"berth"
)

// DocumentVersion and DocumentKind are what every document says of itself.
const (
	DocumentVersion = "berth/v1"
	DocumentKind    = "Site"
)

// Document is all that administrators set in a site, and nothing that was observed. It does not name the site, so that
// what one site exported another can be made by. A part or a property that is absent is left as it is.
type Document struct {
	APIVersion string             `json:"apiVersion" doc:"berth/v1"`
	Kind       string             `json:"kind" doc:"Site"`
	Settings   *DocumentSettings  `json:"settings,omitempty"`
	Packages   []DocumentPackage  `json:"packages,omitzero" required:"false"`
	Pools      []DocumentPool     `json:"pools,omitzero" required:"false"`
	Defaults   []DocumentDefaults `json:"defaults,omitzero" required:"false"`
	Hosts      []DocumentHost     `json:"hosts,omitzero" required:"false"`

	Publications []DocumentPublication `json:"publications,omitzero" required:"false"`
}

// DocumentSettings are the site's switches and the names of its tags.
type DocumentSettings struct {
	Enabled               *bool         `json:"enabled,omitempty"`
	ProvisionCertificates *bool         `json:"provisionCertificates,omitempty"`
	DisablingMinutes      *int          `json:"disablingMinutes,omitempty" minimum:"0" maximum:"43200" doc:"how long sessions keep what a host should no longer have; 0: until they end"`
	Tags                  *DocumentTags `json:"tags,omitempty"`

	Cache  *EditCache         `json:"cache,omitempty"`
	Verify *berth.VerifyDepth `json:"verify,omitempty" enum:"code,all"`
}

// DocumentTags are the names of the three version tags.
type DocumentTags struct {
	Production    string `json:"production,omitempty"`
	PreProduction string `json:"preProduction,omitempty"`
	Custom        string `json:"custom,omitempty"`
}

// DocumentPackage is a package of the catalogue. One that is not there is added from its image.
type DocumentPackage struct {
	FullName    string   `json:"fullName"`
	ImagePath   string   `json:"imagePath,omitempty" doc:"path of the image as the hosts open it"`
	DisplayName string   `json:"displayName,omitempty"`
	Enabled     *bool    `json:"enabled,omitempty"`
	OnFailure   *string  `json:"onFailure,omitempty" doc:"health of an AVD host where it is not staged: Unhealthy, NeedsAssistance (unless said otherwise) or DoNotFail"`
	Tags        []string `json:"tags,omitzero" required:"false" doc:"version tags by id or name"`
}

// DocumentAssignment is one row of a list.
type DocumentAssignment struct {
	Family       string             `json:"family,omitempty" doc:"package family name, with a tag"`
	Tag          string             `json:"tag,omitempty" doc:"version tag by id or name"`
	Version      string             `json:"version,omitempty" doc:"or the full name of an exact version"`
	Registration berth.Registration `json:"registration,omitempty" doc:"atLogon, unless said otherwise, or onDemand"`
}

// DocumentPool is a pool.
type DocumentPool struct {
	Name        string               `json:"name"`
	Kind        berth.HostKind       `json:"kind"`
	Inherit     *bool                `json:"inherit,omitempty"`
	Assignments []DocumentAssignment `json:"assignments,omitzero" required:"false"`
}

// DocumentDefaults are the site defaults of one kind of host.
type DocumentDefaults struct {
	Kind        berth.HostKind       `json:"kind"`
	Assignments []DocumentAssignment `json:"assignments"`
}

// DocumentHost is the configuration of a host. Hosts themselves come by enrolment.
type DocumentHost struct {
	Name        string               `json:"name"`
	Pool        *string              `json:"pool,omitempty" doc:"empty: in no pool"`
	Inherit     *bool                `json:"inherit,omitempty"`
	Assignments []DocumentAssignment `json:"assignments,omitzero" required:"false"`
}

// DocumentPublication offers an application of a package.
type DocumentPublication struct {
	Name        string   `json:"name"`
	Family      string   `json:"family" doc:"package family name"`
	Application string   `json:"application" doc:"id of the application in the package's manifest"`
	Users       []string `json:"users,omitzero" required:"false" doc:"names of users and groups; an empty list: everyone"`
	Hosts       []string `json:"hosts,omitzero" required:"false" doc:"hosts that it is offered from"`
	Pools       []string `json:"pools,omitzero" required:"false" doc:"pools whose hosts it is offered from"`
}

// The actions of a DocumentObject.
const (
	ActionCreate    = "create"
	ActionUpdate    = "update"
	ActionDelete    = "delete"
	ActionUnchanged = "unchanged"
	ActionSkipped   = "skipped"
)

// DocumentObject is what a document means for one object.
type DocumentObject struct {
	Kind   berth.ObjectKind `json:"kind"`
	Name   string           `json:"name"`
	Action string           `json:"action"`           // create, update, delete, unchanged or skipped
	Reason string           `json:"reason,omitempty"` // why it was skipped
	Before json.RawMessage  `json:"before,omitempty"` // as drafted before, of what is updated or deleted
	After  json.RawMessage  `json:"after,omitempty"`  // as drafted by the document, of what is created or updated
}

// DocumentResult is what a document changed, or would change.
type DocumentResult struct {
	DryRun  bool             `json:"dryRun"` // nothing was changed
	Objects []DocumentObject `json:"objects"`
}
