package berth

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Store keeps everything that the server must remember. What Update has acknowledged by returning nil survives a crash
// of the process and of the machine.
type Store interface {
	// View runs fn on a consistent state that does not change meanwhile.
	View(ctx context.Context, fn func(Tx) error) error
	// Update runs fn alone and keeps what it wrote only if fn returns nil. fn must not call the store but through tx.
	Update(ctx context.Context, fn func(Tx) error) error
	// Close lets go of the store; nothing may use it afterwards.
	Close() error
}

// Tx is one transaction on the store.
type Tx interface {
	FarmStore
	AccountStore
	AuditStore
}

// FarmStore keeps what there is to manage.
type FarmStore interface {
	SiteStore
	ObjectStore
	HostStore
	SearchStore
	PreflightStore
	TimingStore
	TaskStore
}

// AccountStore keeps who may manage it.
type AccountStore interface {
	CredentialStore
	UserStore
	SessionStore
	ClientStore
}

// SiteStore keeps the sites.
type SiteStore interface {
	// Site returns the site of that name, in any case, or NotFound.
	Site(name string) (Site, error)
	// Sites returns every site, ordered by name.
	Sites() ([]Site, error)
	// PutSite creates or replaces the site.
	PutSite(Site) error
	// DeleteSite removes the site with its objects, its credentials and the roles in it; removing one that is not there is no
	// error. Its hosts must be gone; the audit stays.
	DeleteSite(name string) error
}

// ObjectStore keeps the configuration objects.
type ObjectStore interface {
	// Object returns the object or NotFound.
	Object(Ref) (Object, error)
	// PutObject creates or replaces the object. One that exists in neither view is removed.
	PutObject(Object) error
	// Objects returns the objects that fit the query, ordered by key.
	Objects(ObjectQuery) ([]Object, error)
}

// ObjectQuery chooses configuration objects of one site.
type ObjectQuery struct {
	Site    string
	Kind    ObjectKind // empty: every kind
	Family  string     // of packages: this family only
	Prefix  string     // keys that begin so
	Drafted bool       // only those with a draft
	After   string     // only keys behind this one: for paging, with a Kind
	Limit   int        // 0: all
	Retired bool       // of packages: only those deleted by force, see Object.Retired
	Alone   bool       // of hosts: only those with a list of their own or a draft, see Placement.Alone
	ObjectFilter
}

// HostStore keeps the hosts and their facts.
type HostStore interface {
	// Host returns the host of that id, or NotFound.
	Host(id string) (Host, error)
	// HostByName returns the site's host of that name, in any case, or NotFound.
	HostByName(site, name string) (Host, error)
	// Hosts returns the site's hosts ordered by name; with a limit the next ones behind the name after.
	Hosts(site, after string, limit int) ([]Host, error)
	// PutHost creates or replaces the host.
	PutHost(Host) error
	// DeleteHost removes the host; removing one that is not there is no error.
	DeleteHost(id string) error
}

// CredentialStore keeps tokens and enrolment keys.
type CredentialStore interface {
	// Credential returns the credential of that id, or NotFound.
	Credential(id string) (Credential, error)
	// Credentials returns the credentials of a kind, oldest first.
	Credentials(CredentialKind) ([]Credential, error)
	// PutCredential creates or replaces the credential.
	PutCredential(Credential) error
}

// AuditStore keeps the audit. It only grows.
type AuditStore interface {
	// AppendAudit adds the entry and gives it its id.
	AppendAudit(AuditEntry) error
	// Audit returns entries, newest first.
	Audit(AuditQuery) ([]AuditEntry, error)
}

// AuditQuery chooses audit entries.
type AuditQuery struct {
	Site   string
	Kind   ObjectKind
	Key    string
	Prefix string // keys that begin so
	Before int64  // only entries older than this id; 0: from the newest
	Limit  int    // 0: all
}

// Load reads the object's document in that view into a T; a missing one is NotFound, named after the ref.
func Load[T any](tx ObjectStore, v View, ref Ref) (T, error) {
	var t T
	o, err := tx.Object(ref)
	if err != nil && !IsNotFound(err) {
		return t, err
	}
	doc := o.Document(v)
	if doc == nil {
		return t, Errorf(NotFound, "site %s has no %s %q", ref.Site, ref.Kind, ref.Key).On(string(ref.Kind)).With(lists[ref.Kind])
	}
	return t, decode(o, doc, &t)
}

// lists say where to see what there is of a kind; empty for what is always there.
var lists = map[ObjectKind]string{
	ObjectPackage: "see `berth package list`", ObjectPool: "see `berth pool list`", ObjectHost: "see `berth host list`",
	ObjectPublication: "see `berth published list`",
}

// LoadOr is Load with a value for the case that there is no such object.
func LoadOr[T any](tx ObjectStore, v View, ref Ref, otherwise T) (T, error) {
	t, err := Load[T](tx, v, ref)
	if IsNotFound(err) {
		return otherwise, nil
	}
	return t, err
}

// LoadAll reads the documents of all objects that fit the query and exist in that view.
func LoadAll[T any](tx ObjectStore, v View, q ObjectQuery) ([]T, error) {
	objects, err := tx.Objects(q)
	if err != nil {
		return nil, err
	}
	ts := make([]T, 0, len(objects))
	for _, o := range objects {
		doc := o.Document(v)
		if doc == nil {
			continue
		}
		var t T
		if err := decode(o, doc, &t); err != nil {
			return nil, err
		}
		ts = append(ts, t)
	}
	return ts, nil
}

func decode(o Object, doc json.RawMessage, into any) error {
	if err := json.Unmarshal(doc, into); err != nil {
		return fmt.Errorf("stored %s %q of site %s: %w", o.Kind, o.Name, o.Site, err)
	}
	return nil
}

// Edit is one change of a configuration object by somebody.
type Edit struct {
	Ref    Ref
	Name   string // the key as it was typed
	Family string // of packages
	Retire bool   // of packages: deleted by force, in the draft or already applied
	Draft  any    // the document that administrators see from now on; nil deletes it
	By     string
	At     time.Time
	Expect int64 // the revision that the editor saw; 0: any
	Behind int64 // of an object that is new: the last revision that another of its name had, which is not given again

	// Generation > 0 applies at once, and alone: Applied is what hosts see from that generation on, nil deletes it.
	Generation int64
	Applied    any
}

// Write stores the edit and returns the object as it is now and was before. A draft that equals what is applied is no
// draft. An edit of an older revision is refused as Precondition. Name and family of an object that is there stay: a
// drafted deletion says neither, and hosts are still planned from what is applied.
func Write(tx ObjectStore, e Edit) (now, before Object, err error) {
	before, err = tx.Object(e.Ref)
	if err != nil && !IsNotFound(err) {
		return now, before, err
	}
	if e.Expect != 0 && e.Expect != before.Revision {
		return now, before, changedMeanwhile(e, before)
	}
	now = before
	now.Ref, now.Retired = e.Ref, e.Retire
	now.Name, now.Family = cmp.Or(before.Name, e.Name), cmp.Or(Fold(e.Family), before.Family)
	now.Revision, now.ChangedAt, now.ChangedBy = max(before.Revision, e.Behind)+1, e.At, e.By
	if now.Draft, err = encode(e.Draft); err != nil {
		return now, before, err
	}
	if e.Generation > 0 {
		if now.Applied, err = encode(e.Applied); err != nil {
			return now, before, err
		}
		now.AppliedGeneration = e.Generation
	}
	now.Drafted = string(now.Draft) != string(now.Applied)
	return now, before, tx.PutObject(now)
}

func changedMeanwhile(e Edit, before Object) *Error {
	const remedy = "look at the newest state, then change it again"
	if before.Revision == 0 {
		return Errorf(Precondition, "%s %q is not there any more (yours was revision %d)", e.Ref.Kind, e.Name, e.Expect).With(remedy)
	}
	return Errorf(Precondition, "%s %q was changed by %s meanwhile (revision %d, yours was %d)",
		e.Ref.Kind, e.Name, before.ChangedBy, before.Revision, e.Expect).With(remedy)
}

func encode(doc any) (json.RawMessage, error) {
	if doc == nil {
		return nil, nil
	}
	return json.Marshal(doc)
}

// IsNotFound tells whether err says that something is not there.
func IsNotFound(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == NotFound
}
