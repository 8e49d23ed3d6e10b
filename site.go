package berth

import (
	"strings"
	"time"
)

// Site is one administrative unit of the farm, with settings, a catalogue and hosts of its own. Its name is the resource
// group under which Azure's clients find it.
type Site struct {
	Name           string    `json:"name"`
	SubscriptionID string    `json:"subscriptionId"` // a UUID, one for the farm
	Location       string    `json:"location"`
	Generation     int64     `json:"generation"` // rises by one with every apply
	CreatedAt      time.Time `json:"createdAt"`
}

// Settings are the site's switches and the names of its three version tags.
type Settings struct {
	Enabled               bool `json:"enabled"`               // the application packages feature as a whole
	ProvisionCertificates bool `json:"provisionCertificates"` // hosts install the signers' certificates themselves
	Tags                  Tags `json:"tags"`

	Cache  CacheSettings `json:"cache,omitzero"`   // copies of the images on the hosts; the zero value: none
	Verify VerifyDepth   `json:"verify,omitempty"` // how much of a package hosts check; empty: VerifyCode

	// DisablingMinutes is how long a package that a host should no longer have stays with the sessions that use it. Then it
	// is taken from them, which loses what they have not saved; 0, which is usual: it stays until they end.
	DisablingMinutes int `json:"disablingMinutes,omitempty"`
}

// MostDisablingMinutes is the longest deadline: thirty days.
const MostDisablingMinutes = 30 * 24 * 60

// CheckDisabling refuses a deadline that there cannot be.
func CheckDisabling(minutes int) error {
	if minutes >= 0 && minutes <= MostDisablingMinutes {
		return nil
	}
	return Errorf(Invalid, "there is no deadline of %d minutes", minutes).On("disablingMinutes").
		With("use 1 to 43200 minutes, which are thirty days, or 0 for no deadline")
}

// DefaultSettings are those of a new site: the feature is on, certificates are provisioned, tags bear their usual names.
func DefaultSettings() Settings {
	return Settings{Enabled: true, ProvisionCertificates: true, Tags: Tags{
		{ID: TagProduction, Name: "Production"}, {ID: TagPreProduction, Name: "Pre-production"}, {ID: TagCustom, Name: "Custom"},
	}}
}

// TagID names one of the three labels of a site for good, whatever it is called at present.
type TagID string

// The three version tags: renamed, never added or deleted.
const (
	TagProduction    TagID = "production"
	TagPreProduction TagID = "preProduction"
	TagCustom        TagID = "custom"
)

// Tag is a version tag with its present name.
type Tag struct {
	ID   TagID  `json:"id"`
	Name string `json:"name"`
}

// Tags are the three version tags of a site.
type Tags [3]Tag

// Find returns the tag of that name or id, without regard to case; the error lists the tags there are.
func (t Tags) Find(name string) (Tag, error) {
	for _, tag := range t {
		if Fold(tag.Name) == Fold(name) || Fold(string(tag.ID)) == Fold(name) {
			return tag, nil
		}
	}
	return Tag{}, Errorf(NotFound, "there is no version tag %q", name).On("tag").
		With("use one of " + t.names() + "; tags can be renamed, not added")
}

// Name returns the present name of the tag.
func (t Tags) Name(id TagID) string {
	for _, tag := range t {
		if tag.ID == id {
			return tag.Name
		}
	}
	return string(id)
}

func (t Tags) names() string {
	var names []string
	for _, tag := range t {
		names = append(names, tag.Name)
	}
	return strings.Join(names, ", ")
}
