package control_test

import (
	"testing"
	"time"

	"berth"
)

// TestHostNotices: what is remarkable about a host is told with it, and it stays in the list.
func TestHostNotices(t *testing.T) {
	f := newFarm(t)
	old := f.enroll("old", berth.KindRDSH, "")
	f.enroll("new", berth.KindRDSH, "")
	old.sync(&berth.Facts{OS: "Windows Server 2019", Build: 17763, Architecture: "x64", Disk: &berth.Disk{Path: "/", Free: 5 << 30, Total: 9 << 30}})
	f.clock.pass(berth.Silence)
	notices := func(host string) (codes string) {
		v, err := f.Host(f.owner, "main", host)
		f.must(err)
		for _, n := range v.Notices {
			codes += n.Code + " "
		}
		return codes
	}
	if got := notices("old"); got != "oldWindows " {
		t.Errorf("an old host has %q", got)
	}
	f.clock.pass(time.Second)
	if got := notices("new"); got != "silent " {
		t.Errorf("a silent host has %q", got)
	}
	hosts, err := f.Hosts(f.owner, "main", "", 0)
	f.must(err)
	if len(hosts) != 2 || len(hosts[1].Notices) != 2 || hosts[1].Facts.Disk == nil || hosts[1].Facts.Disk.Free != 5<<30 {
		t.Errorf("hosts: %+v", hosts)
	}
}
