package arm

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"berth"
)

// The namespaces, as clients write them, and the types of the first, as AVD does.
const (
	provider     = "Microsoft.DesktopVirtualization"
	resources    = "Microsoft.Resources"
	hostPools    = "hostpools"
	msixPackages = "hostpools/msixpackages"
)

// Names as the specification allows them in the path. The resource names have their lengths beside them.
var (
	uuidPattern  = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	groupPattern = regexp.MustCompile(`^[-\w._()]{1,90}$`)
	namePattern  = regexp.MustCompile(`^[A-Za-z0-9@.\-_ ]*$`)
)

const (
	minName     = 3
	maxPoolName = 64
	maxFullName = 100
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

// checkNames holds the names of a resource group, a host pool and a package, as far as there are any, to what Azure allows.
func (t target) checkNames() error {
	if t.group != "" && !groupPattern.MatchString(t.group) {
		return &fault{status: http.StatusBadRequest, code: "InvalidResourceGroup", target: "resourceGroupName",
			message: "The resource group name '" + t.group + "' is not valid: it has 1 to 90 letters, digits, '-', '_', '.', '(' and ')'."}
	}
	if !strings.EqualFold(t.namespace, provider) || len(t.names) == 0 {
		return nil
	}
	if err := checkName("hostPoolName", t.pool(), maxPoolName, "64"); err != nil || len(t.names) == 1 {
		return err
	}
	return checkName("msixPackageFullName", t.fullName(), maxFullName, "100")
}

// checkName refuses spaces at the ends too: names compare without them, so that two texts would name one resource.
func checkName(parameter, name string, longest int, longestText string) error {
	if len(name) >= minName && len(name) <= longest && namePattern.MatchString(name) && strings.TrimSpace(name) == name {
		return nil
	}
	return &fault{status: http.StatusBadRequest, code: "InvalidResourceName", target: parameter,
		message: "The name '" + name + "' is not valid for " + parameter + ": it has 3 to " + longestText +
			" letters, digits, spaces, '@', '.', '-' and '_', and no space at its ends."}
}

// checkSubscription makes sure that a subscription, where the path names one, is the known one; an empty one is not known
// yet.
func checkSubscription(id, known string) error {
	switch {
	case id == "":
		return nil
	case !uuidPattern.MatchString(id):
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
