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
	"/subscriptions":                                                        {inTenant, true, methods{http.MethodGet: (*handler).listSubscriptions}, ""},
	"/subscriptions/{}":                                                     {inSubscription, true, methods{http.MethodGet: (*handler).getSubscription}, ""},
	"/subscriptions/{}/resourcegroups":                                      {inSubscription, true, methods{http.MethodGet: (*handler).listGroups}, ""},
	"/subscriptions/{}/resourcegroups/{}":                                   {inSubscription, true, groupMethods, ""},
	"/tenants":                                                              {inTenant, true, methods{http.MethodGet: (*handler).listTenants}, ""},
	"/subscriptions/{}/locations":                                           {inSubscription, true, methods{http.MethodGet: (*handler).listLocations}, ""},
	"/subscriptions/{}/resources":                                           {inSubscription, true, methods{http.MethodGet: (*handler).listResources}, ""},
	"/subscriptions/{}/resourcegroups/{}/resources":                         {inGroup, true, methods{http.MethodGet: (*handler).listResources}, ""},
	"/providers":                                                            {inTenant, true, methods{http.MethodGet: (*handler).listProviders}, ""},
	"/providers/{}":                                                         {inTenant, true, methods{http.MethodGet: (*handler).getProvider}, ""},
	"/subscriptions/{}/providers":                                           {inSubscription, true, methods{http.MethodGet: (*handler).listProviders}, ""},
	"/subscriptions/{}/providers/{}":                                        {inSubscription, true, methods{http.MethodGet: (*handler).getProvider}, ""},
	"/subscriptions/{}" + avdPath + "/register":                             {inSubscription, true, methods{http.MethodPost: (*handler).register}, ""},
	"/subscriptions/{}" + avdPath + "/hostpools":                            {inSubscription, false, methods{http.MethodGet: (*handler).listHostPools}, ""},
	avdPath + "/operations":                                                 {inTenant, false, methods{http.MethodGet: (*handler).listOperations}, ""},
	groupPath + "/hostpools":                                                {inGroup, false, methods{http.MethodGet: (*handler).listHostPools}, ""},
	groupPath + "/hostpools/{}":                                             {inGroup, false, hostPoolMethods, ""},
	groupPath + "/hostpools/{}/msixpackages":                                {inGroup, false, methods{http.MethodGet: (*handler).list}, ""},
	groupPath + "/hostpools/{}/msixpackages/{}":                             {inGroup, false, packageMethods, ""},
	groupPath + "/hostpools/{}/expandmsiximage":                             {inGroup, false, post((*handler).expandImage), ""},
	groupPath + "/hostpools/{}/importappattachpackageinfo":                  {inGroup, false, post((*handler).importInfo), appAttachSince},
	groupPath + "/hostpools/{}/retrieveregistrationtoken":                   {inGroup, false, post((*handler).retrieveToken), ""},
	groupPath + "/hostpools/{}/listregistrationtokens":                      {inGroup, false, post((*handler).listTokens), appAttachSince},
	groupPath + "/hostpools/{}/sessionhosts":                                {inGroup, false, methods{http.MethodGet: (*handler).listSessionHosts}, ""},
	groupPath + "/hostpools/{}/sessionhosts/{}":                             {inGroup, false, sessionHostMethods, ""},
	groupPath + "/hostpools/{}/usersessions":                                {inGroup, false, methods{http.MethodGet: (*handler).listPoolSessions}, ""},
	groupPath + "/hostpools/{}/sessionhosts/{}/usersessions":                {inGroup, false, methods{http.MethodGet: (*handler).listUserSessions}, ""},
	groupPath + "/hostpools/{}/sessionhosts/{}/usersessions/{}":             {inGroup, false, userSessionMethods, ""},
	groupPath + "/hostpools/{}/sessionhosts/{}/usersessions/{}/disconnect":  {inGroup, false, post((*handler).disconnectSession), ""},
	groupPath + "/hostpools/{}/sessionhosts/{}/usersessions/{}/sendmessage": {inGroup, false, post((*handler).sendMessage), ""},
	"/subscriptions/{}" + avdPath + "/appattachpackages":                    {inSubscription, false, methods{http.MethodGet: (*handler).listAppAttach}, appAttachSince},
	groupPath + "/appattachpackages":                                        {inGroup, false, methods{http.MethodGet: (*handler).listAppAttach}, appAttachSince},
	groupPath + "/appattachpackages/{}":                                     {inGroup, false, appAttachMethods, appAttachSince},
}

// appAttachSince is the first api-version that knows app attach packages and what came with them.
const appAttachSince = "2023-10-04-preview"

func post(fn func(*handler, *call) (answer, error)) methods { return methods{http.MethodPost: fn} }

const (
	avdPath   = "/providers/microsoft.desktopvirtualization"
	groupPath = "/subscriptions/{}/resourcegroups/{}" + avdPath
)

type methods = map[string]func(*handler, *call) (answer, error)

var (
	groupMethods = methods{http.MethodGet: (*handler).getGroup, http.MethodHead: (*handler).headGroup, http.MethodPut: (*handler).putGroup, http.MethodPatch: (*handler).patchGroup,
		http.MethodDelete: (*handler).removeGroup}

	hostPoolMethods = methods{http.MethodGet: (*handler).getHostPool, http.MethodPut: (*handler).putHostPool,
		http.MethodPatch: (*handler).patchHostPool, http.MethodDelete: (*handler).removeHostPool}

	sessionHostMethods = methods{http.MethodGet: (*handler).getSessionHost, http.MethodPatch: (*handler).patchSessionHost,
		http.MethodDelete: (*handler).removeSessionHost}

	userSessionMethods = methods{http.MethodGet: (*handler).getUserSession, http.MethodDelete: (*handler).removeUserSession}

	appAttachMethods = methods{http.MethodGet: (*handler).getAppAttach, http.MethodPut: (*handler).putAppAttach,
		http.MethodPatch: (*handler).patchAppAttach, http.MethodDelete: (*handler).removeAppAttach}

	packageMethods = methods{http.MethodGet: (*handler).get, http.MethodPut: (*handler).put,
		http.MethodPatch: (*handler).patch, http.MethodDelete: (*handler).remove}
)

func notAllowed(c *call) error {
	allowed := strings.Join(slices.Sorted(maps.Keys(c.methods)), ", ")
	return &fault{status: http.StatusMethodNotAllowed, code: "MethodNotAllowed", allow: allowed,
		message: "The resource type '" + c.typeName() + "' does not support the method '" + c.Method + "' here, but " + allowed + "."}
}
