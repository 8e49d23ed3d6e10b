package berth

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Publication offers one application of a package family to users, from hosts and pools of its site. It is a
// configuration object of its own, drafted and applied like the others; its key is its name.
//
// It says what is shown to whom, as brokers do. What is registered in a session does not depend on it: whoever has a session
// on a host gets every application of the packages assigned to that host, published or not.
type Publication struct {
	Name        string   `json:"name"`
	Family      string   `json:"family"`      // package family name
	Application string   `json:"application"` // id of the application in the package's manifest
	Users       []string `json:"users"`       // names of users and groups; empty: everyone
	Hosts       []string `json:"hosts"`       // hosts that it is offered from, and
	Pools       []string `json:"pools"`       // pools: every host in one
}

// publicationName is how long a name may be, in characters.
const publicationName = 64

// Check makes sure that the publication can be kept, and returns it in the form in which it is: names without spaces around
// them, and each once.
func (p Publication) Check() (Publication, error) {
	p.Name = strings.TrimSpace(p.Name)
	if !nameable(p.Name) {
		return p, Errorf(Invalid, "%q cannot name a publication", p.Name).On("name").
			With(`use 1 to 64 printable characters without '/' and '\', and not dots alone`)
	}
	p.Users, p.Hosts, p.Pools = each(p.Users), each(p.Hosts), each(p.Pools)
	if len(p.Hosts)+len(p.Pools) == 0 {
		return p, Errorf(Invalid, "publication %q is offered from nowhere", p.Name).On("hosts").
			With("name at least one host or pool that it is offered from")
	}
	return p, nil
}

// nameable tells whether the name can stand in a path and in a line of a table.
func nameable(name string) bool {
	odd := func(r rune) bool { return r == '/' || r == '\\' || r == utf8.RuneError || !unicode.IsPrint(r) }
	return strings.Trim(name, ".") != "" && utf8.RuneCountInString(name) <= publicationName && !strings.ContainsFunc(name, odd)
}

// each returns the names that are not empty, each once without regard to case, in their order.
func each(names []string) []string {
	out := make([]string, 0, len(names))
	for _, name := range names {
		name = strings.TrimSpace(name)
		if name != "" && !slices.ContainsFunc(out, func(o string) bool { return Fold(o) == Fold(name) }) {
			out = append(out, name)
		}
	}
	return out
}

// From tells by what the publication is offered from a host that is in that pool, or in none: "host", "pool NAME"; ok is
// false when it is not.
func (p Publication) From(host, pool string) (by string, ok bool) {
	is := func(name string) func(string) bool { return func(o string) bool { return Fold(o) == Fold(name) } }
	if slices.ContainsFunc(p.Hosts, is(host)) {
		return "host", true
	}
	if pool != "" && slices.ContainsFunc(p.Pools, is(pool)) {
		return "pool " + pool, true
	}
	return "", false
}

// Application returns the package's application of that id, in any case, nil when it has none.
func (p Package) Application(id string) *Application { return application(p.Applications, id) }

// Application returns the package's application of that id, in any case, nil when it has none.
func (p PlannedPackage) Application(id string) *Application { return application(p.Applications, id) }

func application(apps []Application, id string) *Application {
	for i := range apps {
		if Fold(apps[i].ID) == Fold(id) {
			return &apps[i]
		}
	}
	return nil
}
