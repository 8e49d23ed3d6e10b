package client_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"berth"
	"berth/auth"
	"berth/client"
)

// TestTrust: whom a client believes, and whom it does not.
func TestTrust(t *testing.T) {
	s, other := newServer(t), newServer(t)
	chain := s.TLS.Certificates[0].Certificate
	leaf, authority := auth.Fingerprint(chain[0]), auth.Fingerprint(chain[1])
	elsewhere := s.serve(t, s.Config.Handler, "elsewhere.example")
	impostor := impersonate(t, s)
	tests := map[string]struct {
		o    client.Options
		good bool
	}{
		"authority by file":                           {client.Options{Server: s.URL, CA: s.ca()}, true},
		"certificate by fingerprint":                  {client.Options{Server: s.URL, Fingerprint: leaf}, true},
		"fingerprint in capitals":                     {client.Options{Server: s.URL, Fingerprint: strings.ToUpper(leaf)}, true},
		"authority by fingerprint":                    {client.Options{Server: s.URL, Fingerprint: authority}, true},
		"system":                                      {client.Options{Server: s.URL}, false},
		"another authority":                           {client.Options{Server: s.URL, CA: other.ca()}, false},
		"another fingerprint":                         {client.Options{Server: other.URL, Fingerprint: authority}, false},
		"no fingerprint at all":                       {client.Options{Server: s.URL, Fingerprint: "sha256:"}, false},
		"known authority, another name":               {client.Options{Server: elsewhere.URL, Fingerprint: authority}, false},
		"known authority beside a forged certificate": {client.Options{Server: impostor, Fingerprint: authority}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.o.Token = s.token
			c, err := client.New(tt.o)
			must(t, err)
			_, err = c.WhoAmI(context.Background())
			if tt.good {
				must(t, err)
				return
			}
			wantKind(t, err, berth.Unavailable)
			if e, ok := errors.AsType[*berth.Error](err); !ok || e.Remedy == "" {
				t.Errorf("%v does not say what to do", err)
			}
		})
	}
}

// impersonate runs a server that presents a certificate of its own, and behind it the authority's, which everybody can get.
func impersonate(t *testing.T, s *server) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Berth server"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	web := httptest.NewUnstartedServer(s.Config.Handler)
	web.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der, s.authority.CertificateDER()}, PrivateKey: key}}}
	web.Config.ErrorLog = s.Config.ErrorLog
	web.StartTLS()
	t.Cleanup(web.Close)
	return web.URL
}

func TestNewRefuses(t *testing.T) {
	for _, address := range []string{"", "berth.example", "http://berth.example", "https://", "https://a b", "ftp://x"} {
		_, err := client.New(client.Options{Server: address})
		wantKind(t, err, berth.Invalid)
	}
	_, err := client.New(client.Options{Server: "https://berth.example", CA: []byte("no certificate")})
	wantKind(t, err, berth.Invalid)
}

// TestStrangeAnswers: what is no answer of Berth is told as that, and nothing panics.
func TestStrangeAnswers(t *testing.T) {
	s := newServer(t)
	tests := map[string]struct {
		status int
		body   string
		want   berth.Kind
	}{
		"a proxy's page":      {502, "<html>Bad Gateway", berth.Unavailable},
		"no JSON":             {200, "<html>Welcome", berth.Unavailable},
		"cut off":             {200, `{"items":[{"fullName"`, berth.Unavailable},
		"nothing":             {200, "", berth.Unavailable},
		"an empty problem":    {500, "{}", berth.Unavailable},
		"a problem of a kind": {404, `{"detail":"gone","kind":"notFound","remedy":"look elsewhere"}`, berth.NotFound},
		"validation":          {422, `{"detail":"validation failed","kind":"novel"}`, berth.Invalid},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			web := s.serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}), "127.0.0.1")
			c, err := client.New(client.Options{Server: web.URL, CA: pemOf(s.authority.CertificateDER())})
			must(t, err)
			_, err = c.Packages(context.Background())
			wantKind(t, err, tt.want)
		})
	}
	s.Close()
	_, err := s.client(t, s.token).Packages(context.Background())
	wantKind(t, err, berth.Unavailable)
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err = s.client(t, s.token).Packages(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
}
