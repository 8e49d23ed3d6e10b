package berth

import (
	"encoding/json"
	"strings"
	"time"
)

// SearchStore finds what lists show, by what administrators look for. All of it is about the drafted view.
type SearchStore interface {
	// CountObjects returns how many objects fit the query, whatever its After and Limit.
	CountObjects(ObjectQuery) (int, error)
	// FindHosts returns the hosts that fit the query, ordered by name.
	FindHosts(HostQuery) ([]Host, error)
	// CountHosts returns how many hosts fit the query, whatever its After and Limit.
	CountHosts(HostQuery) (int, error)
	// HostOutlines returns the hosts that fit the query in outline, ordered by name, without reading their facts.
	HostOutlines(HostQuery) ([]HostOutline, error)
	// HostGroups returns the groups that the site's hosts are in, see GroupOf, ordered by group.
	HostGroups(site string) ([]HostGroup, error)
	// CountGroups returns how many hosts of each group fit the query, whatever its After and Limit.
	CountGroups(HostQuery) (map[string]int, error)
}

// ObjectFilter narrows a query to objects that administrators see (Object.Draft is there) and that have all of these
// properties; the zero value leaves nothing out.
type ObjectFilter struct {
	Listed  bool   // only those that the drafted view has; the other fields imply it
	Text    string // part of what Labels.Search holds, in any case
	Tag     TagID  // packages that carry it
	Enabled *bool  // packages that are, or are not, enabled in the site
}

// HostQuery chooses hosts of one site.
type HostQuery struct {
	Site  string
	Text  string   // part of the name, in any case
	Kind  HostKind // empty: every kind
	Pool  string   // members of this pool as drafted; empty: all hosts
	After string   // only names behind this one
	Limit int      // 0: all

	Groups     []string  // members of one of these groups; nil: all hosts
	SeenBefore time.Time // not heard of since then; zero: all hosts
}

// HostOutline is what tells a host from others as far as plans go, without its facts.
type HostOutline struct {
	Name         string
	Kind         HostKind
	Architecture string
	Build        int
	Pool         string // folded, as drafted
	Own          bool   // has a list of its own, as drafted
	Drafted      bool   // its configuration has a draft: applied it may be otherwise
	Group        string
}

// Labels are the properties of an object by which lists are searched and filtered.
type Labels struct {
	Search  string  // folded words of packages, a line each: full name, display name, publisher
	Tags    []TagID // of packages
	Enabled bool    // of packages
	Pool    string  // of hosts, folded
	Own     bool    // of hosts: has a list of its own
}

// Labels reads the object's labels from its draft. Documents of other kinds, and none at all, have none.
func (o Object) Labels() (l Labels) {
	switch o.Kind {
	case ObjectPackage:
		var p Package
		if json.Unmarshal(o.Draft, &p) == nil {
			words := []string{p.FullName, p.DisplayName, p.PublisherDisplayName, p.Publisher}
			l = Labels{Search: Fold(strings.Join(words, "\n")), Tags: p.Tags, Enabled: p.Enabled && !p.Retiring}
		}
	case ObjectHost:
		var h HostConfig
		if json.Unmarshal(o.Draft, &h) == nil {
			l = Labels{Pool: Fold(h.Pool), Own: !h.Inherit}
		}
	default: // lists of other kinds are short: nobody searches them
	}
	return l
}
