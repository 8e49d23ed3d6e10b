package arm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"berth/control"
)

// Names of the members that Berth itself reads of a tracked resource.
const (
	memberLocation = "location"
	memberTags     = "tags"
	memberIdentity = "identity"
)

// Members that a client may send and that only a server says.
var (
	identityReadOnly = []string{"principalId", "tenantId"}
	poolReadOnly     = []string{"objectId", "applicationGroupReferences", "appAttachPackageReferences", "cloudPcResource",
		"privateEndpointConnections"}
)

// poolRequired are the properties that every host pool has.
var poolRequired = []string{"hostPoolType", "loadBalancerType", "preferredAppGroupType"}

// deepestMerge bounds the levels of a merge, each of which reads all levels below it; the specification has three.
const deepestMerge = 8

// hostPoolDocument returns what is kept of the body of a PUT: the members that a client may write, as it wrote them. Others
// are of no use here.
func hostPoolDocument(body []byte) (object, error) {
	top, err := topLevel(body)
	if err != nil {
		return nil, err
	}
	var o object
	for _, m := range top {
		fits := trackedSchema[strings.ToLower(m.name)]
		if fits == nil || isNull(m.value) {
			continue
		}
		if err := fits(m.name, m.value); err != nil {
			return nil, err
		}
		o = o.with(m.name, m.value)
	}
	if v := o.get(memberLocation); v == nil || strings.TrimSpace(words(v)) == "" {
		return nil, errLocation
	}
	if v := o.get(memberIdentity); v != nil {
		if o, err = withoutAll(o, memberIdentity, v, identityReadOnly); err != nil {
			return nil, err
		}
	}
	value := top.get(memberProperties)
	if isNull(value) {
		return nil, badContent(memberProperties, "properties is required")
	}
	properties, err := hostPoolSchema.read(memberProperties, value)
	if err != nil {
		return nil, err
	}
	if err := require(memberProperties, properties, poolRequired...); err != nil {
		return nil, err
	}
	return withoutAll(o, memberProperties, value, poolReadOnly)
}

// errLocation is what Azure says of a resource that is nowhere.
var errLocation = &fault{status: http.StatusBadRequest, code: "LocationRequired", target: memberLocation,
	message: "The location property is required for this definition."}

// withoutAll sets a member of an object to a value that is an object, less some members.
func withoutAll(o object, name string, value json.RawMessage, less []string) (object, error) {
	inner, err := parseObject(value)
	if err != nil {
		return nil, badContent(name, name+" "+err.Error())
	}
	for _, l := range less {
		inner = inner.without(l)
	}
	b, err := encode(inner)
	return o.with(name, b), err
}

// hostPoolPatch returns what a PATCH changes: tags, identity and properties, of which the type of the pool stays as it is.
// The body may be missing.
func hostPoolPatch(body []byte) (patch object, err error) {
	if body == nil {
		return nil, nil
	}
	top, err := topLevel(body)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{memberTags, memberIdentity} {
		value := top.get(name)
		if value == nil {
			continue
		}
		if !isNull(value) {
			if err := trackedSchema[name](name, value); err != nil {
				return nil, err
			}
		}
		patch = patch.with(name, value)
	}
	if value := top.get(memberIdentity); !isNull(value) {
		if o, err := parseObject(value); err != nil || isNull(o.get("type")) {
			return nil, badContent("identity.type", "identity.type is required")
		}
		if patch, err = withoutAll(patch, memberIdentity, value, identityReadOnly); err != nil {
			return nil, err
		}
	}
	value := top.get(memberProperties)
	if isNull(value) {
		return patch, nil
	}
	properties, err := hostPoolSchema.read(memberProperties, value)
	if err != nil {
		return nil, err
	}
	less := append([]string{"hostPoolType"}, poolReadOnly...)
	for _, name := range poolRequired {
		if isNull(properties.get(name)) {
			less = append(less, name) // null takes nothing away that is required
		}
	}
	return withoutAll(patch, memberProperties, value, less)
}

// mergeHostPool puts a patch over what was said; nil when that changes nothing.
func mergeHostPool(said, patch object) (json.RawMessage, error) {
	was, err := encode(said)
	if err != nil {
		return nil, err
	}
	if v := patch.get(memberTags); v != nil {
		said, patch = said.without(memberTags), patch.without(memberTags)
		if !isNull(v) {
			said = said.with(memberTags, v)
		}
	}
	merged, err := mergePatch(said, patch, deepestMerge)
	if err != nil {
		return nil, err
	}
	document, err := encode(merged)
	switch {
	case err != nil || sameText(was, document):
		return nil, err
	case len(document) > maxBody:
		return nil, &fault{status: http.StatusRequestEntityTooLarge, code: "RequestContentTooLarge",
			message: fmt.Sprintf("The host pool would have more than %d bytes.", maxBody)}
	}
	_, err = propertiesOf(merged)
	if err != nil {
		return nil, badContent(memberProperties, memberProperties+" "+err.Error())
	}
	return document, nil
}

// sameText compares two texts of JSON in which <, > and & may be escaped or not: the store escapes them.
func sameText(a, b []byte) bool {
	var x, y bytes.Buffer
	json.HTMLEscape(&x, a)
	json.HTMLEscape(&y, b)
	return bytes.Equal(x.Bytes(), y.Bytes())
}

// mergePatch is RFC 7396, section 2, for two objects, of which the target keeps its order.
func mergePatch(target, patch object, depth int) (object, error) {
	if depth == 0 {
		return nil, badContent("", "the body is nested too deeply")
	}
	place := map[string]int{}
	merged := slices.Clone(target)
	for i, m := range merged {
		place[strings.ToLower(m.name)] = i
	}
	for _, m := range patch {
		i, there := place[strings.ToLower(m.name)]
		if !there {
			i = len(merged)
			place[strings.ToLower(m.name)] = i
			merged = append(merged, member{name: m.name})
		}
		value, err := mergeValue(merged[i].value, m, depth)
		if err != nil {
			return nil, err
		}
		merged[i].value = value
	}
	return slices.DeleteFunc(merged, func(m member) bool { return m.value == nil }), nil
}

// mergeValue is what one member of a patch makes of the old value; nil is none.
func mergeValue(old json.RawMessage, m member, depth int) (json.RawMessage, error) {
	if isNull(m.value) {
		return nil, nil
	}
	inner, err := parseObject(m.value)
	if errors.Is(err, errNotObject) {
		return m.value, nil
	}
	if err != nil {
		return nil, badContent(m.name, m.name+" "+err.Error())
	}
	was, err := parseObject(old)
	if err != nil {
		was = nil // what is no object gives way to one
	}
	merged, err := mergePatch(was, inner, depth-1)
	if err != nil {
		return nil, err
	}
	return encode(merged)
}

// saidOf is what a client said of a host pool, empty when none did.
func saidOf(p control.HostPool) (object, error) {
	if p.Azure == nil {
		return nil, nil
	}
	o, err := parseObject(p.Azure.Document)
	if err != nil {
		return nil, fmt.Errorf("stored description of host pool %s: %w", p.Name, err)
	}
	return o, nil
}

// propertiesOf returns the properties of what was said.
func propertiesOf(said object) (object, error) {
	value := said.get(memberProperties)
	if value == nil {
		return nil, nil
	}
	return parseObject(value)
}

// words is the text of a JSON string that passed its check.
func words(value json.RawMessage) (s string) {
	_ = json.Unmarshal(value, &s) // what is no string is no text
	return s
}

// quote is the JSON of a text.
func quote(s string) json.RawMessage {
	b, _ := encode(s) // a string always has a JSON form
	return b
}

// sameLocation compares names of locations as Azure does: "West Europe" is westeurope.
func sameLocation(a, b string) bool {
	fold := func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), "")) }
	return fold(a) == fold(b)
}
