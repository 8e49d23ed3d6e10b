package arm

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"berth"
)

// provider is the namespace of all resource types here; msixPackages the one type there is, as clients write it.
const (
	provider     = "Microsoft.DesktopVirtualization"
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
	take := func(word string, into *string) bool {
		if len(parts) < 2 || !strings.EqualFold(parts[0], word) {
			return false
		}
		*into, parts = parts[1], parts[2:]
		return true
	}
	take("subscriptions", &t.subscription)
	take("resourceGroups", &t.group)
	if !take("providers", &t.namespace) {
		t.namespace = "Microsoft.Resources"
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

// isPackages tells whether the target is a package of a host pool or the collection of them, in a resource group.
func (t target) isPackages() bool {
	return t.subscription != "" && t.group != "" && strings.EqualFold(t.namespace, provider) && strings.EqualFold(t.typeName(), msixPackages)
}

// isCollection tells whether the target has no name of its own.
func (t target) isCollection() bool { return len(t.names) < len(t.types) }

func (t target) pool() string { return t.names[0] }

func (t target) fullName() string { return t.names[1] }

// checkNames holds the names of a package, or of a collection of packages, to what Azure allows.
func (t target) checkNames() error {
	if !groupPattern.MatchString(t.group) {
		return &fault{status: http.StatusBadRequest, code: "InvalidResourceGroup", target: "resourceGroupName",
			message: "The resource group name '" + t.group + "' is not valid: it has 1 to 90 letters, digits, '-', '_', '.', '(' and ')'."}
	}
	if err := checkName("hostPoolName", t.pool(), maxPoolName, "64"); err != nil {
		return err
	}
	if t.isCollection() {
		return nil
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
		return &fault{status: http.StatusNotFound, code: "SubscriptionNotFound", target: "subscriptionId",
			message: "The subscription '" + id + "' could not be found."}
	}
	return nil
}

func unknownType(t target, version string) error {
	return &fault{status: http.StatusNotFound, code: "InvalidResourceType", message: "The resource type '" + t.typeName() +
		"' could not be found in the namespace '" + t.namespace + "' for api version '" + version + "'."}
}
