package arm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxMembers bounds the members of one JSON object and the entries of one array in a request: no package has as many, and
// a body full of tiny ones would take many times its size in memory.
const maxMembers = 4096

// member is one name and its value, as sent.
type member struct {
	name  string
	value json.RawMessage
}

// object is a JSON object whose members keep their order and their very text. Clients compare what comes back with what
// they sent, so that a number or a date must not be written anew.
type object []member

// errNotObject says that a JSON value is of another type.
var errNotObject = errors.New("must be an object")

// parseObject reads one JSON object. Of members with the same name the last counts (RFC 8259, section 4).
func parseObject(raw []byte) (object, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errNotObject
	}
	var o object
	place := map[string]int{}
	for d.More() {
		name, value, err := nextMember(d)
		if err != nil {
			return nil, err
		}
		if i, again := place[name]; again {
			o[i].value = value
			continue
		}
		if len(o) == maxMembers {
			return nil, fmt.Errorf("has more than %d members", maxMembers)
		}
		place[name] = len(o)
		o = append(o, member{name, value})
	}
	_, err := d.Token()
	return o, err
}

func nextMember(d *json.Decoder) (name string, value json.RawMessage, err error) {
	t, err := d.Token()
	if err != nil {
		return "", nil, err
	}
	name, _ = t.(string)
	return name, value, d.Decode(&value)
}

// get returns the value of a member, whose name compares without regard to case, as Azure's server reads it; nil when
// there is none.
func (o object) get(name string) json.RawMessage {
	for _, m := range slices.Backward(o) {
		if strings.EqualFold(m.name, name) {
			return m.value
		}
	}
	return nil
}

// without returns the object without a member.
func (o object) without(name string) object {
	return slices.DeleteFunc(slices.Clone(o), func(m member) bool { return strings.EqualFold(m.name, name) })
}

// with returns the object with a member set, in its old place if it had one.
func (o object) with(name string, value json.RawMessage) object {
	i := slices.IndexFunc(o, func(m member) bool { return strings.EqualFold(m.name, name) })
	out := o.without(name)
	if i < 0 {
		i = len(out)
	}
	return slices.Insert(out, i, member{name, value})
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			b = append(b, ',')
		}
		name, err := encode(m.name)
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, name...), ':'), m.value...)
	}
	return append(b, '}'), nil
}

// raw is the JSON of a switch.
func raw(b bool) json.RawMessage {
	if b {
		return json.RawMessage("true")
	}
	return json.RawMessage("false")
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }
