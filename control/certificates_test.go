package control_test

import (
	"context"
	"testing"
	"time"

	"berth"
	"berth/control"
	"berth/wire"
)

func signedBy(thumbprint string, end time.Time, timestamped bool) func(*berth.Package) {
	return func(p *berth.Package) {
		p.Certificate = &berth.Certificate{CommonName: "Contoso", Subject: "CN=Contoso", Thumbprint: thumbprint, NotAfter: end, Timestamped: timestamped}
	}
}

// TestCertificates gathers the signers of the catalogue with the hosts that must have their packages.
func TestCertificates(t *testing.T) {
	f := newFarm(t)
	end := f.clock.now().Add(10*24*time.Hour + time.Hour)
	f.addOf("1", signedBy("AA11", end, false))
	f.addOf("2", signedBy("AA11", end, true))
	f.addOf("3", signedBy("BB22", end.Add(-time.Hour), true))
	f.addOf("4", nil)
	m := f.enroll("h1", berth.KindRDSH, "")
	f.assign(rdsh, exactly("1"))
	list := func() (a, b berth.Forecast) {
		t.Helper()
		fs, err := f.Certificates(f.owner, "main")
		if err != nil || len(fs) != 2 || fs[0].Thumbprint != "BB22" {
			t.Fatalf("got %+v, %v", fs, err)
		}
		return fs[1], fs[0]
	}
	if a, b := list(); a.Ending != 1 || a.Lasting != 1 || a.Days != 10 || a.State != berth.ForecastExpiring || len(a.Hosts) != 0 || b.Lasting != 1 {
		t.Errorf("drafted: %+v, %+v", a, b)
	}
	f.apply()
	if a, _ := list(); len(a.Hosts) != 1 || a.Hosts[0].Host != "h1" || a.Hosts[0].Trust != berth.TrustUnknown || !a.Hosts[0].Ending || !a.Hosts[0].Provision {
		t.Errorf("applied: %+v", a)
	}
	m.settle()
	if a, _ := list(); a.Hosts[0].Trust != berth.TrustPresent {
		t.Errorf("staged: %+v", a)
	}
	_, err := f.Sync(context.Background(), m.id, m.serial, wire.SyncRequest{Protocol: wire.Protocol, Facts: &berth.Facts{Packages: []berth.PackageFacts{
		{FullName: notesOne, Failure: &berth.Failure{Phase: berth.PhaseTrust}}}}})
	f.must(err)
	_, err = f.EditSettings(f.owner, "main", control.SettingsEdit{ProvisionCertificates: new(false)})
	f.must(err)
	f.apply()
	if a, _ := list(); a.Hosts[0].Trust != berth.TrustMissing || a.Hosts[0].Provision {
		t.Errorf("refused: %+v", a)
	}
	f.clock.pass(11 * 24 * time.Hour)
	if a, _ := list(); a.State != berth.ForecastExpired || a.Days != -1 || !a.Packages[0].Ended || a.Packages[1].Ended {
		t.Errorf("over: %+v", a)
	}

	v, err := f.Certificate(f.owner, "main", " aa:11 ")
	if err != nil || v.CommonName != "Contoso" || v.Unreadable == "" || len(v.Forecast.Packages) != 2 {
		t.Errorf("one: %+v, %v", v, err)
	}
	for _, unknown := range []string{"", "CC33"} {
		_, err = f.Certificate(f.owner, "main", unknown)
		wantKind(t, err, berth.NotFound)
	}
	// A package whose deletion is drafted counts while hosts see it.
	f.must(f.RemovePackage(f.owner, "main", fullName("3"), false))
	list()
	f.apply()
	if fs, err := f.Certificates(f.owner, "main"); err != nil || len(fs) != 1 {
		t.Errorf("after the last package of a signer: %+v, %v", fs, err)
	}
}
