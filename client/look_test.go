package client_test

import (
	"context"
	"errors"
	"testing"

	"berth"
	"berth/client"
	"berth/wire"
)

// TestLook does once through the client what looks ahead, back and around.
func TestLook(t *testing.T) {
	s := newServer(t)
	c := s.client(t, s.token)
	ctx := context.Background()
	enough, heard := errors.New("enough"), make(chan error, 1)
	hello := make(chan struct{})
	go func() {
		heard <- c.Events(ctx, func(e wire.Event) error {
			switch {
			case e.Kind == wire.EventHello:
				close(hello)
			case e.Kind == wire.EventApply && e.Generation > 1:
				return enough
			}
			return nil
		})
	}()
	<-hello
	for _, name := range []string{notesOne, notesTwo} {
		_, err := c.AddPackage(ctx, wire.AddPackage{ImagePath: "image of " + name})
		must(t, err)
		_, err = c.TagPackage(ctx, name, wire.TagPackage{Tag: "Production", Move: true})
		must(t, err)
		p, err := c.Preview(ctx, "", 10, "package/"+berth.Fold(name))
		if err != nil || len(p.Changes) != 1 || p.HostCount != 0 {
			t.Errorf("preview: %+v, %v", p, err)
		}
		_, err = c.Apply(ctx)
		must(t, err)
	}
	if err := <-heard; !errors.Is(err, enough) {
		t.Errorf("listening ended with %v", err)
	}
	page, err := c.FindPackages(ctx, client.PackageFilter{Search: "notes", Limit: 1, Total: true, Enabled: new(true)})
	if err != nil || len(page.Items) != 1 || page.Next == "" || *page.Total != 2 {
		t.Errorf("page: %+v, %v", page, err)
	}
	if moves, err := c.TagHistory(ctx, "Production", family, 5); err != nil || len(moves) != 2 || moves[0].Previous != notesOne {
		t.Errorf("history: %+v, %v", moves, err)
	}
	if p, err := c.RollBackTag(ctx, "Production", family); err != nil || p.FullName != notesOne {
		t.Errorf("rolled back: %+v, %v", p, err)
	}
	entries, err := c.Audit(ctx, "package", notesOne, 1)
	if err != nil || len(entries) != 1 || len(entries[0].Changes) == 0 {
		t.Fatalf("audit: %+v, %v", entries, err)
	}
	if e, err := c.AuditEntry(ctx, entries[0].ID); err != nil || e.ID != entries[0].ID {
		t.Errorf("entry: %+v, %v", e, err)
	}
	if r, err := c.Revert(ctx, entries[0].ID, false); err != nil || r.Pending {
		t.Errorf("reverted: %+v, %v", r, err)
	}
	hosts, err := c.FindHosts(ctx, client.HostFilter{Kind: "rdsh", Total: true})
	if err != nil || *hosts.Total != 0 {
		t.Errorf("hosts: %+v, %v", hosts, err)
	}
	if rows, err := c.StatusPage(ctx, client.StatusFilter{Search: "x", Limit: 5}); err != nil || len(rows.Items) != 0 {
		t.Errorf("rows: %+v, %v", rows, err)
	}
	if sum, err := c.StatusSummary(ctx, client.StatusFilter{}); err != nil || sum.Rows != 0 {
		t.Errorf("summary: %+v, %v", sum, err)
	}
	stranger := s.client(t, "")
	wantKind(t, stranger.Events(ctx, func(wire.Event) error { return nil }), berth.Unauthenticated)
}
