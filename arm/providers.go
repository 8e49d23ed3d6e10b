package arm

import (
	"net/http"
	"slices"
	"strings"
)

// namespace is Provider of Microsoft.Resources. Clients look here for the api-versions of a resource type.
type namespace struct {
	ID                string         `json:"id"`
	Namespace         string         `json:"namespace"`
	RegistrationState string         `json:"registrationState"`
	ResourceTypes     []resourceType `json:"resourceTypes"`
}

type resourceType struct {
	ResourceType string   `json:"resourceType"`
	Locations    []string `json:"locations"`
	APIVersions  []string `json:"apiVersions"`
}

// resourceVersions are the api-versions that are told of Microsoft.Resources; any other is taken as well.
var resourceVersions = []string{"2021-04-01", "2019-11-01", "2019-05-01"}

// providers are the namespaces that are served here, each registered for good.
func (c *call) providers() []namespace {
	locations := c.locations()
	newest := newestOf(versions)
	root := ""
	if c.subscription != "" {
		root = "/subscriptions/" + c.sites[0].SubscriptionID
	}
	return []namespace{
		{root + "/providers/" + provider, provider, "Registered", []resourceType{
			{"hostpools", locations, newest}, {"hostpools/msixpackages", locations, newest}, {"hostpools/sessionhosts", locations, newest},
			{"hostpools/sessionhosts/usersessions", locations, newest}, {"hostpools/usersessions", locations, newest},
			{"appattachpackages", locations, newestOf(appAttachVersions)}, {"operations", []string{}, newest}}},
		{root + "/providers/" + resources, resources, "Registered", []resourceType{
			{"subscriptions", []string{}, resourceVersions}, {"resourceGroups", locations, resourceVersions},
			{"subscriptions/resources", []string{}, resourceVersions}, {"subscriptions/locations", []string{}, resourceVersions},
			{"tenants", []string{}, resourceVersions}, {"subscriptions/providers", []string{}, resourceVersions}}},
	}
}

// newestOf returns the versions from the newest to the oldest.
func newestOf(oldestFirst []string) []string {
	newest := slices.Clone(oldestFirst)
	slices.Reverse(newest)
	return newest
}

func (h *handler) listProviders(c *call) (answer, error) {
	return answer{status: http.StatusOK, body: struct {
		Value []namespace `json:"value"`
	}{c.providers()}}, nil
}

func (h *handler) getProvider(c *call) (answer, error) {
	return c.provider(c.names[0])
}

// register answers a client that wants the namespace registered, which it always is.
func (h *handler) register(c *call) (answer, error) {
	return c.provider(provider)
}

func (c *call) provider(name string) (answer, error) {
	for _, n := range c.providers() {
		if strings.EqualFold(n.Namespace, name) {
			return answer{status: http.StatusOK, body: n}, nil
		}
	}
	return answer{}, unknownNamespace(name)
}

func unknownNamespace(name string) error {
	return &fault{status: http.StatusNotFound, code: "InvalidResourceNamespace",
		message: "The resource namespace '" + name + "' is invalid."}
}

// operation is ResourceProviderOperation of the specification.
type operation struct {
	Name         string           `json:"name"`
	IsDataAction bool             `json:"isDataAction"`
	Display      operationDisplay `json:"display"`
}

type operationDisplay struct {
	Provider    string `json:"provider"`
	Resource    string `json:"resource"`
	Operation   string `json:"operation"`
	Description string `json:"description"`
}

// listOperations answers Operations_List: what Berth lets roles do, in Azure's words.
func (h *handler) listOperations(*call) (answer, error) {
	out := struct {
		Value []operation `json:"value"`
	}{}
	add := func(path, verb, title, what string) {
		out.Value = append(out.Value, operation{Name: provider + "/" + path + "/" + verb,
			Display: operationDisplay{provider, path, title, what}})
	}
	for _, r := range []struct{ path, name string }{{hostPools, "host pools"}, {msixPackages, "MSIX packages of host pools"},
		{sessionHosts, "session hosts"}, {userSessions, "user sessions"}, {appAttachPackages, "app attach packages"}} {
		for _, a := range []struct{ verb, name string }{{"read", "Read"}, {"write", "Write"}, {"delete", "Delete"}} {
			if r.path != userSessions || a.verb != "write" {
				add(r.path, a.verb, a.name+" "+r.path, a.name+"s "+r.name+".")
			}
		}
	}
	add(hostPools+"/expandmsiximage", "action", "Expand MSIX image", "Reads the packages in an image.")
	add(hostPools+"/importappattachpackageinfo", "action", "Import app attach package info", "Reads the packages in an image.")
	add(hostPools+"/retrieveregistrationtoken", "action", "Retrieve registration token", "Tells the registration token of a host pool.")
	add(hostPools+"/listregistrationtokens", "action", "List registration tokens", "Tells the registration tokens of a host pool.")
	add(userSessions+"/disconnect", "action", "Disconnect user session", "Disconnects a user session.")
	add(userSessions+"/sendmessage", "action", "Send message", "Shows a message in a user session.")
	return answer{status: http.StatusOK, body: out}, nil
}
