package control

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"

	"berth"
	"berth/plan"
)

// planned is a computed plan with the digest that names its content.
type planned struct {
	plan   berth.Plan
	digest string
}

// planCache keeps the plans of the current generations, one for each distinct configuration and not one for each host.
type planCache struct {
	mu    sync.Mutex
	sites map[string]*sitePlans
}

type sitePlans struct {
	generation int64
	plans      map[planKey]planned
}

// planKey is what tells the hosts of a site apart as far as their plans go.
type planKey struct {
	holder       string // the host's name when it has a list of its own, else its pool
	kind         berth.HostKind
	architecture string
	build        int
}

func newPlanCache() *planCache { return &planCache{sites: map[string]*sitePlans{}} }

// get returns the cached plan or computes it. Computing happens under the lock: hosts that wake together want one plan.
func (c *planCache) get(site string, generation int64, key planKey, compute func() (planned, error)) (planned, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ps := c.sites[site]
	if ps == nil || ps.generation < generation {
		ps = &sitePlans{generation: generation, plans: map[planKey]planned{}}
		c.sites[site] = ps
	}
	if p, ok := ps.plans[key]; ok && ps.generation == generation {
		return p, nil
	}
	p, err := compute()
	if err == nil && ps.generation == generation {
		ps.plans[key] = p
	}
	return p, err
}

// planFor returns what the host must have by the applied configuration.
func (s *Service) planFor(w *work, h berth.Host) (planned, error) {
	in, err := w.planInput(berth.Applied, h)
	if err != nil {
		return planned{}, err
	}
	return s.plans.get(berth.Fold(w.site.Name), w.site.Generation, keyOf(in, h), func() (planned, error) {
		r, err := plan.Compute(in)
		if err != nil {
			return planned{}, err
		}
		p := planned{plan: berth.Plan{Site: w.site.Name, Packages: r.Packages, Certificates: r.Certificates, Verify: in.Settings.Verify,
			DisablingMinutes: in.Settings.DisablingMinutes}}
		if c := in.Settings.Cache; c.Enabled {
			p.plan.Cache = &c
		}
		p.digest, err = digest(p.plan)
		p.plan.Generation = w.site.Generation
		return p, err
	})
}

func digest(p berth.Plan) (string, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// planInput gathers what the plan of a host depends on, in one view.
func (w *work) planInput(v berth.View, h berth.Host) (in plan.Input, err error) {
	in.Architecture, in.Build = h.Facts.Architecture, h.Facts.Build
	if in.Settings, in.SettingsStamp, err = stamped(w, v, w.ref(berth.ObjectSettings, "settings"), berth.DefaultSettings()); err != nil {
		return in, err
	}
	own := berth.HostConfig{Name: h.Name, Kind: h.Kind, Inherit: true}
	if in.Host, in.HostStamp, err = stamped(w, v, w.ref(berth.ObjectHost, h.Name), own); err != nil {
		return in, err
	}
	if in.Host.Pool != "" {
		p, stamp, err := stamped(w, v, w.ref(berth.ObjectPool, in.Host.Pool), berth.Pool{Name: in.Host.Pool, Inherit: true})
		if err != nil {
			return in, err
		}
		in.Pool, in.PoolStamp = &p, stamp
	}
	in.Defaults, in.DefaultsStamp, err = stamped(w, v, w.ref(berth.ObjectDefaults, string(h.Kind)), berth.Defaults{Kind: h.Kind})
	in.Family = w.familyOf(v)
	return in, err
}

// familyOf returns the lookup of a family's versions, each family read once in this work, however many hosts ask: works
// that plan change nothing.
func (w *work) familyOf(v berth.View) func(string) ([]plan.Version, error) {
	if w.families[v] == nil {
		w.families[v] = map[string][]plan.Version{}
	}
	read := w.families[v]
	return func(family string) ([]plan.Version, error) {
		family = berth.Fold(family)
		if vs, ok := read[family]; ok {
			return vs, nil
		}
		objects, err := w.Objects(berth.ObjectQuery{Site: berth.Fold(w.site.Name), Kind: berth.ObjectPackage, Family: family})
		if err != nil {
			return nil, err
		}
		vs := make([]plan.Version, 0, len(objects))
		for _, o := range objects {
			doc := o.Document(v)
			if doc == nil {
				continue
			}
			var p berth.Package
			if err := json.Unmarshal(doc, &p); err != nil {
				return nil, err
			}
			vs = append(vs, plan.Version{Package: p, Stamp: stamp(o)})
		}
		read[family] = vs
		return vs, nil
	}
}

func stamp(o berth.Object) plan.Stamp {
	return plan.Stamp{Generation: o.AppliedGeneration, At: o.ChangedAt}
}

// stamped loads a document with the stamp of its object.
func stamped[T any](w *work, v berth.View, ref berth.Ref, otherwise T) (T, plan.Stamp, error) {
	o, err := w.Object(ref)
	if berth.IsNotFound(err) {
		return otherwise, plan.Stamp{}, nil
	}
	if err != nil {
		return otherwise, plan.Stamp{}, err
	}
	doc := o.Document(v)
	if doc == nil {
		return otherwise, stamp(o), nil
	}
	var t T
	err = json.Unmarshal(doc, &t)
	return t, stamp(o), err
}
