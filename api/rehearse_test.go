package api

import (
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// TestRehearsable: the operations that can be tried are there, and say so in the document; all others are refused with the
// header, so that nothing is done that was only to be tried.
func TestRehearsable(t *testing.T) {
	a := New(Options{})
	seen := 0
	for path, item := range a.huma.OpenAPI().Paths {
		if strings.HasPrefix(path, "/agent/") {
			continue
		}
		for _, op := range operationsOf(item) {
			said := slices.ContainsFunc(op.Parameters, headerParam)
			if want := slices.Contains(rehearsable, op.OperationID); said != want {
				t.Errorf("%s: the document says %v, want %v", op.OperationID, said, want)
			} else if want {
				seen++
			}
		}
	}
	if seen != len(rehearsable) {
		t.Errorf("%d of %d operations are there", seen, len(rehearsable))
	}
}

func headerParam(p *huma.Param) bool { return p.Name == dryRunHeader && p.In == "header" }

func operationsOf(item *huma.PathItem) (ops []*huma.Operation) {
	for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
		if op != nil {
			ops = append(ops, op)
		}
	}
	return ops
}
