package wire

import (
	"time"

	"berth"
)

// HostPackage is one package on one host: what is asked, why, and how it stands.
type HostPackage struct {
	Host        string       `json:"host"`
	HostKind    string       `json:"hostKind"`
	Family      string       `json:"family"`
	FullName    string       `json:"fullName,omitempty"` // empty when no version was found
	DisplayName string       `json:"displayName"`
	Version     string       `json:"version,omitempty"`
	Selector    string       `json:"selector"` // "tag Production", "version ...", or empty when no longer assigned
	Row         *berth.Row   `json:"row,omitempty"`
	Sessions    int          `json:"sessions"`
	Status      berth.Status `json:"status"`
}

// HostView is a host as administrators see it.
type HostView struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Kind       berth.HostKind `json:"kind"`
	Pool       string         `json:"pool,omitempty"`
	Inherit    bool           `json:"inherit"`
	EnrolledAt time.Time      `json:"enrolledAt"`
	LastSeen   time.Time      `json:"lastSeen"`
	Facts      berth.Facts    `json:"facts"`
	Counts     map[string]int `json:"counts,omitempty"` // packages by status

	Certificate HostCertificate `json:"certificate"`
	Notices     []berth.Notice  `json:"notices"` // what is remarkable about the host itself

	Revision int64 `json:"revision"`          // of its configuration: pool and own list
	Drafted  bool  `json:"drafted,omitempty"` // its configuration has a pending change
}

// PoolView is a pool as drafted, with its revision.
type PoolView struct {
	berth.Pool
	Revision int64 `json:"revision"`
	Drafted  bool  `json:"drafted,omitempty"` // it has a pending change
	Hosts    int   `json:"hosts"`             // in it, as drafted
}

// PackageView is a package of the catalogue with its revision.
type PackageView struct {
	berth.Package
	Revision int64  `json:"revision"`
	TagNames string `json:"tagNames,omitempty"` // present names of the tags, separated by ", "

	// DependencyChecks are all dependencies, also those of the frameworks that it needs, held against the catalogue.
	DependencyChecks []berth.DependencyCheck `json:"dependencyChecks,omitempty"`
}

// Assignments is the list of one holder.
type Assignments struct {
	Holder      string             `json:"holder"` // "host rdsh-01", "pool ...", "site defaults of rdsh"
	Inherit     bool               `json:"inherit"`
	Assignments []berth.Assignment `json:"assignments"`
	Revision    int64              `json:"revision"`

	// Dependencies are those of what was just assigned; Warnings say in words which of them will not come along.
	Dependencies []berth.DependencyCheck `json:"dependencies,omitempty"`
	Warnings     []string                `json:"warnings,omitempty"`
}

// AddPackage asks to add a package of an image to the catalogue.
type AddPackage struct {
	ImagePath   string   `json:"imagePath" doc:"path of the image as the hosts open it"`
	FullName    string   `json:"fullName,omitempty" doc:"which package, where the image holds several"`
	DisplayName string   `json:"displayName,omitempty"`
	Tags        []string `json:"tags,omitempty" doc:"version tags by name or id"`
	Disabled    bool     `json:"disabled,omitempty"`
	OnFailure   string   `json:"onFailure,omitempty" doc:"health of an AVD host where it is not staged: Unhealthy, NeedsAssistance (unless said otherwise) or DoNotFail"`
}

// EditPackage changes properties of a package; what is absent stays.
type EditPackage struct {
	DisplayName *string   `json:"displayName,omitempty"`
	Enabled     *bool     `json:"enabled,omitempty"`
	Tags        *[]string `json:"tags,omitempty" doc:"the whole new list, by name or id"`
	OnFailure   *string   `json:"onFailure,omitempty" doc:"health of an AVD host where it is not staged: Unhealthy, NeedsAssistance (unless said otherwise) or DoNotFail"`
}

// TagPackage puts a version tag on a package.
type TagPackage struct {
	Tag  string `json:"tag"`
	Move bool   `json:"move,omitempty" doc:"take the tag from all other versions of the family in the same change"`
}

// Assign puts an assignment into a list.
type Assign struct {
	Family       string             `json:"family,omitempty" doc:"package family name; not needed with an exact version"`
	Version      string             `json:"version,omitempty" doc:"full name of the exact version"`
	Tag          string             `json:"tag,omitempty" doc:"or a version tag, by name or id"`
	Registration berth.Registration `json:"registration,omitempty" enum:"atLogon,onDemand"`
}

// SetInherit switches whether a host or pool takes the list of the level above.
type SetInherit struct {
	Inherit bool `json:"inherit"`
}

// AddPool makes a pool.
type AddPool struct {
	Name string         `json:"name"`
	Kind berth.HostKind `json:"kind" enum:"rdsh,vdi,avd"`
	Now  bool           `json:"now,omitempty" doc:"apply at once, without touching other drafts"`
}

// SetHostPool moves a host into a pool, or out of its pool with an empty name.
type SetHostPool struct {
	Pool string `json:"pool"`
}

// EditSettings changes the site's switches; what is absent stays.
type EditSettings struct {
	Enabled               *bool `json:"enabled,omitempty"`
	ProvisionCertificates *bool `json:"provisionCertificates,omitempty"`
	DisablingMinutes      *int  `json:"disablingMinutes,omitempty" minimum:"0" maximum:"43200" doc:"how long sessions keep what a host should no longer have, then it is taken from them; 0: until they end"`

	Cache  *EditCache         `json:"cache,omitempty" doc:"copies of images on the hosts"`
	Verify *berth.VerifyDepth `json:"verify,omitempty" enum:"code,all" doc:"how much of a package hosts compare with its block map"`
}

// EditCache changes how hosts keep copies of images; what is absent stays.
type EditCache struct {
	Enabled        *bool  `json:"enabled,omitempty"`
	MaxBytes       *int64 `json:"maxBytes,omitempty" doc:"that the copies may take on each host; 0: no bound but the host's own"`
	BytesPerSecond *int64 `json:"bytesPerSecond,omitempty" doc:"that a host reads from the share for copies; 0: no bound"`
}

// RenameTag gives a version tag another name.
type RenameTag struct {
	Name string `json:"name"`
}

// ChooseChanges chooses pending changes by name; none means all.
type ChooseChanges struct {
	Changes []string `json:"changes,omitempty"`
}

// AppliedChanges is what an apply did.
type AppliedChanges struct {
	Generation int64          `json:"generation"`
	Applied    []berth.Change `json:"applied"`
}

// CreateToken makes an API token.
type CreateToken struct {
	Name string     `json:"name"`
	Role berth.Role `json:"role" enum:"owner,contributor,reader"`
	Site string     `json:"site,omitempty" doc:"empty: every site"`
	Days int        `json:"days,omitempty" doc:"0: does not expire"`
}

// CreateEnrollKey makes an enrolment key.
type CreateEnrollKey struct {
	Name    string         `json:"name,omitempty"`
	Kind    berth.HostKind `json:"kind" enum:"rdsh,vdi,avd"`
	Pool    string         `json:"pool,omitempty"`
	MaxUses int            `json:"maxUses,omitempty" doc:"1 unless said otherwise; negative: no limit"`
	Hours   int            `json:"hours,omitempty" doc:"24 unless said otherwise"`
}

// Secret is a credential as it is given out: the text is shown this once.
type Secret struct {
	berth.Credential
	Text string `json:"text"`
}

// CreateSite makes a site.
type CreateSite struct {
	Name     string `json:"name"`
	Location string `json:"location,omitempty"`
}

// Problem is an error of the native API (RFC 9457).
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Kind   string `json:"kind"`
	Code   string `json:"code,omitempty"`
	Field  string `json:"field,omitempty"`
	Remedy string `json:"remedy,omitempty"`
	Trace  string `json:"requestId,omitempty"`

	Meanwhile []berth.Meanwhile `json:"meanwhile,omitempty" doc:"of an edit of an older revision: what others changed since, in order"`
}
