package arm

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"berth"
)

// subscription is Subscription of Microsoft.Resources, as far as Berth has something to say.
type subscription struct {
	ID                  string `json:"id"`
	SubscriptionID      string `json:"subscriptionId"`
	TenantID            string `json:"tenantId,omitempty"`
	DisplayName         string `json:"displayName"`
	State               string `json:"state"`
	AuthorizationSource string `json:"authorizationSource"`
}

func (h *handler) subscription(id string) subscription {
	return subscription{ID: "/subscriptions/" + id, SubscriptionID: id, TenantID: h.tenantID(), DisplayName: "Berth", State: "Enabled",
		AuthorizationSource: "RoleBased"}
}

// listSubscriptions answers the subscriptions of the sites that the caller may read.
func (h *handler) listSubscriptions(c *call) (answer, error) {
	out := struct {
		Value []subscription `json:"value"`
	}{[]subscription{}}
	for _, site := range c.sites {
		s := h.subscription(site.SubscriptionID)
		if !slices.Contains(out.Value, s) {
			out.Value = append(out.Value, s)
		}
	}
	return answer{status: http.StatusOK, body: out}, nil
}

func (h *handler) getSubscription(c *call) (answer, error) {
	return answer{status: http.StatusOK, body: h.subscription(c.sites[0].SubscriptionID)}, nil
}

// groupKept are the members of a ResourceGroup of Microsoft.Resources that a client may write beside its location.
var groupKept = schema{"tags": texts, "managedby": text}

// group is ResourceGroup of Microsoft.Resources: the site, and what clients said of it.
func (h *handler) group(c *call, site berth.Site) (object, error) {
	document, err := h.farm.SiteSaid(c.Context(), site.Name)
	if err != nil {
		return nil, err
	}
	said, err := parseOr(document)
	if err != nil {
		return nil, fmt.Errorf("stored description of site %s: %w", site.Name, err)
	}
	out := object{{"id", quote(groupID(site.SubscriptionID, "resourceGroups", site.Name))}, {"name", quote(site.Name)},
		{"type", quote(resources + "/resourceGroups")}, {memberLocation, quote(site.Location)}}
	out = append(out, said...)
	return append(out, member{memberProperties, json.RawMessage(`{"provisioningState":"Succeeded"}`)}), nil
}

// groupSaid returns what is kept of the body of a PUT or PATCH.
func groupSaid(top object) (o object, err error) {
	for _, m := range top {
		fits := groupKept[strings.ToLower(m.name)]
		if fits == nil || isNull(m.value) {
			continue
		}
		if err := fits(m.name, m.value); err != nil {
			return nil, err
		}
		o = o.with(m.name, m.value)
	}
	return o, nil
}

// showGroup answers with a site.
func (h *handler) showGroup(c *call, status int, site berth.Site) (answer, error) {
	body, err := h.group(c, site)
	return answer{status: status, body: body}, err
}

// describe keeps what the client says, where that is anything new.
func (h *handler) describe(c *call, site berth.Site, said object) error {
	was, err := h.farm.SiteSaid(c.Context(), site.Name)
	if err != nil {
		return err
	}
	document, err := encode(said)
	if err != nil || sameText(was, document) || (len(was) == 0 && len(said) == 0) {
		return err
	}
	return h.farm.DescribeSite(c.Context(), site.Name, document)
}

// patchGroup changes what was said: tags are replaced.
func (h *handler) patchGroup(c *call) (answer, error) {
	site, err := h.siteOf(c)
	if err != nil {
		return answer{}, err
	}
	body, err := readBody(c)
	if err != nil {
		return answer{}, err
	}
	var top object
	if body != nil {
		if top, err = topLevel(body); err != nil {
			return answer{}, err
		}
	}
	patch, err := groupSaid(top)
	if err != nil {
		return answer{}, err
	}
	document, err := h.farm.SiteSaid(c.Context(), site.Name)
	if err != nil {
		return answer{}, err
	}
	said, err := parseOr(document)
	if err != nil {
		return answer{}, err
	}
	for _, m := range patch {
		said = said.with(m.name, m.value)
	}
	if err := h.describe(c, site, said); err != nil {
		return answer{}, err
	}
	return h.showGroup(c, http.StatusOK, site)
}

// listGroups answers the resource groups that the caller may read. Filters, which choose by tags, are refused.
func (h *handler) listGroups(c *call) (answer, error) {
	if parameter(c.URL.Query(), "$filter") != "" {
		return answer{}, badParameter("$filter", "is not supported for resource groups here")
	}
	var entries []entry
	for _, site := range c.sites {
		entries = append(entries, entry{berth.Fold(site.Name), func() (any, error) { return h.group(c, site) }})
	}
	return c.page(entries, "$top")
}

func (h *handler) getGroup(c *call) (answer, error) {
	site, err := h.siteOf(c)
	if err != nil {
		return answer{}, err
	}
	return h.showGroup(c, http.StatusOK, site)
}

// siteOf returns the site that the path names as a resource group.
func (h *handler) siteOf(c *call) (berth.Site, error) {
	site, err := h.farm.Site(c.Context(), c.group)
	if err == nil {
		err = checkSubscription(c.subscription, site.SubscriptionID)
	}
	return site, err
}

func (h *handler) headGroup(c *call) (answer, error) {
	_, err := h.siteOf(c)
	return answer{status: http.StatusNoContent}, err
}

// putGroup makes a site. One that is there can be put again, where it is; both need an owner of the farm.
func (h *handler) putGroup(c *call) (answer, error) {
	body, err := readBody(c)
	if err != nil {
		return answer{}, err
	}
	top, err := topLevel(body)
	if err != nil {
		return answer{}, err
	}
	location, err := groupLocation(top)
	if err != nil {
		return answer{}, err
	}
	said, err := groupSaid(top)
	if err != nil {
		return answer{}, err
	}
	site, err := h.farm.CreateSite(c.Context(), berth.Site{Name: c.group, SubscriptionID: c.sites[0].SubscriptionID, Location: location})
	if err == nil {
		err = h.describe(c, site, said)
	}
	if err == nil {
		return h.showGroup(c, http.StatusCreated, site)
	}
	if berth.ErrorKind(err) != berth.Conflict {
		return answer{}, err
	}
	if site, err = h.siteOf(c); err != nil {
		return answer{}, err
	}
	if !sameLocation(site.Location, location) {
		return answer{}, &fault{status: http.StatusConflict, code: "InvalidResourceGroupLocation", target: memberLocation,
			message: "Invalid resource group location '" + location + "'. The Resource group already exists in location '" + site.Location + "'."}
	}
	if err := h.describe(c, site, said); err != nil {
		return answer{}, err
	}
	return h.showGroup(c, http.StatusOK, site)
}

func groupLocation(top object) (string, error) {
	value := top.get(memberLocation)
	if isNull(value) {
		return "", errLocation
	}
	if err := text(memberLocation, value); err != nil {
		return "", err
	}
	if location := strings.TrimSpace(words(value)); location != "" {
		return location, nil
	}
	return "", errLocation
}

// removeGroup deletes a site that is empty: a resource group takes nothing along here.
func (h *handler) removeGroup(c *call) (answer, error) {
	if _, err := h.siteOf(c); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK}, h.farm.RemoveSite(c.Context(), c.group)
}

// tenant is TenantIdDescription of Microsoft.Resources: the installation as a directory.
type tenant struct {
	ID             string   `json:"id"`
	TenantID       string   `json:"tenantId"`
	DisplayName    string   `json:"displayName"`
	DefaultDomain  string   `json:"defaultDomain"`
	Domains        []string `json:"domains"`
	TenantType     string   `json:"tenantType"`
	TenantCategory string   `json:"tenantCategory"`
	CountryCode    string   `json:"countryCode"`
}

func (h *handler) listTenants(c *call) (answer, error) {
	out := struct {
		Value []tenant `json:"value"`
	}{[]tenant{}}
	if id := h.tenantID(); id != "" {
		host := hostOf(c.Request)
		out.Value = append(out.Value, tenant{"/tenants/" + id, id, "Berth", host, []string{host}, "AAD", "Home", ""})
	}
	return answer{status: http.StatusOK, body: out}, nil
}

func (h *handler) tenantID() string {
	if h.Access == nil {
		return ""
	}
	return h.Access.Tenant()
}

// place is Location of Microsoft.Resources.
type place struct {
	ID                  string            `json:"id"`
	Name                string            `json:"name"`
	Type                string            `json:"type"`
	DisplayName         string            `json:"displayName"`
	RegionalDisplayName string            `json:"regionalDisplayName"`
	Metadata            map[string]string `json:"metadata"`
}

// listLocations answers where the sites are.
func (h *handler) listLocations(c *call) (answer, error) {
	out := struct {
		Value []place `json:"value"`
	}{[]place{}}
	for _, at := range c.locations() {
		name := strings.ToLower(strings.Join(strings.Fields(at), ""))
		out.Value = append(out.Value, place{groupID(c.sites[0].SubscriptionID, "locations", name), name, "Region", at, at,
			map[string]string{"regionType": "Physical", "regionCategory": "Recommended"}})
	}
	return answer{status: http.StatusOK, body: out}, nil
}

// locations are those of the sites, each once.
func (c *call) locations() []string {
	locations := []string{}
	for _, site := range c.sites {
		if !slices.ContainsFunc(locations, func(l string) bool { return sameLocation(l, site.Location) }) {
			locations = append(locations, site.Location)
		}
	}
	return locations
}
