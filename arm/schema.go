package arm

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// check holds the value at a path of the body to its type. A value of null passes everywhere: clients send it for what
// they do not know.
type check func(path string, value json.RawMessage) error

// schema gives the known members of an object their types, by folded name; unknown members pass.
type schema map[string]check

// packageSchema is MSIXPackageProperties of the specification.
var packageSchema = schema{
	"displayname": text, "imagepath": text, "packagefamilyname": text, "packagename": text, "packagerelativepath": text,
	"version": text, "isactive": boolean, "isregularregistration": boolean, "lastupdated": moment,
	"packagedependencies": list(schema{"dependencyname": text, "publisher": text, "minversion": text}),
	"packageapplications": list(schema{"appid": text, "description": text, "appusermodelid": text, "friendlyname": text,
		"iconimagename": text, "rawicon": octets, "rawpng": octets}),
}

// hostPoolSchema is HostPoolProperties. Its enumerations are open: a value that is not known passes, as the specification
// marks them (modelAsString); that of dayOfWeek alone is closed.
var hostPoolSchema = schema{
	"friendlyname": text, "description": text, "hostpooltype": text, "personaldesktopassignmenttype": text,
	"customrdpproperty": text, "maxsessionlimit": integer, "loadbalancertype": text, "ring": integer,
	"validationenvironment": boolean, "vmtemplate": text, "ssoadfsauthority": text, "ssoclientid": text,
	"ssoclientsecretkeyvaultpath": text, "ssosecrettype": text, "preferredappgrouptype": text, "startvmonconnect": boolean,
	"publicnetworkaccess": text,
	"registrationinfo":    nested(schema{"expirationtime": moment, "token": text, "registrationtokenoperation": text}),
	"agentupdate": nested(schema{"type": text, "usesessionhostlocaltime": boolean, "maintenancewindowtimezone": text,
		"maintenancewindows": list(schema{"hour": integer,
			"dayofweek": oneOf("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")})}),
}

// trackedSchema is what a HostPool has beside its properties.
var trackedSchema = schema{
	"location": text, "managedby": text, "kind": text, "tags": texts, "identity": nested(schema{"type": text}),
	"sku": nested(schema{"name": text, "tier": oneOf("Free", "Basic", "Standard", "Premium"), "size": text, "family": text,
		"capacity": integer}, "name"),
	"plan": nested(schema{"name": text, "publisher": text, "product": text, "promotioncode": text, "version": text},
		"name", "publisher", "product"),
}

// patchSchema is MSIXPackagePatchProperties.
var patchSchema = schema{"displayname": text, "isactive": boolean, "isregularregistration": boolean}

// read parses the object at a path of the body and checks its members.
func (s schema) read(path string, value []byte) (object, error) {
	o, err := parseObject(value)
	if err != nil {
		return nil, badContent(path, path+" "+err.Error())
	}
	for _, m := range o {
		if fits := s[strings.ToLower(m.name)]; fits != nil && !isNull(m.value) {
			if err := fits(path+"."+m.name, m.value); err != nil {
				return nil, err
			}
		}
	}
	return o, nil
}

func text(path string, value json.RawMessage) error {
	if value[0] != '"' {
		return badContent(path, path+" must be a string")
	}
	return nil
}

func boolean(path string, value json.RawMessage) error {
	if value[0] != 't' && value[0] != 'f' {
		return badContent(path, path+" must be true or false")
	}
	return nil
}

// integer takes an int32.
func integer(path string, value json.RawMessage) error {
	if _, err := strconv.ParseInt(string(value), 10, 32); err != nil {
		return badContent(path, path+" must be a whole number of 32 bits")
	}
	return nil
}

// oneOf takes one of the words, in any case.
func oneOf(words ...string) check {
	return func(path string, value json.RawMessage) error {
		var s string
		err := json.Unmarshal(value, &s)
		if err == nil && slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, s) }) {
			return nil
		}
		return badContent(path, path+" must be one of "+strings.Join(words, ", "))
	}
}

// texts takes an object of strings.
func texts(path string, value json.RawMessage) error {
	o, err := parseObject(value)
	if err != nil {
		return badContent(path, path+" "+err.Error())
	}
	for _, m := range o {
		if err := text(path+"."+m.name, m.value); err != nil {
			return err
		}
	}
	return nil
}

// nested takes an object of the schema that has the members needed.
func nested(s schema, needed ...string) check {
	return func(path string, value json.RawMessage) error {
		o, err := s.read(path, value)
		if err != nil {
			return err
		}
		return require(path, o, needed...)
	}
}

// require refuses an object that lacks a member, or has null or an empty text there.
func require(path string, o object, names ...string) error {
	for _, name := range names {
		if v := o.get(name); isNull(v) || string(v) == `""` {
			return badContent(path+"."+name, path+"."+name+" is required")
		}
	}
	return nil
}

// moment takes RFC 3339, and the same without a time zone, which PowerShell sends for a date of no kind.
func moment(path string, value json.RawMessage) error {
	var s string
	if err := json.Unmarshal(value, &s); err != nil {
		return badContent(path, path+" must be a string with a date and time")
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if _, err := time.Parse(layout, s); err == nil {
			return nil
		}
	}
	return badContent(path, path+" must be a date and time such as 2008-09-22T14:01:54.9571247Z")
}

func octets(path string, value json.RawMessage) error {
	var s string
	if err := json.Unmarshal(value, &s); err != nil {
		return badContent(path, path+" must be a string in base64")
	}
	if _, err := base64.StdEncoding.DecodeString(s); err != nil {
		return badContent(path, path+" must be in base64: "+err.Error())
	}
	return nil
}

// list takes an array of objects of the schema.
func list(s schema) check {
	return func(path string, value json.RawMessage) error {
		if value[0] != '[' {
			return badContent(path, path+" must be an array")
		}
		d := json.NewDecoder(bytes.NewReader(value))
		if _, err := d.Token(); err != nil {
			return badContent(path, path+" must be an array: "+err.Error())
		}
		for i := 0; d.More(); i++ {
			at := fmt.Sprintf("%s[%d]", path, i)
			var entry json.RawMessage
			if i == maxMembers {
				return badContent(path, fmt.Sprintf("%s has more than %d entries", path, maxMembers))
			}
			if err := d.Decode(&entry); err != nil {
				return badContent(at, at+" cannot be read: "+err.Error())
			}
			if _, err := s.read(at, entry); err != nil {
				return err
			}
		}
		return nil
	}
}
