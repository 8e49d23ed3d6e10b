package arm

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"berth"
)

// The namespaces, as clients write them, and the types of the first, as AVD does.
const (
	provider     = "Microsoft.DesktopVirtualization"
	resources    = "Microsoft.Resources"
	hostPools    = "hostpools"
	msixPackages = "hostpools/msixpackages"
)

// Names as the specification allows them in the path.
var (
	uuidPattern = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	})
	groupPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[-\w._()]{1,90}$`) })
	// namespacePattern is what names a resource provider; what else is asked for is told as unknown, as Azure does.
	namespacePattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9.]+$`) })
	namePattern      = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9@.\-_ ]*$`) })
)

// target is what a path names:
// /subscriptions/{subscription}/resourceGroups/{group}/providers/{namespace}/{type}/{name}/{type}/{name}...
// Fixed words compare without regard to case, names keep theirs.
type target struct {
	shape        string // what looks the route up, see shapeOf
	subscription string
	group        string
	namespace    string
	types        []string
	names        []string // as many as types, or one fewer for a collection
}

// parseTarget takes an escaped path apart. Paths of another form are no error here: what they hold becomes a type that
// is not known.
func parseTarget(escaped string) (t target, err error) {
	parts, err := split(escaped)
	if err != nil {
		return t, err
	}
	t.shape = shapeOf(parts)
	take := func(word string, into *string) bool {
		if len(parts) < 2 || !strings.EqualFold(parts[0], word) {
			return false
		}
		*into, parts = parts[1], parts[2:]
		return true
	}
	take("subscriptions", &t.subscription)
	take("resourceGroups", &t.group)
	switch named := take("providers", &t.namespace); {
	case named && len(parts) == 0:
		parts, t.namespace = []string{"providers", t.namespace}, resources
	case !named:
		t.namespace = resources
		if t.group != "" && len(parts) == 0 {
			parts = []string{"resourceGroups", t.group}
		}
	}
	for i, part := range parts {
		if i%2 == 0 {
			t.types = append(t.types, part)
		} else {
			t.names = append(t.names, part)
		}
	}
	return t, nil
}

// shapeOf is the path with its fixed words in lower case, escaped so that no word can pass for two, and {} for each name:
// words and names alternate. The namespace behind "providers" is a word, unless it is what the path is about.
func shapeOf(parts []string) string {
	var b strings.Builder
	for i, part := range parts {
		word := i%2 == 0 || (i < len(parts)-1 && strings.EqualFold(parts[i-1], "providers"))
		if word {
			b.WriteString("/" + url.PathEscape(strings.ToLower(part)))
		} else {
			b.WriteString("/{}")
		}
	}
	return b.String()
}

// split cuts a path at its slashes, of which clients double some, and unescapes what is between them.
func split(escaped string) ([]string, error) {
	var parts []string
	for part := range strings.SplitSeq(escaped, "/") {
		if part == "" {
			continue
		}
		text, err := url.PathUnescape(part)
		if err != nil {
			return nil, &fault{status: http.StatusBadRequest, code: "InvalidRequestUri", message: "The request path is not escaped rightly: " + err.Error()}
		}
		parts = append(parts, text)
	}
	return parts, nil
}

// typeName is the type of the target, such as hostPools/msixPackages.
func (t target) typeName() string {
	if len(t.types) == 0 {
		return "subscriptions"
	}
	return strings.Join(t.types, "/")
}

// isCollection tells whether the target has no name of its own.
func (t target) isCollection() bool { return len(t.names) < len(t.types) }

func (t target) pool() string { return t.names[0] }

func (t target) fullName() string { return t.names[1] }

// naming is what Azure allows as the name of a resource of one type.
type naming struct {
	parameter   string
	least, most int
	pattern     func() *regexp.Regexp
	words       string // what the pattern says
}

const nameWords = "letters, digits, spaces, '@', '.', '-' and '_', and no space at its ends"

// namings are those of Microsoft.DesktopVirtualization, by folded type. A name of an app attach package has no two hyphens
// together, which Go's regular expressions cannot say of it in one; its pattern allows 63 characters.
var namings = map[string]naming{
	"hostpools":         {"hostPoolName", 3, 64, namePattern, nameWords},
	"msixpackages":      {"msixPackageFullName", 3, 100, namePattern, nameWords},
	"sessionhosts":      {"sessionHostName", 3, 48, namePattern, nameWords},
	"usersessions":      {"userSessionId", 1, 24, sessionPattern, "characters, none of them a slash, '~' or a control character"},
	"appattachpackages": {"appAttachPackageName", 3, 63, appAttachPattern, "lower-case letters, digits and single hyphens, and no hyphen at its ends"},
}

var (
	sessionPattern   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[^/\\~[:cntrl:]]*$`) })
	appAttachPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`) })
)

// checkNames holds the names in the path to what Azure allows. Names compare without spaces at their ends, so that two texts
// would name one resource: those are refused too.
func (t target) checkNames() error {
	if t.group != "" && !groupPattern().MatchString(t.group) {
		return &fault{status: http.StatusBadRequest, code: "InvalidResourceGroup", target: "resourceGroupName",
			message: "The resource group name '" + t.group + "' is not valid: it has 1 to 90 letters, digits, '-', '_', '.', '(' and ')'."}
	}
	if len(t.names) == 1 && strings.EqualFold(t.types[0], "providers") && !namespacePattern().MatchString(t.names[0]) {
		return unknownNamespace(t.names[0])
	}
	if !strings.EqualFold(t.namespace, provider) {
		return nil
	}
	for i, name := range t.names {
		n, known := namings[strings.ToLower(t.types[i])]
		if known && (len(name) < n.least || len(name) > n.most || !n.pattern().MatchString(name) || strings.TrimSpace(name) != name) {
			return &fault{status: http.StatusBadRequest, code: "InvalidResourceName", target: n.parameter,
				message: fmt.Sprintf("The name '%s' is not valid for %s: it has %d to %d %s.", name, n.parameter, n.least, n.most, n.words)}
		}
	}
	return nil
}

// checkSubscription makes sure that a subscription, where the path names one, is the known one; an empty one is not known
// yet.
func checkSubscription(id, known string) error {
	switch {
	case id == "":
		return nil
	case !uuidPattern().MatchString(id):
		return &fault{status: http.StatusBadRequest, code: "InvalidSubscriptionId", target: "subscriptionId",
			message: "The provided subscription identifier '" + id + "' is malformed or invalid."}
	case known != "" && berth.Fold(id) != berth.Fold(known):
		return unknownSubscription(id)
	}
	return nil
}

func unknownSubscription(id string) error {
	return &fault{status: http.StatusNotFound, code: "SubscriptionNotFound", target: "subscriptionId",
		message: "The subscription '" + id + "' could not be found."}
}

func unknownType(t target, version string) error {
	return &fault{status: http.StatusNotFound, code: "InvalidResourceType", message: "The resource type '" + t.typeName() +
		"' could not be found in the namespace '" + t.namespace + "' for api version '" + version + "'."}
}
