package control

import (
	"encoding/json"

	"berth"
	"berth/plan"
)

// configuration is what tells hosts apart as far as their plans go. A site has few of them, however many hosts it has.
type configuration struct {
	holder       string // "host/…" of a host with a list of its own, else "pool/…" with the folded name of its pool, if it has one
	kind         berth.HostKind
	architecture string
	build        int
}

func configurationOf(h berth.Host, own bool, pool string) configuration {
	c := configuration{holder: "pool/" + berth.Fold(pool), kind: h.Kind, architecture: h.Facts.Architecture, build: h.Facts.Build}
	if own {
		c.holder = "host/" + berth.Fold(h.Name)
	}
	return c
}

// results keeps what a work has computed. Works that plan change nothing, so that one configuration has one result.
type results struct {
	host     berth.Object // the configuration read last: it is asked for in both views
	computed [2]map[configuration]plan.Result
	tags     *berth.Tags // as drafted
	groups   []group
}

// compute returns what the host must have by that view, computed once for each configuration.
func (w *work) compute(v berth.View, h berth.Host) (plan.Result, error) {
	o, err := w.hostObject(h.Name)
	if err != nil {
		return plan.Result{}, err
	}
	own, err := hostConfig(o, v)
	if err != nil {
		return plan.Result{}, err
	}
	r, err := w.computeFor(v, h, configurationOf(h, !own.Inherit, own.Pool))
	return r.Raised(stamp(o)), err
}

// hostObject reads what administrators set about a host, the empty object where that is nothing.
func (w *work) hostObject(name string) (berth.Object, error) {
	ref := w.ref(berth.ObjectHost, name)
	if w.results.host.Ref != ref {
		o, err := w.Object(ref)
		if err != nil && !berth.IsNotFound(err) {
			return o, err
		}
		o.Ref = ref
		w.results.host = o
	}
	return w.results.host, nil
}

// hostConfig reads a host's configuration in a view; without one the host inherits.
func hostConfig(o berth.Object, v berth.View) (berth.HostConfig, error) {
	c := berth.HostConfig{Inherit: true}
	doc := o.Document(v)
	if doc == nil {
		return c, nil
	}
	err := json.Unmarshal(doc, &c)
	return c, err
}

// computeFor computes for a configuration by one of its hosts. The rows have no stamp of a host.
func (w *work) computeFor(v berth.View, h berth.Host, c configuration) (plan.Result, error) {
	if r, ok := w.results.computed[v][c]; ok {
		return r, nil
	}
	in, err := w.planInput(v, h)
	if err != nil {
		return plan.Result{}, err
	}
	in.HostStamp = plan.Stamp{}
	r, err := plan.Compute(in)
	if err != nil {
		return r, err
	}
	if w.results.computed[v] == nil {
		w.results.computed[v] = map[configuration]plan.Result{}
	}
	w.results.computed[v][c] = r
	return r, nil
}

// tags returns the version tags with their names as drafted.
func (w *work) tags() (berth.Tags, error) {
	if w.results.tags == nil {
		settings, err := w.settings()
		if err != nil {
			return berth.Tags{}, err
		}
		w.results.tags = &settings.Tags
	}
	return *w.results.tags, nil
}
