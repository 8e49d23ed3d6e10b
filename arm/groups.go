package arm

import (
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

// group is ResourceGroup of Microsoft.Resources. A site has no tags.
type group struct {
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	Type       string          `json:"type"`
	Location   string          `json:"location"`
	Properties groupProperties `json:"properties"`
}

type groupProperties struct {
	ProvisioningState string `json:"provisioningState"`
}

func groupOf(site berth.Site) group {
	return group{ID: groupID(site.SubscriptionID, "resourceGroups", site.Name), Name: site.Name, Type: resources + "/resourceGroups",
		Location: site.Location, Properties: groupProperties{"Succeeded"}}
}

// listGroups answers the resource groups that the caller may read. Filters are refused: they choose by tags.
func (h *handler) listGroups(c *call) (answer, error) {
	if parameter(c.URL.Query(), "$filter") != "" {
		return answer{}, badParameter("$filter", "is not supported: resource groups have no tags here")
	}
	var entries []entry
	for _, site := range c.sites {
		entries = append(entries, entry{berth.Fold(site.Name), func() (any, error) { return groupOf(site), nil }})
	}
	return c.page(entries, "$top")
}

func (h *handler) getGroup(c *call) (answer, error) {
	site, err := h.farm.Site(c.Context(), c.group)
	if err == nil {
		err = checkSubscription(c.subscription, site.SubscriptionID)
	}
	return answer{status: http.StatusOK, body: groupOf(site)}, err
}

func (h *handler) headGroup(c *call) (answer, error) {
	_, err := h.getGroup(c)
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
	site, err := h.farm.CreateSite(c.Context(), berth.Site{Name: c.group, SubscriptionID: c.sites[0].SubscriptionID, Location: location})
	if berth.ErrorKind(err) != berth.Conflict {
		return answer{status: http.StatusCreated, body: groupOf(site)}, err
	}
	if site, err = h.farm.Site(c.Context(), c.group); err != nil {
		return answer{}, err
	}
	if !sameLocation(site.Location, location) {
		return answer{}, &fault{status: http.StatusConflict, code: "InvalidResourceGroupLocation", target: memberLocation,
			message: "Invalid resource group location '" + location + "'. The Resource group already exists in location '" + site.Location + "'."}
	}
	return answer{status: http.StatusOK, body: groupOf(site)}, checkSubscription(c.subscription, site.SubscriptionID)
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
	if _, err := h.getGroup(c); err != nil {
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
