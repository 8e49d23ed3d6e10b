package wire

import (
	"time"

	"berth"
)

// Page is a part of a list. Items come in the order of their names.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"ask for what comes after this name; absent on the last page"`
	Total *int   `json:"total,omitempty" doc:"how many fit in all, where that was asked for"`
}

// StatusSummary is how many packages on hosts stand how.
type StatusSummary struct {
	Hosts    int            `json:"hosts"`
	Rows     int            `json:"rows"`
	ByStatus map[string]int `json:"byStatus"`
}

// Preview is what hosts would get, lose and keep if pending changes were applied.
type Preview struct {
	Changes        []string               `json:"changes" doc:"names of the pending changes that it is about"`
	Generation     int64                  `json:"generation" doc:"what is applied now"`
	HostCount      int                    `json:"hostCount" doc:"hosts on which something would change"`
	Unchanged      int                    `json:"unchanged" doc:"hosts on which nothing would change"`
	Configurations []PreviewConfiguration `json:"configurations" doc:"each distinct change, for all the hosts that it is the same for"`
	Hosts          []PreviewHost          `json:"hosts" doc:"a page of the hosts on which something would change"`
	Next           string                 `json:"next,omitempty" doc:"ask for hosts after this name; absent on the last page"`
}

// PreviewConfiguration is a change that is the same for all hosts of one configuration.
type PreviewConfiguration struct {
	HostCount    int              `json:"hostCount"`
	Kind         berth.HostKind   `json:"kind"`
	Pool         string           `json:"pool,omitempty" doc:"the hosts' pool as it would be, folded"`
	Architecture string           `json:"architecture,omitempty"`
	Build        int              `json:"build,omitempty"`
	Rows         []PreviewRow     `json:"rows"`
	Frameworks   []PreviewPackage `json:"frameworks,omitempty" doc:"packages that come or go because others need them"`
}

// PreviewRow is what would change for one package family.
type PreviewRow struct {
	Family      string       `json:"family"`
	DisplayName string       `json:"displayName"`
	Action      string       `json:"action" enum:"assign,remove,replace,register"`
	Before      *PreviewSide `json:"before,omitempty" doc:"absent: not assigned now"`
	After       *PreviewSide `json:"after,omitempty" doc:"absent: not assigned then"`
	Words       string       `json:"words"`
}

// PreviewSide is one side of a PreviewRow.
type PreviewSide struct {
	FullName     string             `json:"fullName,omitempty"`
	Version      string             `json:"version,omitempty"`
	Missing      string             `json:"missing,omitempty" doc:"why no version was found"`
	Level        berth.Level        `json:"level"`
	Owner        string             `json:"owner"`
	Selector     string             `json:"selector"`
	Registration berth.Registration `json:"registration"`
}

// PreviewPackage is a framework that would come or go.
type PreviewPackage struct {
	FullName string `json:"fullName"`
	Action   string `json:"action" enum:"stage,letGo"`
}

// PreviewHost is a host on which something would change.
type PreviewHost struct {
	Host          string `json:"host"`
	Configuration int    `json:"configuration" doc:"index into configurations"`
}

// AuditEntry is an entry of the audit with what it changed, field by field.
type AuditEntry struct {
	berth.AuditEntry
	Changes []berth.FieldChange `json:"changes" doc:"what differs between before and after"`
}

// Revert asks to put an object back as it was before an audit entry.
type Revert struct {
	Force bool `json:"force,omitempty" doc:"even though somebody else changed the object since"`
}

// Reverted is what became of a revert.
type Reverted struct {
	Entry   int64  `json:"entry"`
	Change  string `json:"change" doc:"the object, as pending changes are named"`
	Pending bool   `json:"pending" doc:"false: the object is now as hosts see it, nothing is left to apply"`
}

// RollBackTag names the family for which a tag goes back to the version it meant before.
type RollBackTag struct {
	Family string `json:"family"`
}

// Event says that something of a site changed. It carries no content: whoever hears of it looks.
type Event struct {
	ID         int64     `json:"id"`   // rises with every event of the server since its start
	Kind       string    `json:"kind"` // object, apply, host, task, hello or dropped
	At         time.Time `json:"at"`
	ObjectKind string    `json:"objectKind,omitempty"` // of object: package, pool, …
	Key        string    `json:"key,omitempty"`        // of object its key, of host the folded name
	Action     string    `json:"action,omitempty"`     // of object: as the audit says
	By         string    `json:"by,omitempty"`
	Revision   int64     `json:"revision,omitempty"`   // of object
	Generation int64     `json:"generation,omitempty"` // of apply and hello the site's, of host the one that it holds
	State      string    `json:"state,omitempty"`      // of task
	Resumed    bool      `json:"resumed,omitempty"`    // of hello: what was missed follows, nothing is old
}

// The kinds of event.
const (
	EventHello   = "hello"   // the first one: whatever was known before may be old
	EventObject  = "object"  // a configuration object was drafted, applied, discarded or removed
	EventApply   = "apply"   // the site has a new generation
	EventHost    = "host"    // a host reported other facts or another generation
	EventTask    = "task"    // a task was begun, went on or ended; the key is its id
	EventDropped = "dropped" // the last one: the client did not keep up; it must connect again and look at everything
)
