package agent_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"berth/agent"
	"berth/wire"
)

// renewals is a plane that renews certificates as the server does: the old one ends with the first sync by the new one.
type renewals struct {
	*plane
	mu     sync.Mutex
	force  string // serial number in force, empty: any
	next   string
	asked  int
	broken bool // the renewed certificate is refused
	lose   bool // the answer to the next renewal is lost
}

func newRenewals(t *testing.T) *renewals {
	t.Helper()
	r := &renewals{plane: newPlane(t)}
	inner := r.server.Config.Handler
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+wire.PathRenew, r.renew)
	mux.HandleFunc("POST "+wire.PathSync, func(w http.ResponseWriter, q *http.Request) {
		if r.known(q) {
			inner.ServeHTTP(w, q)
			return
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"title":"Unauthorized","status":401,"detail":"not in force","kind":"unauthenticated"}`))
	})
	mux.Handle("/", inner)
	r.server.Config.Handler = mux
	return r
}

// known takes up the renewed certificate when it is shown.
func (r *renewals) known(q *http.Request) bool {
	serial := q.TLS.PeerCertificates[0].SerialNumber.Text(16)
	r.mu.Lock()
	defer r.mu.Unlock()
	if serial == r.next && !r.broken {
		r.force, r.next = serial, ""
	}
	return r.force == "" || serial == r.force
}

func (r *renewals) renew(w http.ResponseWriter, q *http.Request) {
	var req wire.RenewRequest
	if err := json.NewDecoder(q.Body).Decode(&req); err != nil || !r.known(q) {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	csr, err := x509.ParseCertificateRequest(req.CSR)
	if err != nil || csr.CheckSignature() != nil {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	serial := big.NewInt(time.Now().UnixNano())
	// Long, so that a clock some minutes ahead does not find it old again.
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "host-id-of-host"}, NotBefore: time.Now().Add(-time.Minute),
		NotAfter: time.Now().Add(100 * time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, r.ca, csr.PublicKey.(*ecdsa.PublicKey), r.caKey)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.next = serial.Text(16)
	if r.lose {
		r.lose = false
		panic(http.ErrAbortHandler)
	}
	writeJSON(w, wire.RenewResponse{Certificate: der, CA: r.ca.Raw})
}

func (r *renewals) inForce() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.force
}

func (r *renewals) times() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked
}

// serialOnDisk is that of the certificate in a file of the state folder, empty where there is none.
func serialOnDisk(t *testing.T, dir, file string) string {
	t.Helper()
	var id struct{ Certificate []byte }
	text, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil || json.Unmarshal(text, &id) != nil {
		return ""
	}
	return parsed(t, id.Certificate).SerialNumber.Text(16)
}

// ahead sets an agent's clock forward: certificates of the plane live from an hour ago to an hour from now, so two thirds
// of their life are over in 20 minutes.
func ahead(by time.Duration) func(*agent.Options) {
	return func(o *agent.Options) {
		o.Wait = time.Second
		o.Now = func() time.Time { return time.Now().Add(by) }
	}
}

func TestRenew(t *testing.T) {
	p := newRenewals(t)
	dir := enrolled(t, p.plane)
	before := serialOnDisk(t, dir, "identity.json")
	a := start(t, dir, nil, ahead(15*time.Minute))
	until(t, "a sync", func() (bool, any) { return len(p.requests()) > 0, nil })
	a.stop()
	if p.times() != 0 || serialOnDisk(t, dir, "identity.json") != before {
		t.Fatal("renewed before two thirds of the life were over")
	}
	a = start(t, dir, nil, ahead(30*time.Minute))
	until(t, "the renewed certificate in force", func() (bool, any) {
		return p.inForce() != "" && serialOnDisk(t, dir, "identity.json") == p.inForce(), nil
	})
	n := len(p.requests())
	until(t, "a sync with it", func() (bool, any) { return len(p.requests()) > n, nil })
	a.stop()
	info, err := os.Stat(filepath.Join(dir, "identity.json"))
	if err != nil || info.Mode().Perm() != 0o600 || serialOnDisk(t, dir, "identity.next.json") != "" || p.times() != 1 {
		t.Errorf("identity %v %v, asked %d times", info, err, p.times())
	}
}

// TestRenewalAfterCrash: dying between the file and the first use, or between that and the renaming, loses nothing.
func TestRenewalAfterCrash(t *testing.T) {
	p := newRenewals(t)
	dir := enrolled(t, p.plane)
	old, _ := os.ReadFile(filepath.Join(dir, "identity.json"))
	a := start(t, dir, nil, ahead(30*time.Minute))
	until(t, "the renewed certificate in force", func() (bool, any) {
		return p.inForce() != "" && serialOnDisk(t, dir, "identity.json") == p.inForce(), nil
	})
	a.stop()
	// As if it had died before the renaming: the server has let go of the old certificate already.
	renewed, _ := os.ReadFile(filepath.Join(dir, "identity.json"))
	for file, text := range map[string][]byte{"identity.json": old, "identity.next.json": renewed} {
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	n := len(p.requests())
	a = start(t, dir, nil, ahead(30*time.Minute))
	until(t, "a sync after the crash", func() (bool, any) { return len(p.requests()) > n+1, nil })
	a.stop()
	if serialOnDisk(t, dir, "identity.json") != p.inForce() || p.times() != 1 {
		t.Errorf("asked %d times; on disk %s, in force %s", p.times(), serialOnDisk(t, dir, "identity.json"), p.inForce())
	}
}

// TestRenewalFails: a lost answer and a refused certificate leave the one of before at work.
func TestRenewalFails(t *testing.T) {
	for name, breakIt := range map[string]func(*renewals){
		"lost answer":         func(r *renewals) { r.lose = true },
		"refused certificate": func(r *renewals) { r.broken = true },
	} {
		t.Run(name, func(t *testing.T) {
			p := newRenewals(t)
			dir := enrolled(t, p.plane)
			before := serialOnDisk(t, dir, "identity.json")
			p.mu.Lock()
			p.force = before
			breakIt(p)
			p.mu.Unlock()
			a := start(t, dir, nil, ahead(30*time.Minute))
			until(t, "syncs go on", func() (bool, any) { return p.times() == 1 && len(p.requests()) > 1, p.times() })
			a.stop()
			if serialOnDisk(t, dir, "identity.json") != before || serialOnDisk(t, dir, "identity.next.json") != "" {
				t.Error("the identity changed")
			}
		})
	}
}

// TestDamagedRenewal: half a file is no reason to stand still.
func TestDamagedRenewal(t *testing.T) {
	p := newRenewals(t)
	dir := enrolled(t, p.plane)
	if err := os.WriteFile(filepath.Join(dir, "identity.next.json"), []byte(`{"hostId":`), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, dir, nil)
	until(t, "a sync", func() (bool, any) { return len(p.requests()) > 0, nil })
}
