package client_test

import (
	"context"
	"testing"

	"berth"
	"berth/client"
	"berth/wire"
)

func TestDocuments(t *testing.T) {
	s := newServer(t)
	c, ctx := s.client(t, s.token), context.Background()
	doc, err := c.Export(ctx)
	if err != nil || doc.APIVersion != wire.DocumentVersion || len(doc.Defaults) != len(berth.HostKinds) || doc.Packages == nil {
		t.Fatalf("export: %+v, %v", doc, err)
	}
	doc.Packages = append(doc.Packages, wire.DocumentPackage{FullName: notesOne, ImagePath: "image of " + notesOne})
	for _, dry := range []bool{true, false} {
		r, err := c.ApplyDocument(ctx, doc, client.DocumentOptions{DryRun: dry})
		if err != nil || r.DryRun != dry || len(r.Objects) != 5 || r.Objects[1].Action != wire.ActionCreate {
			t.Errorf("document: %+v, %v", r, err)
		}
		if ps, err := c.Packages(ctx); err != nil || (len(ps) == 1) == dry {
			t.Errorf("dry run %v: %d packages, %v", dry, len(ps), err)
		}
	}
	doc.Packages = []wire.DocumentPackage{}
	if r, err := c.ApplyDocument(ctx, doc, client.DocumentOptions{Prune: true}); err != nil || r.Objects[len(r.Objects)-1].Action != wire.ActionDelete {
		t.Errorf("pruned: %+v, %v", r, err)
	}
	doc.Kind = "Farm"
	_, err = c.ApplyDocument(ctx, doc, client.DocumentOptions{})
	wantKind(t, err, berth.Invalid)
}
