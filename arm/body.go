package arm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"unicode/utf8"

	"berth/control"
)

// maxBody bounds a request; Azure's front door takes 4 MiB too.
const maxBody = 4 << 20

// Names of the members that Berth itself reads.
const (
	memberProperties = "properties"
	memberActive     = "isActive"
	memberRegular    = "isRegularRegistration"
	memberDisplay    = "displayName"
)

// readBody reads the whole body, which is JSON in UTF-8; an empty one gives nil. A byte order mark, which tools on
// Windows put there, is left out.
func readBody(c *call) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, c.Body, maxBody))
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return nil, &fault{status: http.StatusRequestEntityTooLarge, code: "RequestContentTooLarge",
			message: fmt.Sprintf("The request content is longer than %d bytes.", maxBody)}
	}
	if err != nil {
		return nil, badContent("", "the body ended early: "+err.Error())
	}
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if len(body) == 0 {
		return nil, nil
	}
	if !utf8.Valid(body) {
		return nil, badContent("", "the body is not UTF-8")
	}
	if err := json.Unmarshal(body, new(json.RawMessage)); err != nil {
		return nil, badContent("", err.Error())
	}
	return body, nil
}

// packageProperties returns the properties of a PUT. Other members of the body are of no use here: az sends a location
// with everything.
func packageProperties(body []byte) (object, error) {
	top, err := topLevel(body)
	if err != nil {
		return nil, err
	}
	value := top.get(memberProperties)
	if isNull(value) {
		return nil, badContent(memberProperties, "properties is required")
	}
	return packageSchema.read(memberProperties, value)
}

// patchProperties returns the properties of a PATCH, which may have none, and no body at all.
func patchProperties(body []byte) (object, error) {
	if body == nil {
		return nil, nil
	}
	top, err := topLevel(body)
	if err != nil {
		return nil, err
	}
	value := top.get(memberProperties)
	if isNull(value) {
		return nil, nil
	}
	return patchSchema.read(memberProperties, value)
}

func topLevel(body []byte) (object, error) {
	if body == nil {
		return nil, badContent("", "there is no body")
	}
	top, err := parseObject(body)
	if err != nil {
		return nil, badContent("", "the body "+err.Error())
	}
	return top, nil
}

// merge puts the patch over what the client was shown. Nothing is removed by null but the display name, the one of the
// three that may be null.
func merge(shown, patch object) (merged object, changed bool) {
	merged = shown
	for _, name := range []string{memberActive, memberRegular, memberDisplay} {
		value := patch.get(name)
		switch {
		case value == nil, isNull(value) && name != memberDisplay:
			continue
		case isNull(value):
			changed = changed || merged.get(name) != nil
			merged = merged.without(name)
		default:
			changed = changed || !bytes.Equal(merged.get(name), value)
			merged = merged.with(name, value)
		}
	}
	return merged, changed
}

// properties is what a client gets: every word as it was put, and over it what the pool's list says. A package that is
// not active has no registration mode but the declared one.
func properties(d control.Declared) (object, error) {
	if len(d.Properties) == 0 {
		return described(d)
	}
	o, err := parseObject(d.Properties)
	if err != nil {
		return nil, fmt.Errorf("stored properties of %s/%s: %w", d.Pool, d.FullName, err)
	}
	o = o.with(memberActive, raw(d.Active))
	switch {
	case d.Active:
		o = o.with(memberRegular, raw(d.Regular))
	case isNull(o.get(memberRegular)):
		o = o.with(memberRegular, raw(false))
	}
	return o, nil
}

// described makes the properties of a package that no client has put, from what the catalogue knows.
func described(d control.Declared) (object, error) {
	b, err := encode((&call{}).expandedOf(d.Package, d.Package.ImagePath))
	if err != nil {
		return nil, err
	}
	o, err := parseObject(b)
	for _, name := range []string{"packageAlias", "packageFullName"} { // which a package in an image alone has
		o = o.without(name)
	}
	return o.with(memberActive, raw(d.Active)).with(memberRegular, raw(d.Regular)), err
}
