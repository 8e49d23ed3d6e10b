// Package control holds the use cases of administrators and of agents. Each checks the right of the caller, changes the
// configuration, and writes the audit in one transaction; then it wakes whoever waits. It knows neither HTTP nor SQL.
package control

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"berth"
	"berth/auth"
	"berth/plan"
	"berth/wire"
)

// Library reads package images on behalf of the server.
type Library interface {
	// Read returns the packages in the image, each with what was observed of it.
	Read(ctx context.Context, imagePath string) ([]berth.Package, error)
	// Verify checks signature and content of the package whole: an error names the first file that is not as signed.
	Verify(ctx context.Context, p berth.Package) error
}

// Authority signs the certificates of hosts.
type Authority interface {
	// IssueHost certifies the key of a certificate request (PKCS#10, DER) for a host and returns the certificate and
	// its serial number in hex.
	IssueHost(csr []byte, hostID string) (der []byte, serial string, err error)
	// CertificateDER returns the authority's own certificate, DER.
	CertificateDER() []byte
}

// Options are what a Service works with. All but Version and Images are needed.
type Options struct {
	Store     berth.Store
	Library   Library
	Authority Authority
	Images    Images // nil: the server looks into no folder and makes no image
	Log       *slog.Logger
	Now       func() time.Time
	Random    io.Reader // for secrets and ids
	Version   string    // of this build, with which agents' are compared; may be empty
	// Derive returns the secret of an id, for a purpose: always the same. Without it there are no registration tokens.
	Derive func(purpose, id string) ([]byte, error)
}

// Service carries out the use cases.
type Service struct {
	store     berth.Store
	library   Library
	images    Images
	authority Authority
	log       *slog.Logger
	now       func() time.Time
	random    io.Reader
	version   string
	bell      *bell
	hub       *hub
	plans     *planCache
	guard     *guard
	asks      *asks
	derive    func(purpose, id string) ([]byte, error)
	tasks     *tasks
	started   time.Time
}

// New returns a Service over the options.
func New(o Options) *Service {
	return &Service{store: o.Store, library: o.Library, images: o.Images, authority: o.Authority, log: o.Log, now: o.Now, random: o.Random,
		version: o.Version, bell: newBell(), hub: newHub(o.Now()), plans: newPlanCache(), guard: newGuard(o), tasks: newTasks(), started: o.Now(),
		asks: newAsks(), derive: o.Derive}
}

// work is one use case under way: one transaction with its caller, its site and its moment.
type work struct {
	berth.Tx
	who  auth.Principal
	site berth.Site
	at   time.Time
	bump bool // the site's generation rises when the work is done
	now  bool // changes are applied at once, and alone

	expect int64 // the revision that the caller saw of the object that the use case names; 0: any

	families [2]map[string][]plan.Version // by view, then folded family name: what familyOf has read
	results  results                      // see compute
	events   []wire.Event                 // to be told once the work is done, see note
}

// view runs fn on a consistent state, for a caller who may read the site.
func (s *Service) view(ctx context.Context, site string, fn func(*work) error) error {
	return s.work(ctx, s.store.View, need{site, berth.RoleReader}, fn)
}

// update runs fn as one change by a caller who may make changes in the site, and wakes those who wait when it applied
// something.
func (s *Service) update(ctx context.Context, site string, fn func(*work) error) error {
	return s.change(ctx, need{site, berth.RoleContributor}, fn)
}

type need struct {
	site string
	role berth.Role
}

func (s *Service) change(ctx context.Context, n need, fn func(*work) error) error {
	var bumped bool
	var told []wire.Event
	err := s.work(ctx, s.store.Update, n, func(w *work) error {
		if err := fn(w); err != nil {
			return err
		}
		if rehearsing(ctx) && len(w.events) > 0 {
			return w.rehearsed()
		}
		bumped, told = w.bump, w.told()
		if w.bump {
			return w.PutSite(w.site)
		}
		return nil
	})
	if err == nil && bumped {
		s.bell.ring(n.site)
	}
	if err == nil {
		s.hub.tell(n.site, s.now(), told...)
	}
	return err
}

func (s *Service) work(ctx context.Context, run func(context.Context, func(berth.Tx) error) error, n need, fn func(*work) error) error {
	who, err := auth.Require(ctx, n.site, n.role)
	if err != nil {
		s.refused(ctx, n, err)
		return err
	}
	return run(ctx, func(tx berth.Tx) error {
		site, err := tx.Site(n.site)
		if err != nil {
			return err
		}
		return fn(&work{Tx: tx, who: who, site: site, at: s.now(), expect: expected(ctx)})
	})
}

// refused writes a refusal into the audit; of strangers, who could fill the disk, as far as they may.
func (s *Service) refused(ctx context.Context, n need, why error) {
	who, ok := auth.From(ctx)
	if !ok {
		s.refusedStranger(ctx, berth.AuditEntry{Site: berth.Fold(brief(n.site)), Actor: "somebody", Face: "api", Action: "refused", Refused: why.Error()})
		return
	}
	entry := berth.AuditEntry{At: s.now(), Site: berth.Fold(n.site), Actor: who.Name, Face: who.Face, Action: "refused", Refused: why.Error()}
	if err := s.store.Update(ctx, func(tx berth.Tx) error { return tx.AppendAudit(entry) }); err != nil {
		s.log.ErrorContext(ctx, "audit of a refusal", "error", err)
	}
}

// generation returns the site's next generation, the same one for everything that this work applies.
func (w *work) generation() int64 {
	if !w.bump {
		w.bump = true
		w.site.Generation++
	}
	return w.site.Generation
}

func (w *work) ref(kind berth.ObjectKind, key string) berth.Ref {
	return berth.NewRef(w.site.Name, kind, key)
}

// note appends an audit entry about an object that was not edited.
func (w *work) note(action string, ref berth.Ref, before, after json.RawMessage) error {
	return w.noteEdit(action, berth.Object{Ref: ref}, before, after)
}

// noteEdit appends an audit entry about the edit of an object, with the revision that it has now.
func (w *work) noteEdit(action string, now berth.Object, before, after json.RawMessage) error {
	w.tell(action, now.Ref)
	return w.AppendAudit(berth.AuditEntry{At: w.at, Site: berth.Fold(w.site.Name), Actor: w.who.Name, Face: w.who.Face,
		Action: action, Kind: string(now.Kind), Key: now.Key, Before: before, After: after, Revision: now.Revision})
}

// target is the object that an edit changes.
type target struct {
	ref    berth.Ref
	name   string
	action string // for the audit
	expect int64  // revision that the editor saw, 0: any
}

// keep is what an edit wants to become of the document.
type keep bool

const (
	kept    keep = true
	removed keep = false
)

// state says what an edit works on.
type state struct {
	exists bool // the document is there in this view
	view   berth.View
}

// edit changes one document by fn, which gets the document as it is (the zero value when there is none). As a draft it
// runs once; applied at once it runs on what hosts see and on what administrators drafted, so that drafts stay drafts.
func edit[T any](w *work, t target, fn func(doc *T, is state) (keep, error)) error {
	draft, err := editView(w, berth.Draft, t.ref, fn)
	if err != nil {
		return err
	}
	e := berth.Edit{Ref: t.ref, Name: t.name, Draft: draft, By: w.who.Name, At: w.at, Expect: t.expect}
	if w.now {
		if e.Applied, err = editView(w, berth.Applied, t.ref, fn); err != nil {
			return err
		}
		e.Generation = w.generation()
	} else if e.Retire, err = retiring(w, t.ref); err != nil {
		return err
	}
	for _, doc := range []any{e.Applied, draft} {
		if p, ok := doc.(berth.Package); ok {
			e.Family, e.Retire = p.FamilyName, e.Retire || p.Retiring
		}
	}
	now, before, err := w.write(e)
	if err != nil {
		return err
	}
	return w.noteEdit(t.action, now, before.Draft, now.Draft)
}

// write is berth.Write for people: a revision is not given twice, and who comes second is told the difference.
func (w *work) write(e berth.Edit) (now, before berth.Object, err error) {
	_, err = w.Object(e.Ref)
	if berth.IsNotFound(err) {
		last, err := w.Audit(berth.AuditQuery{Site: e.Ref.Site, Kind: e.Ref.Kind, Key: e.Ref.Key, Limit: mostMeanwhile})
		if err != nil {
			return now, before, err
		}
		for _, entry := range last {
			e.Behind = max(e.Behind, entry.Revision)
		}
	}
	now, before, err = berth.Write(w, e)
	return now, before, w.meanwhile(e, err)
}

// retiring tells whether hosts see the object as a package that is deleted by force.
func retiring(w *work, ref berth.Ref) (bool, error) {
	if ref.Kind != berth.ObjectPackage {
		return false, nil
	}
	p, err := berth.LoadOr(w, berth.Applied, ref, berth.Package{})
	return p.Retiring, err
}

func editView[T any](w *work, v berth.View, ref berth.Ref, fn func(doc *T, is state) (keep, error)) (any, error) {
	doc, err := berth.Load[T](w, v, ref)
	exists := err == nil
	if err != nil && !berth.IsNotFound(err) {
		return nil, err
	}
	k, err := fn(&doc, state{exists: exists, view: v})
	if err != nil || k == removed {
		return nil, err
	}
	return doc, nil
}

// id returns a random UUID.
func (s *Service) id() (string, error) {
	id, err := uuid.NewRandomFromReader(s.random)
	return id.String(), err
}
