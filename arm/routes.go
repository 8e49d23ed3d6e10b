package arm

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// scope is where a resource is: it decides what must be there before anything is answered.
type scope int

const (
	inTenant scope = iota
	inSubscription
	inGroup
)

// route is one form of path and the methods that it answers.
type route struct {
	in         scope
	anyVersion bool // of Microsoft.Resources, whose answers are alike in every api-version
	methods    map[string]func(*handler, *call) (answer, error)
	since      string // the first api-version that knows the type; empty: every one
}

// routes are all forms of path, see shapeOf.
var routes = map[string]route{
	"/subscriptions":                                {inTenant, true, methods{http.MethodGet: (*handler).listSubscriptions}, ""},
	"/subscriptions/{}":                             {inSubscription, true, methods{http.MethodGet: (*handler).getSubscription}, ""},
	"/subscriptions/{}/resourcegroups":              {inSubscription, true, methods{http.MethodGet: (*handler).listGroups}, ""},
	"/subscriptions/{}/resourcegroups/{}":           {inSubscription, true, groupMethods, ""},
	"/tenants":                                      {inTenant, true, methods{http.MethodGet: (*handler).listTenants}, ""},
	"/subscriptions/{}/locations":                   {inSubscription, true, methods{http.MethodGet: (*handler).listLocations}, ""},
	"/subscriptions/{}/resources":                   {inSubscription, true, methods{http.MethodGet: (*handler).listResources}, ""},
	"/subscriptions/{}/resourcegroups/{}/resources": {inGroup, true, methods{http.MethodGet: (*handler).listResources}, ""},
	"/providers":                                    {inTenant, true, methods{http.MethodGet: (*handler).listProviders}, ""},
	"/providers/{}":                                 {inTenant, true, methods{http.MethodGet: (*handler).getProvider}, ""},
	"/subscriptions/{}/providers":                   {inSubscription, true, methods{http.MethodGet: (*handler).listProviders}, ""},
	"/subscriptions/{}/providers/{}":                {inSubscription, true, methods{http.MethodGet: (*handler).getProvider}, ""},
	"/subscriptions/{}" + avdPath + "/register":     {inSubscription, true, methods{http.MethodPost: (*handler).register}, ""},
	"/subscriptions/{}" + avdPath + "/hostpools":    {inSubscription, false, methods{http.MethodGet: (*handler).listHostPools}, ""},
	avdPath + "/operations":                         {inTenant, false, methods{http.MethodGet: (*handler).listOperations}, ""},
	groupPath + "/hostpools":                        {inGroup, false, methods{http.MethodGet: (*handler).listHostPools}, ""},
	groupPath + "/hostpools/{}":                     {inGroup, false, hostPoolMethods, ""},
	groupPath + "/hostpools/{}/msixpackages":        {inGroup, false, methods{http.MethodGet: (*handler).list}, ""},
	groupPath + "/hostpools/{}/msixpackages/{}":     {inGroup, false, packageMethods, ""},
}

const (
	avdPath   = "/providers/microsoft.desktopvirtualization"
	groupPath = "/subscriptions/{}/resourcegroups/{}" + avdPath
)

type methods = map[string]func(*handler, *call) (answer, error)

var (
	groupMethods = methods{http.MethodGet: (*handler).getGroup, http.MethodHead: (*handler).headGroup, http.MethodPut: (*handler).putGroup,
		http.MethodDelete: (*handler).removeGroup}

	hostPoolMethods = methods{http.MethodGet: (*handler).getHostPool, http.MethodPut: (*handler).putHostPool,
		http.MethodPatch: (*handler).patchHostPool, http.MethodDelete: (*handler).removeHostPool}

	packageMethods = methods{http.MethodGet: (*handler).get, http.MethodPut: (*handler).put,
		http.MethodPatch: (*handler).patch, http.MethodDelete: (*handler).remove}
)

func notAllowed(c *call) error {
	allowed := strings.Join(slices.Sorted(maps.Keys(c.methods)), ", ")
	return &fault{status: http.StatusMethodNotAllowed, code: "MethodNotAllowed", allow: allowed,
		message: "The resource type '" + c.typeName() + "' does not support the method '" + c.Method + "' here, but " + allowed + "."}
}
