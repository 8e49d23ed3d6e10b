package arm

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// versions are the api-versions in which Microsoft.DesktopVirtualization knows hostPools/msixPackages, oldest first. The
// properties of packages are the same in all of them; those of host pools grew, and older clients pass over what they do
// not know.
var versions = []string{
	"2020-09-21-preview", "2020-10-19-preview", "2020-11-02-preview", "2020-11-10-preview", "2021-01-14-preview",
	"2021-02-01-preview", "2021-03-09-preview", "2021-04-01-preview", "2021-07-12", "2021-09-03-preview",
	"2022-02-10-preview", "2022-04-01-preview", "2022-09-09", "2022-10-14-preview", "2023-07-07-preview", "2023-09-05",
	"2023-10-04-preview", "2023-11-01-preview", "2024-01-16-preview", "2024-03-06-preview", "2024-04-03",
	"2024-04-08-preview", "2024-08-08-preview", "2024-11-01-preview", "2025-03-01-preview", "2025-04-01-preview",
	"2025-08-01-preview", "2025-09-01-preview", "2025-10-10",
}

// appAttachVersions are those that know appAttachPackages.
var appAttachVersions = versions[slices.Index(versions, appAttachSince):]

// versionPattern is the form of api-versions: azure-resource-manager-rpc, v1.0, api-versions.
var versionPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(-(preview|alpha|beta|rc|privatepreview))?$`)
})

// firstSystemData is where resources begin to say who made them; versions compare as texts.
const firstSystemData = "2021-09-03-preview"

// versionOf returns the api-version of a query, in lower case.
func versionOf(query url.Values) (string, error) {
	version := strings.ToLower(parameter(query, "api-version"))
	if version == "" {
		return "", &fault{status: http.StatusBadRequest, code: "MissingApiVersionParameter",
			message: "The api-version query parameter (?api-version=) is required for all requests."}
	}
	if !versionPattern().MatchString(version) {
		return "", &fault{status: http.StatusBadRequest, code: "InvalidApiVersionParameter", target: "api-version",
			message: "The api-version '" + version + "' is invalid. The supported versions are '" + strings.Join(versions, ",") + "'."}
	}
	return version, nil
}

// checkVersion refuses versions that do not know the resource type.
func (c *call) checkVersion() error {
	known := versions
	if c.since != "" {
		known = versions[slices.Index(versions, c.since):]
	}
	if c.anyVersion || slices.Contains(known, c.version) {
		return nil
	}
	location := c.site.Location
	if location == "" && len(c.sites) > 0 {
		location = c.sites[0].Location
	}
	return &fault{status: http.StatusBadRequest, code: "NoRegisteredProviderFound", target: "api-version",
		message: "No registered resource provider found for location '" + location + "' and API version '" + c.version +
			"' for type '" + c.typeName() + "'. The supported api-versions are '" + strings.Join(known, ", ") +
			"'. The supported locations are '" + location + "'."}
}

// parameter returns the first value of a query parameter, whose name compares without regard to case.
func parameter(query url.Values, name string) string {
	if query.Has(name) {
		return query.Get(name)
	}
	for key, values := range query {
		if strings.EqualFold(key, name) && len(values) > 0 {
			return values[0]
		}
	}
	return ""
}
