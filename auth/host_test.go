package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"berth"
)

const hostID = "5f0c7d1e-9c53-4c80-93a1-3f1a5f3a9b10"

func ecKey(t *testing.T) crypto.Signer {
	t.Helper()
	return must(newKey(rand.Reader))(t)
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// request makes a certificate request that asks for more than it should get.
func request(t *testing.T, key crypto.Signer) []byte {
	t.Helper()
	return must(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject:  pkix.Name{CommonName: "somebody else", Organization: []string{"Evil"}},
		DNSNames: []string{"berth.example.org"},
		URIs:     []*url.URL{{Scheme: uriScheme, Opaque: uriHost + "another"}},
	}, key))(t)
}

func parse(t *testing.T, der []byte) *x509.Certificate {
	t.Helper()
	return must(x509.ParseCertificate(der))(t)
}

func TestIssueHost(t *testing.T) {
	a, clock := openAuthority(t, t.TempDir())
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	for name, key := range map[string]crypto.Signer{
		"P-256":    ecKey(t),
		"P-384":    must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))(t),
		"Ed25519":  edKey,
		"RSA 2048": must(rsa.GenerateKey(rand.Reader, 2048))(t),
	} {
		t.Run(name, func(t *testing.T) {
			der, _, err := a.IssueHost(request(t, key), hostID)
			if err != nil {
				t.Fatal(err)
			}
			c := parse(t, der)
			if c.Subject.String() != "CN="+hostID || len(c.DNSNames) != 0 || len(c.URIs) != 1 || c.URIs[0].String() != "berth:host:"+hostID {
				t.Errorf("subject %s, names %v, URIs %v", c.Subject, c.DNSNames, c.URIs)
			}
			if c.IsCA || !slices.Equal(c.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}) || c.KeyUsage != x509.KeyUsageDigitalSignature {
				t.Errorf("CA %v, usages %v, %b", c.IsCA, c.ExtKeyUsage, c.KeyUsage)
			}
			if !c.NotBefore.Equal(noon.Add(-time.Hour)) || !c.NotAfter.Equal(noon.AddDate(0, 0, 90)) {
				t.Errorf("valid from %v to %v", c.NotBefore, c.NotAfter)
			}
			if public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(c.PublicKey) {
				t.Error("another key than the requested one was certified")
			}
			if id, err := a.VerifyHost(c); id != hostID || err != nil {
				t.Errorf("verified as %q, %v", id, err)
			}
		})
	}
	der, _, _ := a.IssueHost(request(t, ecKey(t)), hostID)
	clock.at = noon.AddDate(0, 0, 90).Add(time.Second)
	if _, err := a.VerifyHost(parse(t, der)); berth.ErrorKind(err) != berth.Unauthenticated || !strings.Contains(err.Error(), "expired") {
		t.Errorf("an expired certificate is verified with %v", err)
	}
	clock.at = noon.Add(-2 * time.Hour)
	if _, err := a.VerifyHost(parse(t, der)); berth.ErrorKind(err) != berth.Unauthenticated {
		t.Errorf("a certificate that is not valid yet is verified with %v", err)
	}
}

func TestIssueHostRefuses(t *testing.T) {
	a, _ := openAuthority(t, t.TempDir())
	good := request(t, ecKey(t))
	forged := slices.Clone(good)
	forged[len(forged)-1] ^= 1
	swapped := slices.Clone(good) // one letter of the subject, which the signature covers
	swapped[strings.Index(string(swapped), "somebody")] ^= 1
	small := must(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, weakRSA(t)))(t)
	p224 := must(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))(t)))(t)
	p521 := must(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))(t)))(t)
	for name, tt := range map[string]struct {
		csr  []byte
		id   string
		want string
	}{
		"nothing":            {nil, hostID, "cannot be read"},
		"noise":              {[]byte("-----BEGIN"), hostID, "cannot be read"},
		"cut":                {good[:len(good)-9], hostID, "cannot be read"},
		"more behind":        {append(slices.Clone(good), 0), hostID, "cannot be read"},
		"enormous":           {make([]byte, maxRequest+1), hostID, "bytes"},
		"forged signature":   {forged, hostID, "signature"},
		"changed subject":    {swapped, hostID, "signature"},
		"P-224":              {p224, hostID, "P-224"},
		"P-521":              {p521, hostID, "P-521"},
		"RSA 1024":           {small, hostID, "1024"},
		"certificate":        {a.CertificateDER(), hostID, "cannot be read"},
		"no id":              {good, "", "id"},
		"long id":            {good, strings.Repeat("a", 65), "id"},
		"id with a colon":    {good, "host:1", "id"},
		"id with a slash":    {good, "a/b", "id"},
		"id with a letter é": {good, "é", "id"},
		"id with a Kelvin":   {good, "\u212a", "id"},
	} {
		t.Run(name, func(t *testing.T) {
			der, serial, err := a.IssueHost(tt.csr, tt.id)
			if berth.ErrorKind(err) != berth.Invalid || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
			if der != nil || serial != "" {
				t.Error("a certificate came with the error")
			}
		})
	}
}

// weakRSA makes a key that the standard library no longer makes by itself.
func weakRSA(t *testing.T) *rsa.PrivateKey {
	t.Setenv("GODEBUG", "rsa1024min=0")
	return must(rsa.GenerateKey(rand.Reader, 1024))(t)
}

func FuzzIssueHost(f *testing.F) {
	a, err := OpenAuthority(f.TempDir(), rand.Reader, func() time.Time { return noon })
	if err != nil {
		f.Fatal(err)
	}
	key, err := newKey(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(csr, hostID)
	f.Fuzz(func(t *testing.T, csr []byte, id string) {
		der, _, err := a.IssueHost(csr, id)
		if err != nil {
			return
		}
		if got, err := a.VerifyHost(parse(t, der)); got != id || err != nil {
			t.Errorf("issued for %q, verified as %q, %v", id, got, err)
		}
	})
}

// TestVerifyHostRefuses signs certificates that a host's is like, but for one thing.
func TestVerifyHostRefuses(t *testing.T) {
	a, _ := openAuthority(t, t.TempDir())
	foreign, _ := openAuthority(t, t.TempDir())
	uri := func(s string) []*url.URL { return []*url.URL{must(url.Parse(s))(t)} }
	client := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	for name, tt := range map[string]struct {
		by   *Authority
		uris []*url.URL
		ekus []x509.ExtKeyUsage
		want string
	}{
		"a good one":        {a, uri("berth:host:" + hostID), client, ""},
		"foreign authority": {foreign, uri("berth:host:" + hostID), client, "unknown authority"},
		"server's usage":    {a, uri("berth:host:" + hostID), []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, "usage"},
		"any usage":         {a, uri("berth:host:" + hostID), []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, "not a host's"},
		"no usage":          {a, uri("berth:host:" + hostID), nil, "not a host's"},
		"no URI":            {a, nil, client, "not a host's"},
		"two URIs":          {a, append(uri("berth:host:"+hostID), uri("berth:host:x")...), client, "not a host's"},
		"other id":          {a, uri("berth:host:" + hostID + "0"), client, "not a host's"},
		"no id":             {a, uri("berth:host:"), client, "not a host's"},
		"other scheme":      {a, uri("other:host:" + hostID), client, "not a host's"},
		"other noun":        {a, uri("berth:user:" + hostID), client, "not a host's"},
		"with authority":    {a, uri("berth://host:1/" + hostID), client, "not a host's"},
	} {
		t.Run(name, func(t *testing.T) {
			der, _, err := tt.by.sign(&x509.Certificate{
				Subject: pkix.Name{CommonName: hostID}, URIs: tt.uris, ExtKeyUsage: tt.ekus, NotAfter: noon.Add(time.Hour),
			}, ecKey(t).Public())
			if err != nil {
				t.Fatal(err)
			}
			id, err := a.VerifyHost(parse(t, der))
			if tt.want == "" {
				if id != hostID || err != nil {
					t.Errorf("got %q, %v", id, err)
				}
				return
			}
			if id != "" || berth.ErrorKind(err) != berth.Unauthenticated || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, %v, want %q in it", id, err, tt.want)
			}
		})
	}
}
