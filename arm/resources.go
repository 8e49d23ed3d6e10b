package arm

import (
	"strings"

	"berth"
)

// generic is GenericResource of Microsoft.Resources: any tracked resource in a list of all.
type generic struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Type     string `json:"type"`
	Location string `json:"location"`
	Tags     object `json:"tags,omitempty"`
}

// listResources answers the tracked resources of the subscription or of one resource group.
func (h *handler) listResources(c *call) (answer, error) {
	wanted, err := conditions(parameter(c.URL.Query(), "$filter"))
	if err != nil {
		return answer{}, err
	}
	for _, w := range wanted {
		if w.name != "resourcegroup" && w.name != "resourcetype" && w.name != "name" && w.name != "location" {
			return answer{}, badFilter("names '" + w.name + "'; use resourceGroup, resourceType, name or location")
		}
	}
	sites := c.sites
	if c.in == inGroup {
		sites = []berth.Site{c.site}
	}
	var entries []entry
	for _, site := range sites {
		all, err := h.resourcesOf(c, site)
		if err != nil {
			return answer{}, err
		}
		for _, g := range all {
			if g.fits(site, wanted) {
				entries = append(entries, entry{berth.Fold(g.ID), func() (any, error) { return g, nil }})
			}
		}
	}
	return c.page(entries, "$top")
}

func (h *handler) resourcesOf(c *call, site berth.Site) (out []generic, err error) {
	pools, err := h.farm.HostPools(c.Context(), site.Name)
	if err != nil {
		return nil, err
	}
	for _, p := range pools {
		said, err := saidOf(p)
		if err != nil {
			return nil, err
		}
		out = append(out, genericOf(said, site, generic{ID: poolID(site, p.Name), Name: p.Name, Type: provider + "/" + hostPools}))
	}
	offered, err := h.farm.Offered(c.Context(), site.Name)
	if err != nil {
		return nil, err
	}
	for _, a := range offered {
		said, err := parseObject(a.Azure.Document)
		if err != nil {
			return nil, err
		}
		out = append(out, genericOf(said, site, generic{ID: appAttachID(site, a.Name), Name: a.Name, Type: provider + "/" + appAttachPackages}))
	}
	return out, nil
}

// genericOf adds to a resource what a client said of it.
func genericOf(said object, site berth.Site, g generic) generic {
	g.Location = site.Location
	if l := words(said.get(memberLocation)); l != "" {
		g.Location = l
	}
	g.Tags, _ = parseObject(said.get(memberTags)) // what passed its check, or nothing
	return g
}

func (g generic) fits(site berth.Site, wanted []condition) bool {
	for _, w := range wanted {
		is := map[string]string{"resourcegroup": site.Name, "resourcetype": g.Type, "name": g.Name, "location": g.Location}[w.name]
		if !strings.EqualFold(is, w.value) && (w.name != "location" || !sameLocation(is, w.value)) {
			return false
		}
	}
	return true
}
