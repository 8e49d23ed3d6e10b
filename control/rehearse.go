package control

import (
	"context"

	"berth"
	"berth/wire"
)

type rehearsalKey struct{}

// Rehearse returns a context in which a change of a site's configuration is tried, told, and taken back: the use case
// ends with a *Rehearsed, and nothing was written, not even to the audit. What the use case would refuse is refused.
func Rehearse(ctx context.Context) context.Context {
	return context.WithValue(ctx, rehearsalKey{}, true)
}

func rehearsing(ctx context.Context) bool { return ctx.Value(rehearsalKey{}) != nil }

// Rehearsed is how a change ends that was only tried: with what it would change on which hosts, once it is applied, alone.
type Rehearsed struct{ Preview wire.Preview }

// Error says that nothing was changed.
func (r *Rehearsed) Error() string { return "this was a rehearsal: nothing was changed" }

// mostRehearsed bounds how many hosts a rehearsal names.
const mostRehearsed = 1000

// rehearsed looks at the objects that a use case has changed, in the transaction that will be taken back.
func (w *work) rehearsed() error {
	p := wire.Preview{Changes: []string{}, Generation: w.site.Generation, Configurations: []wire.PreviewConfiguration{}, Hosts: []wire.PreviewHost{}}
	fresh := &work{Tx: w.Tx, who: w.who, site: w.site, at: w.at} // what the use case has computed may be of before its change
	pending, err := fresh.changes(nil)
	if err != nil {
		return err
	}
	touched := map[string]bool{}
	for _, e := range w.events {
		touched[ChangeName(berth.Change{Ref: berth.NewRef(w.site.Name, berth.ObjectKind(e.ObjectKind), e.Key)})] = true
	}
	var names []string
	for _, c := range pending {
		if name := ChangeName(c); touched[name] {
			names = append(names, name)
		}
	}
	if len(names) > 0 { // else it would change nothing that is not so already
		if p, err = fresh.foresee(PreviewQuery{Chosen: names, Limit: mostRehearsed}); err != nil {
			return err
		}
	}
	return &Rehearsed{p}
}
