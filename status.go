package berth

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// StatusName is one of the eight statuses of a package on a host.
type StatusName string

// The eight statuses, as administrators know them.
const (
	StatusNoVersion          StatusName = "No version found"
	StatusNotApplied         StatusName = "Not applied"
	StatusCertificateMissing StatusName = "Certificate missing"
	StatusNotFound           StatusName = "Not found"
	StatusStagingFailed      StatusName = "Staging failed"
	StatusDisabling          StatusName = "Disabling"
	StatusInUse              StatusName = "In use"
	StatusReady              StatusName = "Ready"
)

// StatusNames lists the eight in the order in which they are looked for.
var StatusNames = []StatusName{StatusNoVersion, StatusNotApplied, StatusCertificateMissing, StatusNotFound, StatusStagingFailed,
	StatusDisabling, StatusInUse, StatusReady}

// Status is what the rules make of the plan and the facts for one package on one host.
type Status struct {
	Name   StatusName `json:"name"`
	Since  time.Time  `json:"since,omitzero"`
	Cause  string     `json:"cause"`
	Code   string     `json:"code,omitempty"`   // as the platform gave it
	Remedy string     `json:"remedy,omitempty"` // what to do, empty when nothing is to be done

	Symbol  string `json:"symbol,omitempty"`  // the code's name, where the catalogue has it
	Meaning string `json:"meaning,omitempty"` // what the code means, in plain words
	Retry   Retry  `json:"retry,omitempty"`   // what can make it succeed
}

// explained adds to a status what the catalogue says of a failure.
func (s Status) explained(f Failure) Status {
	e := Explain(f)
	s.Code, s.Remedy, s.Symbol, s.Meaning, s.Retry = f.Code, e.Remedy, e.Symbol, e.Meaning, e.Retry
	return s
}

// StatusInput is all that the status of one package on one host depends on.
type StatusInput struct {
	Host      Host
	Row       *Row          // the applied row, else the one that a draft would add; nil when the package is only still on the host
	Drafted   string        // in words, the draft that would change the row; empty when there is none
	DraftedAt time.Time     // when that draft was last changed
	Facts     *PackageFacts // nil when the host has not spoken of the package
}

// StatusOf computes the status: the first of the eight that holds, in the order of the design.
func StatusOf(in StatusInput) Status {
	for _, rule := range []func(StatusInput) (Status, bool){
		noVersion, notApplied, failed, disabling, inUse,
	} {
		if s, ok := rule(in); ok {
			return s
		}
	}
	if in.Facts == nil || !in.Facts.Staged {
		return underWay(in)
	}
	return in.Facts.trouble(Status{Name: StatusReady, Since: in.Facts.Since, Cause: "attached" + in.Facts.source() + " and staged; sessions can register it"})
}

func noVersion(in StatusInput) (Status, bool) {
	if in.Row == nil || in.Row.FullName != "" {
		return Status{}, false
	}
	return Status{Name: StatusNoVersion, Since: in.Row.ChangedAt, Cause: in.Row.Missing,
		Remedy: "give the tag to an enabled version that fits the host, or assign an exact version"}, true
}

func notApplied(in StatusInput) (Status, bool) {
	switch {
	case in.Drafted != "":
		return Status{Name: StatusNotApplied, Since: in.DraftedAt, Cause: in.Drafted, Remedy: "apply the pending changes, or discard them"}, true
	case in.Row == nil || in.Host.Facts.Generation >= in.Row.Generation:
		return Status{}, false
	}
	cause := fmt.Sprintf("applied in generation %d, the host holds generation %d and was last seen %s",
		in.Row.Generation, in.Host.Facts.Generation, in.Host.LastSeen.UTC().Format(time.RFC3339))
	return Status{Name: StatusNotApplied, Since: in.Row.ChangedAt, Cause: cause, Remedy: "wait for the host, or see why its agent does not answer"}, true
}

// underWay is Not applied too: the host knows the plan and has neither succeeded nor failed yet.
func underWay(in StatusInput) Status {
	s := Status{Name: StatusNotApplied, Cause: "the host has taken up the plan and is attaching the image"}
	if in.Row != nil {
		s.Since = in.Row.ChangedAt
	}
	if in.Facts != nil {
		s.Since = in.Facts.Since
	}
	return s
}

// trouble adds to the status of a staged package what fails nevertheless, registering in a session for example: it is
// no status of its own, and must not stay unseen.
func (p *PackageFacts) trouble(s Status) Status {
	if f := p.Failure; f != nil {
		s.Cause += fmt.Sprintf("; %s failed: %s", f.Phase, f.Message)
		s = s.explained(*f)
	}
	return s
}

func failed(in StatusInput) (Status, bool) {
	if in.Row == nil || in.Facts == nil || in.Facts.Failure == nil || in.Facts.Staged && in.Facts.Failure.Phase != PhaseVerify {
		return Status{}, false
	}
	f := in.Facts.Failure
	s := Status{Name: Explain(*f).Status, Since: in.Facts.Since, Cause: f.Message}
	if n := len(in.Facts.Sessions); in.Facts.Staged && n > 0 { // found after it was staged: nothing is torn off
		s.Cause += fmt.Sprintf("; %s keeps what it has until it ends, and no other session is given the package", sessions(in.Facts.Sessions))
	}
	return s.explained(*f), true
}

func disabling(in StatusInput) (Status, bool) {
	if in.Row != nil || in.Facts == nil {
		return Status{}, false
	}
	s := Status{Name: StatusDisabling, Since: in.Facts.Since, Cause: "no longer assigned; being detached"}
	if n := len(in.Facts.Sessions); n > 0 {
		s.Cause = fmt.Sprintf("no longer assigned; waiting for deregistration in %s", sessions(in.Facts.Sessions))
		s.Remedy = "it goes by itself when the last of these sessions ends"
		if until := in.Facts.Until; !until.IsZero() {
			s.Cause += "; it is taken from them at " + until.UTC().Format(time.RFC3339)
			s.Remedy += ", and by then at the latest; without a deadline in the site's settings it waits"
		}
	}
	if f := in.Facts.Failure; f != nil {
		s.Cause = f.Message
		s = s.explained(*f)
	}
	return s, true
}

func inUse(in StatusInput) (Status, bool) {
	if in.Facts == nil || len(in.Facts.Sessions) == 0 {
		return Status{}, false
	}
	// Since the first of the sessions that there are: agents do not order them.
	first := slices.MinFunc(in.Facts.Sessions, func(a, b Registered) int { return a.Since.Compare(b.Since) })
	return in.Facts.trouble(Status{Name: StatusInUse, Since: first.Since,
		Cause: "registered in " + sessions(in.Facts.Sessions) + in.Facts.attachedFrom()}), true
}

// source says what the package is attached from, where that is not the share.
func (p *PackageFacts) source() string {
	if p.FromCopy {
		return " from the host's copy"
	}
	return ""
}

func (p *PackageFacts) attachedFrom() string {
	if p.FromCopy {
		return "; attached from the host's copy"
	}
	return ""
}

// sessions names the users of the sessions, at most three of them, so that the text stays short on a busy host.
func sessions(rs []Registered) string {
	const most = 3
	var users []string
	for _, r := range rs[:min(most, len(rs))] {
		users = append(users, r.User)
	}
	if len(rs) == 1 {
		return "the session of " + users[0]
	}
	s := fmt.Sprintf("%d sessions (%s", len(rs), strings.Join(users, ", "))
	if len(rs) > most {
		s += fmt.Sprintf(" and %d more", len(rs)-most)
	}
	return s + ")"
}

// Trouble tells that somebody must do something about a package with this status.
func (s Status) Trouble() bool {
	return slices.Contains([]StatusName{StatusNoVersion, StatusCertificateMissing, StatusNotFound, StatusStagingFailed}, s.Name)
}
