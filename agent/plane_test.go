package agent_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"berth"
	"berth/wire"
)

// plane is a control plane in this process: real TLS, real client certificates, the real messages.
type plane struct {
	t       *testing.T
	server  *httptest.Server
	ca      *x509.Certificate
	caKey   *ecdsa.PrivateKey
	mu      sync.Mutex
	changed chan struct{}
	answer  wire.SyncResponse
	facts   berth.Facts
	syncs   []wire.SyncRequest
	refuse  *refusal // answered to everything while it is set
}

// refusal is a problem document with its status.
type refusal struct {
	status int
	media  string
	body   string
}

func newPlane(t *testing.T) *plane {
	t.Helper()
	p := &plane{t: t, changed: make(chan struct{})}
	p.ca, p.caKey = authority(t, "Test Authority")
	cert := p.issue("127.0.0.1", nil)
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+wire.PathEnroll, p.enroll)
	mux.HandleFunc("POST "+wire.PathSync, p.sync)
	p.server = httptest.NewUnstartedServer(p.gate(mux))
	pool := x509.NewCertPool()
	pool.AddCert(p.ca)
	p.server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, ClientCAs: pool, ClientAuth: tls.VerifyClientCertIfGiven}
	p.server.EnableHTTP2 = true
	p.server.StartTLS()
	t.Cleanup(p.server.Close)
	return p
}

func authority(t *testing.T, name string) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return parsed(t, der), key
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func parsed(t *testing.T, der []byte) *x509.Certificate {
	t.Helper()
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// issue certifies a name, for the key given or a new one.
func (p *plane) issue(name string, key any) tls.Certificate {
	own := newKey(p.t)
	if key == nil {
		key = own.Public()
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, p.ca, key, p.caKey)
	if err != nil {
		p.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der, p.ca.Raw}, PrivateKey: own}
}

func hash(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func (p *plane) leaf() *x509.Certificate {
	return parsed(p.t, p.server.TLS.Certificates[0].Certificate[0])
}

func (p *plane) gate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		refuse := p.refuse
		p.mu.Unlock()
		if refuse == nil {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", refuse.media)
		w.WriteHeader(refuse.status)
		fmt.Fprint(w, refuse.body)
	})
}

func (p *plane) enroll(w http.ResponseWriter, r *http.Request) {
	var req wire.EnrollRequest
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	csr, err := x509.ParseCertificateRequest(req.CSR)
	if err != nil || csr.CheckSignature() != nil || req.Key != "one-time" || req.Protocol != wire.Protocol {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"title":"Forbidden","status":403,"detail":"the enrolment key is used up","remedy":"make a new one","kind":"forbidden","code":"keyUsed","field":"key"}`)
		return
	}
	id := "host-id-of-" + req.Name
	writeJSON(w, wire.EnrollResponse{HostID: id, Site: "site", Certificate: p.issue(id, csr.PublicKey).Certificate[0], CA: p.ca.Raw})
}

func (p *plane) sync(w http.ResponseWriter, r *http.Request) {
	if len(r.TLS.VerifiedChains) == 0 || r.TLS.PeerCertificates[0].Subject.CommonName != "host-id-of-host" {
		http.Error(w, "no certificate", http.StatusUnauthorized)
		return
	}
	var req wire.SyncRequest
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	p.syncs = append(p.syncs, req)
	if req.Facts != nil {
		p.facts = *req.Facts
	}
	p.mu.Unlock()
	resp := p.wait(r, req)
	if resp.Digest == req.Digest {
		resp.Plan = nil
	}
	writeJSON(w, resp)
}

// wait returns the answer once it differs from what the agent holds, or when the time is over.
func (p *plane) wait(r *http.Request, req wire.SyncRequest) wire.SyncResponse {
	over := time.After(time.Duration(req.Wait) * time.Second)
	for {
		p.mu.Lock()
		resp, changed := p.answer, p.changed
		p.mu.Unlock()
		if resp.Generation != req.Generation || resp.Digest != req.Digest {
			return resp
		}
		select {
		case <-changed:
		case <-over:
			return resp
		case <-r.Context().Done():
			return resp
		}
	}
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// apply makes a plan the one in force; its digest is its content.
func (p *plane) apply(plan berth.Plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer.Generation++
	plan.Generation = p.answer.Generation
	text, _ := json.Marshal([]any{plan.Packages, plan.DisablingMinutes})
	sum := sha256.Sum256(text)
	p.answer.Digest, p.answer.Plan = hex.EncodeToString(sum[:]), &plan
	close(p.changed)
	p.changed = make(chan struct{})
}

// retry asks to retry at once. It wakes agents by a new generation, as the server does.
func (p *plane) retry() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer.Retry++
	p.answer.Generation++
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *plane) refuseWith(r *refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = r
}

func (p *plane) seen() berth.Facts {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.facts
}

func (p *plane) requests() []wire.SyncRequest {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]wire.SyncRequest(nil), p.syncs...)
}
