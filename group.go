package berth

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
)

// groupForm is the form of the names that GroupOf gives. It is another when what goes into them changes: stores then give
// every host its name anew.
const groupForm = "2"

// Placement is what administrators have set about a host, as far as groups go.
type Placement struct {
	Pool       string // folded, as drafted
	Own        bool   // it has a list of its own, as drafted
	Drafted    bool   // its configuration has a draft: applied it may be otherwise
	Generation int64  // at which its configuration was last applied
}

// Alone tells whether the host's plan can be like that of no other host.
func (p Placement) Alone() bool { return p.Own || p.Drafted }

// GroupOf names the group of a host. Hosts of a group have, whatever is configured, the same plan, the same statuses of
// packages but for their times and words, and the same notices but that of silence: what is told of one counts for all, so
// that a farm is looked at group by group and not host by host.
func GroupOf(h Host, p Placement) string {
	f := h.Facts
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%s\n%s\n%d\n%s\n%s\n%v\n%v\n%v\n%d\n%v\n", h.Kind, Fold(p.Pool), Fold(f.Architecture), f.Build, f.OS, f.AgentVersion,
		diskNotice(f) != nil, leftOutNotice(f.Cache) != nil, copyNotice(f.Cache) != nil, f.Generation, f.Generation < p.Generation)
	if p.Alone() {
		_, _ = io.WriteString(sum, "host "+Fold(h.Name)+"\n") // a hash never fails
	}
	packages := make([]string, 0, len(f.Packages))
	for i, one := range f.Packages {
		// Of two facts about one package the first counts: see Facts.Package.
		if f.Package(one.FullName) == &f.Packages[i] {
			packages = append(packages, one.outline())
		}
	}
	slices.Sort(packages)
	_, _ = io.WriteString(sum, strings.Join(packages, "\n"))
	return GroupForm() + hex.EncodeToString(sum.Sum(nil)[:16])
}

// GroupForm is how the names begin that GroupOf gives today.
func GroupForm() string { return groupForm + ":" }

// outline is what of the facts about a package its status depends on.
func (p PackageFacts) outline() string {
	failure := ""
	if p.Failure != nil {
		failure = fmt.Sprintf("%s %s", p.Failure.Phase, codeKey(p.Failure.Code))
	}
	return fmt.Sprintf("%s\t%s\t%v\t%v\t%v\t%s", Fold(p.FullName), Fold(p.FamilyName), p.Attached, p.Staged, len(p.Sessions) > 0, failure)
}

// HostGroup is a group with one of its hosts.
type HostGroup struct {
	Group string
	Hosts int  // how many there are in it
	Host  Host // the first of them by name
	Placement
}
