package arm

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"berth"
	"berth/control"
)

// listHostPools answers HostPools_ListByResourceGroup, and HostPools_List where the path names no resource group.
func (h *handler) listHostPools(c *call) (answer, error) {
	sites := c.sites
	if c.in == inGroup {
		sites = []berth.Site{c.site}
	}
	var entries []entry
	for _, site := range sites {
		pools, err := h.farm.HostPools(c.Context(), site.Name)
		if err != nil {
			return answer{}, err
		}
		offered, err := h.farm.Offered(c.Context(), site.Name)
		if err != nil {
			return answer{}, err
		}
		for _, p := range pools {
			entries = append(entries, entry{berth.Fold(p.Name) + "/" + berth.Fold(site.Name),
				func() (any, error) { return c.hostPool(site, p, offered) }})
		}
	}
	return c.page(entries, "pageSize")
}

func (h *handler) getHostPool(c *call) (answer, error) {
	p, err := h.farm.HostPool(c.Context(), c.site.Name, c.pool())
	if err != nil {
		return answer{}, err
	}
	return h.showHostPool(c, http.StatusOK, p)
}

// putHostPool creates a host pool or replaces what was said of it. Its packages stay.
func (h *handler) putHostPool(c *call) (answer, error) {
	body, err := readBody(c)
	if err != nil {
		return answer{}, err
	}
	sent, err := hostPoolDocument(body)
	if err != nil {
		return answer{}, err
	}
	sent, wish, err := registrationOf(sent)
	if err != nil {
		return answer{}, err
	}
	if wish.operation != "" {
		if err := h.farm.CheckRegistration(c.Context(), c.site.Name, wish.expires); err != nil {
			return answer{}, err
		}
	}
	document, err := encode(sent)
	if err != nil {
		return answer{}, err
	}
	p, created, err := h.farm.PutHostPool(c.Context(), c.site.Name, c.pool(), func(was control.HostPool) (json.RawMessage, error) {
		if err := c.checkMatch(was.Name != "", etagOf(was)); err != nil {
			return nil, err
		}
		return document, c.checkLocation(was, sent)
	})
	if err != nil {
		return answer{}, err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return h.registered(c, status, p, wish)
}

// registered does to the pool's token what was wanted and shows the pool.
func (h *handler) registered(c *call, status int, p control.HostPool, wish registration) (answer, error) {
	info, err := h.registerPool(c, wish)
	if err != nil {
		return answer{}, err
	}
	a, err := h.showHostPool(c, status, p)
	if err != nil || info == nil {
		return a, err
	}
	shown, ok := a.body.(object)
	if !ok {
		return a, nil
	}
	a.body, err = withRegistration(shown, info)
	return a, err
}

// checkLocation refuses to move a host pool. One of which no client has said where it is may still be anywhere.
func (c *call) checkLocation(was control.HostPool, sent object) error {
	said, err := saidOf(was)
	if err != nil || said.get(memberLocation) == nil {
		return err
	}
	from, to := words(said.get(memberLocation)), words(sent.get(memberLocation))
	if sameLocation(from, to) {
		return nil
	}
	return &fault{status: http.StatusConflict, code: "InvalidResourceLocation", target: memberLocation,
		message: "The resource '" + was.Name + "' already exists in location '" + from + "' in resource group '" + c.site.Name +
			"'. A resource with the same name cannot be created in location '" + to + "'."}
}

// patchHostPool merges (RFC 7396) into the properties; tags are replaced.
func (h *handler) patchHostPool(c *call) (answer, error) {
	if err := h.farm.Permit(c.Context(), c.site.Name, berth.RoleContributor); err != nil {
		return answer{}, err
	}
	body, err := readBody(c)
	if err != nil {
		return answer{}, err
	}
	patch, err := hostPoolPatch(body)
	if err != nil {
		return answer{}, err
	}
	patch, wish, err := registrationOf(patch)
	if err != nil {
		return answer{}, err
	}
	if wish.operation != "" {
		if err := h.farm.CheckRegistration(c.Context(), c.site.Name, wish.expires); err != nil {
			return answer{}, err
		}
	}
	p, err := h.farm.EditHostPool(c.Context(), c.site.Name, c.pool(), func(was control.HostPool) (json.RawMessage, error) {
		if err := c.checkMatch(true, etagOf(was)); err != nil {
			return nil, err
		}
		said, err := saidOf(was)
		if err != nil {
			return nil, err
		}
		return mergeHostPool(said, patch)
	})
	if err != nil {
		return answer{}, err
	}
	return h.registered(c, http.StatusOK, p, wish)
}

func (h *handler) removeHostPool(c *call) (answer, error) {
	force, err := flag(c.URL.Query(), "force")
	if err != nil {
		return answer{}, err
	}
	existed, err := h.farm.RemoveHostPool(c.Context(), c.site.Name, c.pool(), force)
	if !existed {
		return answer{status: http.StatusNoContent}, err
	}
	return answer{status: http.StatusOK}, err
}

func (h *handler) showHostPool(c *call, status int, p control.HostPool) (answer, error) {
	offered, err := h.farm.Offered(c.Context(), c.site.Name)
	if err != nil {
		return answer{}, err
	}
	body, err := c.hostPool(c.site, p, offered)
	return answer{status: status, body: body, etag: etagOf(p)}, err
}

// hostPool is HostPool of the specification: every word as it was put, and around it what Berth knows. A pool that another
// face made has what Azure's clients cannot do without.
func (c *call) hostPool(site berth.Site, p control.HostPool, offered []berth.AppAttachPackage) (object, error) {
	said, err := saidOf(p)
	if err != nil {
		return nil, err
	}
	shown, err := propertiesOf(said)
	if err != nil {
		return nil, fmt.Errorf("stored description of host pool %s: %w", p.Name, err)
	}
	id := poolID(site, p.Name)
	out := object{{"name", quote(p.Name)}, {"id", quote(id)}, {"type", quote(provider + "/" + hostPools)},
		{"etag", quote(etagOf(p))}}
	if p.Azure != nil && c.version >= firstSystemData {
		b, err := encode(systemDataOf(*p.Azure))
		if err != nil {
			return nil, err
		}
		out = append(out, member{"systemData", b})
	}
	if said.get(memberLocation) == nil {
		out = append(out, member{memberLocation, quote(site.Location)})
	}
	out = append(out, said.without(memberProperties)...)
	references, err := encode(offeredFrom(site, p, offered))
	if err != nil {
		return nil, err
	}
	properties, err := encode(hostPoolProperties(shown, id, references))
	return append(out, member{memberProperties, properties}), err
}

// etagOf is the entity tag of a host pool: RFC 9110, section 8.8.3.
func etagOf(p control.HostPool) string { return strconv.Quote(strconv.FormatInt(p.Revision, 10)) }

// hostPoolProperties completes what was said by what the specification requires and by what only a server says.
func hostPoolProperties(o object, id string, references json.RawMessage) object {
	for _, m := range []member{{"hostPoolType", quote("Pooled")}, {"loadBalancerType", quote("BreadthFirst")},
		{"preferredAppGroupType", quote("Desktop")}} {
		if isNull(o.get(m.name)) {
			o = o.with(m.name, m.value)
		}
	}
	empty := json.RawMessage("[]") // Berth has none of these resources
	return append(o, member{"objectId", quote(objectID(id))}, member{"applicationGroupReferences", empty},
		member{"appAttachPackageReferences", references}, member{"privateEndpointConnections", empty}, member{"cloudPcResource", raw(false)})
}

// offeredFrom are the ids of the app attach packages that a host pool offers.
func offeredFrom(site berth.Site, p control.HostPool, offered []berth.AppAttachPackage) []string {
	ids := []string{}
	for _, a := range offered {
		if slices.ContainsFunc(a.Pools, func(in berth.AppAttachPool) bool { return berth.Fold(in.Pool) == berth.Fold(p.Name) }) {
			ids = append(ids, appAttachID(site, a.Name))
		}
	}
	return ids
}

// poolID is the resource id of a host pool. AVD writes the fixed words in lower case; scripts match on that.
func poolID(site berth.Site, pool string) string {
	return groupID(site.SubscriptionID, "resourcegroups", site.Name) + "/providers/" + provider + "/hostpools/" + pool
}

func groupID(subscription, word, name string) string {
	return "/subscriptions/" + subscription + "/" + word + "/" + name
}

// objectID makes a UUID of version 8 (RFC 9562, section 5.8) from a resource id, so that a pool keeps it for good.
func objectID(id string) string {
	b := sha256.Sum256([]byte(berth.Fold(id)))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
