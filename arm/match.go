package arm

import (
	"net/http"
	"slices"
	"strings"
)

// checkMatch holds the conditions of a request (RFC 9110, sections 13.1.1 and 13.1.2) to the resource as it is; the tag is
// empty for a resource that has none, of which only its existence can be asked.
func (c *call) checkMatch(exists bool, etag string) error {
	if match := c.Header.Get("If-Match"); match != "" && (!exists || !names(match, etag)) {
		return changedMeanwhile("If-Match", match)
	}
	if none := c.Header.Get("If-None-Match"); none != "" && exists && names(none, etag) {
		return changedMeanwhile("If-None-Match", none)
	}
	return nil
}

// names tells whether a list of entity tags has the tag, or means any.
func names(list, etag string) bool {
	tags := strings.Split(list, ",")
	for i := range tags {
		tags[i] = strings.TrimPrefix(strings.TrimSpace(tags[i]), "W/")
	}
	return slices.Contains(tags, "*") || (etag != "" && slices.Contains(tags, etag))
}

func changedMeanwhile(header, value string) error {
	return &fault{status: http.StatusPreconditionFailed, code: "PreconditionFailed", target: header,
		message: "The condition '" + value + "' in the request header '" + header + "' is not satisfied."}
}
