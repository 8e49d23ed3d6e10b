package control_test

import (
	"testing"

	"berth"
	"berth/control"
	"berth/wire"
)

// TestCopiesAndDepth: what the settings say of copies and of verification reaches the hosts' plans once it is applied, and
// what makes no sense is refused and changes nothing.
func TestCopiesAndDepth(t *testing.T) {
	f := newFarm(t)
	m := f.enroll("rdsh-01", berth.KindRDSH, "")
	m.sync(nil)
	if m.plan.Cache != nil || m.plan.Verify != "" {
		t.Errorf("asked for without being set: %+v", m.plan)
	}
	depth, none := berth.VerifyAll, berth.VerifyDepth("some")
	for name, e := range map[string]control.SettingsEdit{
		"too small":     {Cache: &wire.EditCache{MaxBytes: new(int64(5))}},
		"below zero":    {Cache: &wire.EditCache{BytesPerSecond: new(int64(-1))}},
		"no such depth": {Verify: &none},
	} {
		if _, err := f.EditSettings(f.owner, "main", e); berth.ErrorKind(err) != berth.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := f.EditSettings(f.owner, "main", control.SettingsEdit{Verify: &depth,
		Cache: &wire.EditCache{Enabled: new(true), MaxBytes: new(int64(50 << 30)), BytesPerSecond: new(int64(20 << 20))}})
	f.must(err)
	m.sync(nil)
	if m.plan.Cache != nil {
		t.Error("a draft reached the host")
	}
	_, _, err = f.Apply(f.owner, "main", nil)
	f.must(err)
	m.sync(nil)
	if c := m.plan.Cache; c == nil || *c != (berth.CacheSettings{Enabled: true, MaxBytes: 50 << 30, BytesPerSecond: 20 << 20}) || m.plan.Verify != berth.VerifyAll {
		t.Errorf("%+v, %q", c, m.plan.Verify)
	}
	code := berth.VerifyCode
	_, err = f.EditSettings(f.owner, "main", control.SettingsEdit{Verify: &code, Cache: &wire.EditCache{Enabled: new(false)}})
	f.must(err)
	_, _, err = f.Apply(f.owner, "main", nil)
	f.must(err)
	m.sync(nil)
	if m.plan.Cache != nil || m.plan.Verify != "" {
		t.Errorf("stays although it was switched off: %+v", m.plan)
	}
}
