package berth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"berth"
)

var today = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func days(n int) time.Time { return today.AddDate(0, 0, n) }

// signer makes a certificate that ends on that day.
func signer(thumbprint string, end time.Time) berth.Certificate {
	return berth.Certificate{CommonName: "Contoso", Thumbprint: thumbprint, NotBefore: days(-1000), NotAfter: end}
}

// signed is a package with that signer; the hosts have it staged.
func signed(name string, c berth.Certificate, timestamped bool, hosts ...string) berth.Signed {
	c.Timestamped = timestamped
	s := berth.Signed{Package: berth.Package{FullName: name, DisplayName: name, Certificate: &c}}
	for _, h := range hosts {
		s.Hosts = append(s.Hosts, berth.SignedHost{Host: h, Facts: &berth.PackageFacts{FullName: name, Staged: true}, Provision: true})
	}
	return s
}

func TestForecastStates(t *testing.T) {
	early := signer("AA", days(400))
	early.NotBefore = days(3)
	tests := map[string]struct {
		c     berth.Certificate
		state berth.ForecastState
		days  int
	}{
		"long":           {signer("AA", days(400)), berth.ForecastValid, 400},
		"just not soon":  {signer("AA", today.Add(berth.ExpiringSoon)), berth.ForecastValid, 60},
		"soon":           {signer("AA", today.Add(berth.ExpiringSoon-time.Second)), berth.ForecastExpiring, 59},
		"within the day": {signer("AA", today.Add(time.Hour)), berth.ForecastExpiring, 0},
		"at this moment": {signer("AA", today), berth.ForecastExpiring, 0},
		"a second ago":   {signer("AA", today.Add(-time.Second)), berth.ForecastExpired, -1},
		"long ago":       {signer("AA", days(-30)), berth.ForecastExpired, -30},
		"not begun":      {early, berth.ForecastEarly, 400},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			fs := berth.ForecastCertificates([]berth.Signed{signed("A", tt.c, false)}, today)
			if len(fs) != 1 || fs[0].State != tt.state || fs[0].Days != tt.days || !fs[0].EndsAt.Equal(tt.c.NotAfter) || fs[0].EndsBy != "" {
				t.Errorf("got %+v", fs)
			}
		})
	}
}

func TestForecastPackages(t *testing.T) {
	c, gone := signer("AA", days(10)), signer("BB", days(-10))
	missing := signed("C", gone, false, "h2")
	missing.Hosts[0].Facts = &berth.PackageFacts{Failure: &berth.Failure{Phase: berth.PhaseTrust}}
	missing.Hosts[0].Provision = false
	missing.Hosts[0].More = 40
	unseen := signed("E", gone, true, "h1")
	unseen.Hosts[0].Facts = nil
	got := berth.ForecastCertificates([]berth.Signed{
		signed("B", c, false, "h2", "h1"), signed("A", c, true, "h1", "h3"), missing, unseen, signed("D", gone, false, "H2"),
		{Package: berth.Package{FullName: "declared only"}},
	}, today)
	type row struct {
		thumbprint      string
		lasting, ending int
		count           int
		packages        []berth.PackageForecast
		hosts           []berth.CertificateHost
	}
	var rows []row
	for _, f := range got {
		rows = append(rows, row{f.Thumbprint, f.Lasting, f.Ending, f.Count, f.Packages, f.Hosts})
	}
	want := []row{
		{"BB", 1, 2, 42, []berth.PackageForecast{
			{FullName: "C", DisplayName: "C", EndsAt: days(-10), Ended: true, Hosts: []string{"h2"}, HostCount: 41},
			{FullName: "D", DisplayName: "D", EndsAt: days(-10), Ended: true, Hosts: []string{"H2"}, HostCount: 1},
			{FullName: "E", DisplayName: "E", Timestamped: true, Hosts: []string{"h1"}, HostCount: 1},
		}, []berth.CertificateHost{
			{Host: "h1", Packages: []string{"E"}, Trust: berth.TrustUnknown, Provision: true},
			{Host: "h2", Packages: []string{"C", "D"}, Trust: berth.TrustMissing, Provision: true, Ending: true},
		}},
		{"AA", 1, 1, 3, []berth.PackageForecast{
			{FullName: "B", DisplayName: "B", EndsAt: days(10), Hosts: []string{"h1", "h2"}, HostCount: 2},
			{FullName: "A", DisplayName: "A", Timestamped: true, Hosts: []string{"h1", "h3"}, HostCount: 2},
		}, []berth.CertificateHost{
			{Host: "h1", Packages: []string{"A", "B"}, Trust: berth.TrustPresent, Provision: true, Ending: true},
			{Host: "h2", Packages: []string{"B"}, Trust: berth.TrustPresent, Provision: true, Ending: true},
			{Host: "h3", Packages: []string{"A"}, Trust: berth.TrustPresent, Provision: true},
		}},
	}
	if d := cmp.Diff(want, rows, cmp.AllowUnexported(row{})); d != "" {
		t.Error(d)
	}
}

func TestTrustOf(t *testing.T) {
	tests := map[string]struct {
		facts *berth.PackageFacts
		want  berth.Trust
	}{
		"nothing said":          {nil, berth.TrustUnknown},
		"staged":                {&berth.PackageFacts{Staged: true}, berth.TrustPresent},
		"refused":               {&berth.PackageFacts{Failure: &berth.Failure{Phase: berth.PhaseTrust}}, berth.TrustMissing},
		"other trouble":         {&berth.PackageFacts{Failure: &berth.Failure{Phase: berth.PhaseAttach}}, berth.TrustUnknown},
		"staged, trouble since": {&berth.PackageFacts{Staged: true, Failure: &berth.Failure{Phase: berth.PhaseRegister}}, berth.TrustPresent},
	}
	for name, tt := range tests {
		if got := berth.TrustOf(tt.facts); got != tt.want {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
	}
}

// tower is a signer's certificate below an intermediate below a root; the intermediate ends first.
func tower(t *testing.T) (signer, intermediate, root *x509.Certificate) {
	t.Helper()
	var keys []*ecdsa.PrivateKey
	for range 3 {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	make := func(c, by *x509.Certificate, key, byKey *ecdsa.PrivateKey) *x509.Certificate {
		c.BasicConstraintsValid, c.NotBefore = true, days(-100)
		der, err := x509.CreateCertificate(rand.Reader, c, by, &key.PublicKey, byKey)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	ca := func(name string, end int) *x509.Certificate {
		return &x509.Certificate{SerialNumber: big.NewInt(int64(end)), Subject: pkix.Name{CommonName: name}, NotAfter: days(end), IsCA: true,
			KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	}
	r := ca("Root", 3000)
	root = make(r, r, keys[0], keys[0])
	intermediate = make(ca("Intermediate", 20), root, keys[1], keys[0])
	signer = make(&x509.Certificate{SerialNumber: big.NewInt(0xbeef), Subject: pkix.Name{CommonName: "Contoso"}, NotAfter: days(500),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		DNSNames: []string{"contoso.example"}, EmailAddresses: []string{"dev@contoso.example"}, IPAddresses: []net.IP{net.IPv4(192, 0, 2, 1)}},
		intermediate, keys[2], keys[1])
	return signer, intermediate, root
}

// TestForecastOfChain: without a timestamp a signature ends with the first certificate of its path, wherever that stands in
// what the signature carries.
func TestForecastOfChain(t *testing.T) {
	leaf, intermediate, root := tower(t)
	stranger, _, _ := tower(t) // of the same names, by other keys
	c := berth.Certificate{CommonName: "Contoso", Thumbprint: "AA", NotAfter: leaf.NotAfter, DER: leaf.Raw,
		Chain: [][]byte{stranger.Raw, root.Raw, []byte("no certificate"), intermediate.Raw}}
	f := berth.ForecastCertificates([]berth.Signed{signed("A", c, false)}, today)[0]
	if f.EndsBy != "Intermediate" || f.Days != 20 || f.State != berth.ForecastExpiring || !f.Packages[0].EndsAt.Equal(days(20)) {
		t.Errorf("got %+v", f)
	}
	c.Chain = [][]byte{root.Raw}
	if f := berth.ForecastCertificates([]berth.Signed{signed("A", c, false)}, today)[0]; f.EndsBy != "" || f.Days != 500 {
		t.Errorf("with a gap in the chain: %+v", f)
	}
}

func TestCertificateDetails(t *testing.T) {
	leaf, intermediate, root := tower(t)
	d := berth.Certificate{Subject: "CN=Contoso", CommonName: "Contoso", DER: leaf.Raw, Chain: [][]byte{root.Raw, intermediate.Raw}}.Details()
	if d.Serial != "beef" || d.KeyAlgorithm != "ECDSA" || d.SignatureAlgorithm != "ECDSA-SHA256" || !d.CodeSigning || d.Authority || d.Unreadable != "" {
		t.Errorf("got %+v", d)
	}
	if len(d.Thumbprint) != 40 || len(d.SHA256) != 64 || d.Thumbprint != strings.ToUpper(d.Thumbprint) {
		t.Errorf("digests %s, %s", d.Thumbprint, d.SHA256)
	}
	for name, pair := range map[string][2][]string{
		"usage":    {d.KeyUsage, {"digitalSignature"}},
		"extended": {d.ExtendedKeyUsage, {"codeSigning"}},
		"names":    {d.AlternativeNames, {"DNS:contoso.example", "email:dev@contoso.example", "IP:192.0.2.1"}},
	} {
		if diff := cmp.Diff(pair[1], pair[0]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if len(d.Chain) != 2 || d.Chain[0].Subject != "CN=Intermediate" || d.Chain[1].Subject != "CN=Root" || !d.Complete {
		t.Errorf("chain: %+v, complete %v", d.Chain, d.Complete)
	}
	rest := []byte(d.PEM)
	for _, want := range []*x509.Certificate{leaf, intermediate, root} {
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil || string(b.Bytes) != string(want.Raw) {
			t.Fatalf("the PEM lacks %s", want.Subject)
		}
	}
	above := berth.Certificate{DER: root.Raw}.Details()
	if !above.Authority || above.CodeSigning || !above.Complete || len(above.Chain) != 0 {
		t.Errorf("root: %+v", above)
	}
}

func TestCertificateDetailsUnreadable(t *testing.T) {
	for name, der := range map[string][]byte{"not kept": nil, "damaged": []byte("no certificate")} {
		d := berth.Certificate{CommonName: "Contoso", Thumbprint: "AA", DER: der, KeySize: 2048}.Details()
		if d.Unreadable == "" || d.CommonName != "Contoso" || d.KeySize != 2048 || d.PEM != "" || d.Chain == nil {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// TestForecastOfManyHosts names a part of them, those that lack the certificate before all others, and counts all.
func TestForecastOfManyHosts(t *testing.T) {
	var names []string
	for n := range 300 {
		names = append(names, fmt.Sprintf("h%03d", n))
	}
	s := signed("A", signer("AA", days(10)), false, names...)
	s.Hosts[299].Facts = &berth.PackageFacts{Failure: &berth.Failure{Phase: berth.PhaseTrust}}
	f := berth.ForecastCertificates([]berth.Signed{s}, today)[0]
	if len(f.Hosts) != 100 || f.Hosts[0].Host != "h299" || f.Hosts[1].Host != "h000" || f.Count != 300 {
		t.Errorf("%d hosts of %d, first %v", len(f.Hosts), f.Count, f.Hosts[:2])
	}
	if p := f.Packages[0]; len(p.Hosts) != 100 || p.HostCount != 300 {
		t.Errorf("%d hosts of %d with the package", len(p.Hosts), p.HostCount)
	}
}
