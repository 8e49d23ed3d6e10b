package client_test

import (
	"context"
	"errors"
	"testing"

	"berth"
	"berth/client"
	"berth/wire"
)

// TestRehearsing: a change that is tried is told and not made, not even in the audit; what cannot be tried is refused, and
// not done instead.
func TestRehearsing(t *testing.T) {
	s := newServer(t)
	c, ctx := s.client(t, s.token), context.Background()
	try := c.Rehearsing()
	before, err := c.Audit(ctx, "", "", 100)
	if err != nil {
		t.Fatal(err)
	}
	_, err = try.EditSettings(ctx, wire.EditSettings{Enabled: new(false)})
	r, ok := errors.AsType[*client.Rehearsed](err)
	if !ok || len(r.Preview.Changes) != 1 || r.Preview.Changes[0] != "settings/settings" {
		t.Fatalf("tried: %+v", err)
	}
	_, err = try.EditSettings(ctx, wire.EditSettings{Enabled: new(true)}) // as it is
	if r, ok := errors.AsType[*client.Rehearsed](err); !ok || len(r.Preview.Changes) != 0 {
		t.Errorf("tried what is so already: %+v", err)
	}
	for what, err := range map[string]error{
		"a token": func() error {
			_, err := try.CreateToken(ctx, wire.CreateToken{Name: "x", Role: berth.RoleReader})
			return err
		}(),
		"a site":   func() error { _, err := try.CreateSite(ctx, wire.CreateSite{Name: "other"}); return err }(),
		"applying": func() error { _, err := try.Apply(ctx); return err }(),
	} {
		if e, ok := errors.AsType[*berth.Error](err); !ok || e.Kind != berth.Invalid || e.Remedy == "" {
			t.Errorf("trying %s: %v", what, err)
		}
	}
	if set, err := try.Settings(ctx); err != nil || !set.Enabled {
		t.Errorf("settings: %+v, %v", set, err)
	}
	if sites, err := c.Sites(ctx); err != nil || len(sites) != 1 {
		t.Errorf("sites: %+v, %v", sites, err)
	}
	if after, err := c.Audit(ctx, "", "", 100); err != nil || len(after) != len(before) {
		t.Errorf("%d entries of the audit were %d, %v", len(after), len(before), err)
	}
}
