package msix

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// osslSigner runs osslsigncode, whose own clock and time stamp authority can be set.
type osslSigner struct {
	dir, tool, unsigned string
	root                *x509.Certificate
	key                 crypto.Signer
}

func newOSSLSigner(t *testing.T) *osslSigner {
	t.Helper()
	tool, err := exec.LookPath("osslsigncode")
	if err != nil {
		t.Skip("skipped: osslsigncode is not installed")
	}
	root, key := testSigner()
	s := &osslSigner{dir: t.TempDir(), tool: tool, root: root, key: key}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, "key", "PRIVATE KEY", der)
	unsigned := filepath.Join(s.dir, "unsigned.appx")
	if err := os.WriteFile(unsigned, readSample(t, "mtrojnar_osslsigncode/unsigned.256appx"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.unsigned = unsigned
	return s
}

func (s *osslSigner) write(t *testing.T, name, kind string, der []byte) string {
	t.Helper()
	name = filepath.Join(s.dir, name)
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// certificate makes one that is valid in the years from and until, below the signer's root.
func (s *osslSigner) certificate(t *testing.T, subject string, years [2]int, use x509.ExtKeyUsage) *x509.Certificate {
	t.Helper()
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Root"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2049, 1, 1, 0, 0, 0, 0, time.UTC)}
	if s.root.Subject.CommonName != "Root" {
		s.root = create(t, ca, ca, s.key.Public(), s.key)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<60))
	if err != nil {
		t.Fatal(err)
	}
	name, err := parseX500(subject)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: serial, RawSubject: name, ExtKeyUsage: []x509.ExtKeyUsage{use},
		NotBefore: time.Date(years[0], 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(years[1], 1, 1, 0, 0, 0, 0, time.UTC)}
	if use == x509.ExtKeyUsageTimeStamping { // RFC 3161, section 2.3: critical, which the template cannot say
		leaf.ExtKeyUsage, leaf.ExtraExtensions = nil, []pkix.Extension{{Id: []int{2, 5, 29, 37}, Critical: true,
			Value: []byte{0x30, 0x0A, 0x06, 0x08, 0x2B, 6, 1, 5, 5, 7, 3, 8}}}
	}
	return create(t, leaf, s.root, s.key.Public(), s.key)
}

// sign has the package signed in a year of the signer's clock, and stamped in another one if that is not 0.
func (s *osslSigner) sign(t *testing.T, leaf, stamp *x509.Certificate, signed, stamped int) *Package {
	t.Helper()
	unix := func(year int) string { return fmt.Sprint(time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC).Unix()) }
	out, key := filepath.Join(s.dir, "signed.appx"), filepath.Join(s.dir, "key")
	_ = os.Remove(out)
	args := []string{"sign", "-certs", s.write(t, "leaf", "CERTIFICATE", leaf.Raw), "-key", key, "-time", unix(signed), "-in", s.unsigned, "-out", out}
	if stamped != 0 {
		args = append(args, "-TSA-certs", s.write(t, "clock", "CERTIFICATE", stamp.Raw), "-TSA-key", key, "-TSA-time", unix(stamped))
	}
	if said, err := exec.Command(s.tool, args...).CombinedOutput(); err != nil {
		t.Fatalf("osslsigncode: %v\n%s", err, said)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return open(t, data)
}

// TestTimesOfSigning: a certificate counts at a proven time stamp, else now; what the signer says of its own clock counts for
// nothing, and breaks nothing.
func TestTimesOfSigning(t *testing.T) {
	s := newOSSLSigner(t)
	before, err := VerifyPackage(t.Context(), open(t, readSample(t, "mtrojnar_osslsigncode/unsigned.256appx")), VerifyOptions{AllowUnsigned: true})
	if err != nil || before.Manifest == nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		leaf, clock     [2]int // years of validity
		signed, stamped int
		trusted         bool
	}{
		"expired":                        {[2]int{2018, 2021}, [2]int{}, 2020, 0, false},
		"expired, stamped in time":       {[2]int{2018, 2021}, [2]int{2010, 2040}, 2020, 2020, true},
		"expired, stamped too late":      {[2]int{2018, 2021}, [2]int{2010, 2040}, 2020, 2022, false},
		"expired, stamped too early":     {[2]int{2018, 2021}, [2]int{2010, 2040}, 2020, 2015, false},
		"the clock has expired since":    {[2]int{2018, 2021}, [2]int{2019, 2022}, 2020, 2020, true},
		"the clock was not valid yet":    {[2]int{2018, 2021}, [2]int{2023, 2040}, 2020, 2020, false},
		"the clock had expired":          {[2]int{2018, 2023}, [2]int{2010, 2020}, 2020, 2022, false},
		"signed by a clock that is slow": {[2]int{2025, 2030}, [2]int{}, 2005, 0, true},
		"signed by a clock that is fast": {[2]int{2025, 2030}, [2]int{2010, 2040}, 2035, 2026, true},
		"not valid yet":                  {[2]int{2028, 2030}, [2]int{}, 2026, 0, false},
	} {
		leaf := s.certificate(t, before.publisher(), c.leaf, x509.ExtKeyUsageCodeSigning)
		clock := s.certificate(t, "CN=Clock", c.clock, x509.ExtKeyUsageTimeStamping)
		r, err := VerifyPackage(t.Context(), s.sign(t, leaf, clock, c.signed, c.stamped), VerifyOptions{Roots: pool(s.root), Now: now})
		if err != nil || !r.OK() || r.Trusted() != c.trusted {
			t.Errorf("%s: trusted %v, %+v, %v", name, r.Trusted(), r.Checks, err)
		}
		if stamped := r.Signature.Timestamp != nil; stamped != (c.stamped != 0) {
			t.Errorf("%s: time stamp: %v", name, stamped)
		}
	}
}
