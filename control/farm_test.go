package control_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"berth"
	"berth/auth"
	"berth/control"
	"berth/store"
	"berth/wire"
)

// shelf is a Library that holds images in memory; the key is the image path.
type shelf struct {
	mu     sync.Mutex
	images map[string][]berth.Package
	spoilt map[string]error // by full name: what Verify finds
}

func (s *shelf) Read(_ context.Context, path string) ([]berth.Package, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ps, ok := s.images[path]
	if !ok {
		return nil, berth.Errorf(berth.NotFound, "there is no image %s", path).On("imagePath")
	}
	return slices.Clone(ps), nil
}

func (s *shelf) Verify(_ context.Context, p berth.Package) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spoilt[p.FullName]
}

// clock stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// farm is a service over a real database and a real authority, with the site Main.
type farm struct {
	*control.Service
	t         testing.TB
	store     berth.Store
	file      string
	shelf     *shelf
	library   control.Library // in place of the shelf, where there is one
	images    control.Images
	clock     *clock
	authority *auth.Authority
	owner     context.Context
}

func newFarm(t testing.TB) *farm {
	t.Helper()
	f := &farm{t: t, file: filepath.Join(t.TempDir(), "berth.db"), clock: &clock{at: time.Now().UTC().Truncate(time.Second)},
		shelf: &shelf{images: map[string][]berth.Package{}, spoilt: map[string]error{}}, owner: as("olga", "", berth.RoleOwner)}
	var err error
	if f.authority, err = auth.OpenAuthority(t.TempDir(), rand.Reader, f.clock.now); err != nil {
		t.Fatal(err)
	}
	f.open()
	t.Cleanup(func() { _ = f.store.Close() })
	_, err = f.CreateSite(f.owner, berth.Site{Name: "Main", SubscriptionID: "3b9f1b1e-0000-4000-8000-000000000001"})
	f.must(err)
	return f
}

// open opens the database, again after a crash for example.
func (f *farm) open() {
	f.t.Helper()
	log := slog.New(slog.DiscardHandler)
	s, err := store.OpenSQLite(context.Background(), f.file, log)
	if err != nil {
		f.t.Fatal(err)
	}
	f.store = s
	var library control.Library = f.shelf
	if f.library != nil {
		library = f.library
	}
	f.Service = control.New(control.Options{Store: s, Library: library, Images: f.images, Authority: f.authority, Log: log, Now: f.clock.now, Random: rand.Reader, Derive: func(purpose, id string) ([]byte, error) {
		sum := sha256.Sum256([]byte(purpose + id))
		return sum[:], nil
	}})
}

func (f *farm) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// as is the context of somebody with a role in a site, or in all of them.
func as(name, site string, role berth.Role) context.Context {
	return auth.With(context.Background(), auth.Principal{ID: name, Name: name, Kind: auth.KindUser, Site: site, Role: role, Face: "cli"})
}

const family = "Contoso.Notes_abc"

// fullName is that of version n of the family Contoso.Notes.
func fullName(n string) string { return "Contoso.Notes_" + n + ".0.0.0_x64__abc" }

// image puts version n of the family on the shelf and returns its path.
func (f *farm) image(n string) string {
	f.t.Helper()
	v, err := berth.ParseVersion(n + ".0.0.0")
	f.must(err)
	path := `\\files\msix\notes-` + n + ".vhdx"
	f.shelf.mu.Lock()
	defer f.shelf.mu.Unlock()
	f.shelf.images[path] = []berth.Package{{FullName: fullName(n), FamilyName: family, Name: "Contoso.Notes", Version: v, Architecture: "x64",
		DisplayName: "Notes", ImagePath: path, RelativePath: "notes", Observed: &berth.Observation{BlockMapSHA256: "hash " + n}}}
	return path
}

func (f *farm) add(n string, tags ...string) berth.Package {
	f.t.Helper()
	p, err := f.AddPackage(f.owner, control.NewPackage{Site: "main", ImagePath: f.image(n), Tags: tags})
	f.must(err)
	return p
}

func (f *farm) assign(h control.Holder, a berth.Assignment) {
	f.t.Helper()
	_, err := f.Assign(f.owner, "main", h, a)
	f.must(err)
}

func (f *farm) apply(chosen ...string) int64 {
	f.t.Helper()
	_, generation, err := f.Apply(f.owner, "main", chosen)
	f.must(err)
	return generation
}

func (f *farm) pool(name string, kind berth.HostKind) {
	f.t.Helper()
	_, err := f.AddPool(f.owner, "main", berth.Pool{Name: name, Kind: kind}, true)
	f.must(err)
}

// machine is a host with its identity.
type machine struct {
	f      *farm
	id     string
	serial string
	cert   *x509.Certificate
	held   wire.SyncResponse
	plan   berth.Plan
}

func request(t testing.TB) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	return csr
}

// key makes an enrolment key.
func (f *farm) key(site string, k wire.CreateEnrollKey) wire.Secret {
	f.t.Helper()
	s, err := f.CreateEnrollKey(f.owner, site, k)
	f.must(err)
	return s
}

func (f *farm) tryEnroll(key, name string) (*machine, error) {
	f.t.Helper()
	out, err := f.Enroll(context.Background(), wire.EnrollRequest{Protocol: wire.Protocol, Key: key, Name: name, CSR: request(f.t),
		Facts: berth.Facts{Architecture: "x64", Build: 19045}})
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(out.Certificate)
	f.must(err)
	id, err := f.authority.VerifyHost(cert)
	f.must(err)
	if id != out.HostID || !bytes.Equal(out.CA, f.authority.CertificateDER()) {
		f.t.Fatalf("the certificate is of host %s, the answer of %s", id, out.HostID)
	}
	return &machine{f: f, id: id, serial: cert.SerialNumber.Text(16), cert: cert}, nil
}

func (f *farm) enroll(name string, kind berth.HostKind, pool string) *machine {
	f.t.Helper()
	m, err := f.tryEnroll(f.key("main", wire.CreateEnrollKey{Kind: kind, Pool: pool}).Text, name)
	f.must(err)
	return m
}

// request is the sync that a well-behaved agent would send.
func (m *machine) request(facts *berth.Facts, wait int) wire.SyncRequest {
	return wire.SyncRequest{Protocol: wire.Protocol, Generation: m.held.Generation, Digest: m.held.Digest, Retry: m.held.Retry, Facts: facts, Wait: wait}
}

// sync asks once and keeps what it is told.
func (m *machine) sync(facts *berth.Facts) wire.SyncResponse {
	m.f.t.Helper()
	out, err := m.f.Sync(context.Background(), m.id, m.serial, m.request(facts, 0))
	m.f.must(err)
	m.keep(out)
	return out
}

func (m *machine) keep(out wire.SyncResponse) {
	m.held = out
	if out.Plan != nil {
		m.plan = *out.Plan
	}
}

// settle syncs, does as the plan says, and reports it; users are in sessions with everything.
func (m *machine) settle(users ...string) {
	m.f.t.Helper()
	m.sync(nil)
	m.report(users, planNames(m.plan)...)
}

// report tells that these packages are staged and that the users use them.
func (m *machine) report(users []string, fullNames ...string) {
	m.f.t.Helper()
	facts := berth.Facts{Architecture: "x64", Build: 19045, At: m.f.clock.now()}
	for _, name := range fullNames {
		p := berth.PackageFacts{FullName: name, FamilyName: family, Attached: true, Staged: true, Since: m.f.clock.now()}
		for _, u := range users {
			p.Sessions = append(p.Sessions, berth.Registered{Session: u, User: u, Since: m.f.clock.now()})
		}
		facts.Packages = append(facts.Packages, p)
	}
	m.sync(&facts)
}

func planNames(p berth.Plan) (names []string) {
	for _, pp := range p.Packages {
		names = append(names, pp.FullName)
	}
	return names
}

// statuses are the rows of a host: "1: Ready" for version 1, "-: No version found" where there is no version.
func (f *farm) statuses(host string) (out []string) {
	f.t.Helper()
	rows, err := f.Statuses(f.owner, "main", control.StatusQuery{Host: host})
	f.must(err)
	for _, r := range rows {
		n, _, _ := strings.Cut(strings.TrimPrefix(r.FullName, "Contoso.Notes_"), ".")
		if n == "" {
			n = "-"
		}
		out = append(out, n+": "+string(r.Status.Name))
	}
	return out
}

func (f *farm) wantStatuses(host string, want ...string) {
	f.t.Helper()
	if got := f.statuses(host); !slices.Equal(got, want) {
		f.t.Errorf("host %s: got %q, want %q", host, got, want)
	}
}

// changes are the names of the pending changes.
func (f *farm) changes() (names []string) {
	f.t.Helper()
	cs, err := f.Changes(f.owner, "main")
	f.must(err)
	for _, c := range cs {
		names = append(names, c.Action+" "+control.ChangeName(c))
	}
	return names
}

func (f *farm) wantChanges(want ...string) {
	f.t.Helper()
	if got := f.changes(); !slices.Equal(got, want) {
		f.t.Errorf("changes: got %q, want %q", got, want)
	}
}

func (f *farm) audit() []berth.AuditEntry {
	f.t.Helper()
	entries, err := f.Audit(f.owner, berth.AuditQuery{Site: "main"})
	f.must(err)
	return entries
}

func wantKind(t testing.TB, err error, kind berth.Kind) {
	t.Helper()
	if err == nil || berth.ErrorKind(err) != kind {
		t.Errorf("got %v, want %s", err, kind)
	}
}

var (
	rdsh     = control.Holder{Defaults: berth.KindRDSH}
	byTag    = berth.Assignment{Family: family, Tag: berth.TagProduction}
	hostOf   = func(name string) control.Holder { return control.Holder{Host: name} }
	poolOf   = func(name string) control.Holder { return control.Holder{Pool: name} }
	exactly  = func(n string) berth.Assignment { return berth.Assignment{Version: fullName(n)} }
	notesOne = fullName("1")
)
