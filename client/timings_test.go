package client_test

import (
	"context"
	"testing"

	"berth"
	"berth/wire"
)

func TestTimings(t *testing.T) {
	s := newServer(t)
	c, ctx := s.client(t, s.token), context.Background()
	_, err := c.HostTimings(ctx, "nobody")
	wantKind(t, err, berth.NotFound)
	_, err = c.PackageTimings(ctx, notesOne)
	wantKind(t, err, berth.NotFound)
	_, err = c.AddPackage(ctx, wire.AddPackage{ImagePath: "image of " + notesOne})
	must(t, err)
	enrollFor(t, s, "Host @ 1")
	if got, err := c.HostTimings(ctx, "host @ 1"); err != nil || got == nil || len(got) != 0 {
		t.Errorf("of a host that told nothing: %v, %v", got, err)
	}
	if got, err := c.PackageTimings(ctx, notesOne); err != nil || got.Package != notesOne || got.Phases == nil {
		t.Errorf("of a package that no host told of: %+v, %v", got, err)
	}
}
