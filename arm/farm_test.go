package arm_test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"berth"
	"berth/arm"
	"berth/auth"
	"berth/control"
	"berth/store"
)

const subscription = "daefabc0-95b4-48b3-b645-8a753a63c4fa"

// principals are who the tests ask as, by their tokens.
var principals = map[string]auth.Principal{
	"user1":    {ID: "1", Name: "user1", Kind: auth.KindUser, Role: berth.RoleOwner},
	"user2":    {ID: "2", Name: "user2", Kind: auth.KindUser, Site: "resourcegroup1", Role: berth.RoleContributor},
	"robot":    {ID: "3", Name: "robot", Kind: auth.KindApplication, Role: berth.RoleContributor},
	"reader":   {ID: "4", Name: "reader", Kind: auth.KindUser, Role: berth.RoleReader},
	"stranger": {ID: "5", Name: "stranger", Kind: auth.KindUser, Site: "elsewhere", Role: berth.RoleOwner},
}

// farm is a real installation without a network: the use cases over SQLite in a folder of its own, a clock that moves
// by a day with every request, and ids that count.
type farm struct {
	*control.Service
	handler http.Handler
	clock   *clock
	access  *auth.AccessKey
	asked   context.Context // as user1
}

func newFarm(t testing.TB) *farm {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	db, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "berth.db"), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	f := &farm{clock: &clock{at: time.Date(2020, 1, 1, 17, 18, 19, 123456700, time.UTC)}, asked: auth.With(t.Context(), principals["user1"])}
	authority, err := auth.OpenAuthority(t.TempDir(), rand.Reader, f.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	if f.access, err = auth.OpenAccessKey(t.TempDir(), rand.Reader, f.clock.now); err != nil {
		t.Fatal(err)
	}
	f.Service = control.New(control.Options{Store: db, Library: library{}, Authority: authority, Log: log, Now: f.clock.now, Random: &counter{}, Derive: f.access.Derive})
	for _, site := range []string{"resourceGroup1", "elsewhere"} {
		if _, err := f.CreateSite(f.asked, berth.Site{Name: site, SubscriptionID: subscription, Location: "here"}); err != nil {
			t.Fatal(err)
		}
	}
	for name, kind := range map[string]berth.HostKind{"hostpool1": berth.KindAVD, "hostpool2": berth.KindAVD, "desktops": berth.KindVDI} {
		if _, err := f.AddPool(f.asked, "resourceGroup1", berth.Pool{Name: name, Kind: kind}, true); err != nil {
			t.Fatal(err)
		}
	}
	f.handler = arm.New(f.Service, arm.Options{Log: log, Authenticate: authenticate, Access: f.access, Now: f.clock.now, Random: &counter{}})
	return f
}

func authenticate(_ context.Context, token string) (auth.Principal, error) {
	p, ok := principals[token]
	if !ok {
		return p, berth.Errorf(berth.Unauthenticated, "the token is not valid").With("ask an owner for a new one")
	}
	return p, nil
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) nextDay() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(24 * time.Hour)
}

// counter is a source of randomness that counts its reads.
type counter struct {
	mu sync.Mutex
	n  uint64
}

func (c *counter) Read(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	clear(b)
	if len(b) > 16 { // a secret begins with its id
		binary.BigEndian.PutUint64(b, c.n)
	}
	if len(b) >= 8 {
		binary.BigEndian.PutUint64(b[len(b)-8:], c.n)
	}
	return len(b), nil
}

// hidden makes the one image that there is unreadable; tests of this package run one after the other.
var hidden atomic.Bool

func (library) hide(t *testing.T) {
	hidden.Store(true)
	t.Cleanup(func() { hidden.Store(false) })
}

// library knows one image, as the server's library would after it read it; how images are read is imaging's matter.
type library struct{}

func (library) Read(_ context.Context, path string) ([]berth.Package, error) {
	if hidden.Load() || path != `\\files\apps\editor.vhdx` {
		return nil, berth.Errorf(berth.NotFound, "there is no image %s", path)
	}
	return []berth.Package{{FullName: "Contoso.Editor_1.2.0.0_x64__8wekyb3d8bbwe", FamilyName: "Contoso.Editor_8wekyb3d8bbwe",
		Name: "Contoso.Editor", Version: berth.Version{1, 2}, Architecture: "x64", DisplayName: "Editor", ImagePath: path,
		RelativePath: "MSIX/Contoso.Editor_1.2.0.0_x64__8wekyb3d8bbwe", Observed: &berth.Observation{Format: "vhdx"}}}, nil
}

func (library) Verify(context.Context, berth.Package) error { return nil }
