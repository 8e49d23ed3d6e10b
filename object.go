package berth

import (
	"encoding/json"
	"time"
)

// ObjectKind is the sort of a configuration object.
type ObjectKind string

// The configuration objects of a site. Each is edited as a draft and applied on purpose.
const (
	ObjectSettings    ObjectKind = "settings"
	ObjectPackage     ObjectKind = "package"
	ObjectPool        ObjectKind = "pool"
	ObjectDefaults    ObjectKind = "defaults"
	ObjectHost        ObjectKind = "host"
	ObjectDeclaration ObjectKind = "declaration"
	ObjectPublication ObjectKind = "publication"
	ObjectAppAttach   ObjectKind = "appAttachPackage"
	ObjectGroup       ObjectKind = "resourceGroup" // what Azure's clients said of the site itself
)

// Ref names one configuration object.
type Ref struct {
	Site string     `json:"site"`
	Kind ObjectKind `json:"kind"`
	Key  string     `json:"key"` // folded: package full name, pool, host or publication name, host kind; "settings" for settings
}

// NewRef returns the ref with its key folded, so that names that differ in case alone are one object.
func NewRef(site string, kind ObjectKind, key string) Ref {
	return Ref{Site: Fold(site), Kind: kind, Key: Fold(key)}
}

// View chooses between what administrators have drafted and what hosts see.
type View int

// The two views of a configuration.
const (
	Applied View = iota // as applied: the only one that hosts are planned from
	Draft               // as drafted: applied objects with the drafts over them
)

// Object is a configuration object in both its states. A nil document in a state means that it does not exist there.
type Object struct {
	Ref
	Name              string          // the key as it was typed
	Family            string          // folded family name, of packages; empty for other kinds
	Retired           bool            // of packages: deleted by force, drafted or applied, and not gone yet
	Applied           json.RawMessage // what hosts see
	Draft             json.RawMessage // what administrators see; equal to Applied unless Drafted
	Drafted           bool
	Revision          int64 // rises with every edit and apply; the ETag
	AppliedGeneration int64 // the site's generation at the last apply
	ChangedAt         time.Time
	ChangedBy         string
}

// Document returns the object's JSON in that view, nil when it does not exist there.
func (o Object) Document(v View) json.RawMessage {
	if v == Applied {
		return o.Applied
	}
	return o.Draft
}

// Change is a drafted difference that waits to be applied.
type Change struct {
	Ref
	Name     string          `json:"name"`
	Action   string          `json:"action"` // create, update or delete
	Before   json.RawMessage `json:"before,omitempty"`
	After    json.RawMessage `json:"after,omitempty"`
	Revision int64           `json:"revision"`
	At       time.Time       `json:"at"`
	By       string          `json:"by"`
}

// Change returns the draft of the object as a difference; ok is false when there is none.
func (o Object) Change() (c Change, ok bool) {
	c = Change{Ref: o.Ref, Name: o.Name, Before: o.Applied, After: o.Draft, Revision: o.Revision, At: o.ChangedAt, By: o.ChangedBy}
	switch {
	case o.Applied == nil:
		c.Action = "create"
	case o.Draft == nil:
		c.Action = "delete"
	default:
		c.Action = "update"
	}
	return c, o.Drafted
}

// AuditEntry records one write, or one refusal.
type AuditEntry struct {
	ID      int64           `json:"id"`
	At      time.Time       `json:"at"`
	Site    string          `json:"site,omitempty"`
	Actor   string          `json:"actor"`
	Face    string          `json:"face"` // cli, api, arm, console, agent or server
	Action  string          `json:"action"`
	Kind    string          `json:"kind,omitempty"`
	Key     string          `json:"key,omitempty"`
	Before  json.RawMessage `json:"before,omitempty"`
	After   json.RawMessage `json:"after,omitempty"`
	Refused string          `json:"refused,omitempty"` // why, when it was not done

	Revision int64 `json:"revision,omitempty"` // of the object, as the edit made it; 0: no edit of an object
}
