package auth

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"berth"
)

func TestFrom(t *testing.T) {
	if p, ok := From(t.Context()); ok {
		t.Errorf("an empty context carries %+v", p)
	}
	want := Principal{ID: "1", Name: "ann", Kind: KindUser, Site: "main", Role: berth.RoleReader, Face: "cli"}
	outer := With(t.Context(), Principal{ID: "2"})
	if got, ok := From(With(outer, want)); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, _ := From(outer); got.ID != "2" {
		t.Errorf("the outer context changed: %+v", got)
	}
}

func TestRequire(t *testing.T) {
	everywhere, inMain := Principal{Name: "ann", Kind: KindUser, Role: berth.RoleContributor}, Principal{Name: "ci", Kind: KindApplication, Site: "Main", Role: berth.RoleContributor}
	host := Principal{Name: "desk-1", Kind: KindHost, Site: "main"}
	several := Principal{Name: "sue", Kind: KindUser, Grants: []berth.Grant{{Site: "main", Role: berth.RoleOwner}, {Site: "lab", Role: berth.RoleReader}}}
	odd := Principal{Name: "odd", Kind: KindUser, Role: "emperor"}
	for name, tt := range map[string]struct {
		who  *Principal
		site string
		role berth.Role
		kind berth.Kind // -1: allowed
		says []string
	}{
		"nobody":                    {nil, "main", berth.RoleReader, berth.Unauthenticated, []string{"sign in"}},
		"same role":                 {&everywhere, "main", berth.RoleContributor, -1, nil},
		"lesser role":               {&everywhere, "main", berth.RoleReader, -1, nil},
		"greater role":              {&everywhere, "main", berth.RoleOwner, berth.Forbidden, []string{"ann", "owner", "site main", "contributor", "every site"}},
		"own site":                  {&inMain, "MAIN", berth.RoleContributor, -1, nil},
		"other site":                {&inMain, "branch", berth.RoleReader, berth.Forbidden, []string{"ci", "reader", "site branch", "contributor", "site Main"}},
		"farm with every site":      {&everywhere, "", berth.RoleContributor, -1, nil},
		"farm with one site":        {&inMain, "", berth.RoleReader, berth.Forbidden, []string{"every site"}},
		"first of several":          {&several, "Main", berth.RoleOwner, -1, nil},
		"second of several":         {&several, "lab", berth.RoleReader, -1, nil},
		"greater in the second":     {&several, "lab", berth.RoleContributor, berth.Forbidden, []string{"owner in site main", "reader in site lab"}},
		"neither of several":        {&several, "branch", berth.RoleReader, berth.Forbidden, nil},
		"farm with several sites":   {&several, "", berth.RoleReader, berth.Forbidden, nil},
		"host without a role":       {&host, "main", berth.RoleReader, berth.Forbidden, []string{"desk-1", "no role"}},
		"role that is none":         {&odd, "main", berth.RoleReader, berth.Forbidden, []string{"emperor"}},
		"asking for a role unknown": {&everywhere, "main", "raeder", berth.Internal, []string{"raeder"}},
		"asking for no role":        {&everywhere, "main", "", berth.Internal, nil},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			if tt.who != nil {
				ctx = With(ctx, *tt.who)
			}
			p, err := Require(ctx, tt.site, tt.role)
			if tt.kind == -1 {
				if err != nil || !reflect.DeepEqual(p, *tt.who) {
					t.Errorf("got %+v, %v, want the principal", p, err)
				}
				return
			}
			if err == nil || p.Name != "" || p.Role != "" || berth.ErrorKind(err) != tt.kind {
				t.Fatalf("got %+v, error %v, want one of kind %s", p, err, tt.kind)
			}
			for _, word := range tt.says {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%q does not say %q", err, word)
				}
			}
		})
	}
}
