package arm_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"berth"
	"berth/wire"
)

// specification is the OpenAPI document (version 2.0) of the operations.
type specification struct {
	Paths       map[string]map[string]*specOperation
	Definitions map[string]*specSchema
	Parameters  map[string]*specParameter
}

type specOperation struct {
	ID         string           `json:"operationId"`
	Parameters []*specParameter `json:"parameters"`
	Responses  map[string]struct {
		Schema *specSchema `json:"schema"`
	} `json:"responses"`
}

type specParameter struct {
	Ref                  string `json:"$ref"`
	Name, In             string
	Required             bool
	Type, Format         string
	MinLength, MaxLength int
	Pattern              string
	Schema               *specSchema
}

type specSchema struct {
	Ref                  string `json:"$ref"`
	Type, Format         string
	Properties           map[string]*specSchema
	Required             []string
	Items                *specSchema
	AdditionalProperties *specSchema
	Enum                 []string
	ReadOnly             bool
	Nullable             bool                         `json:"x-nullable"`
	EnumInfo             struct{ ModelAsString bool } `json:"x-ms-enum"`
}

func readSpecification(t *testing.T) *specification {
	t.Helper()
	b, err := os.ReadFile("../../shared/arm/openapi-2025-10-10-subset.json")
	if err != nil {
		t.Skip("skipped: the specification is not there: " + err.Error())
	}
	s := &specification{}
	if err := json.Unmarshal(b, s); err != nil {
		t.Fatal(err)
	}
	return s
}

// schema follows a reference.
func (s *specification) schema(x *specSchema) *specSchema {
	if x != nil && x.Ref != "" {
		return s.Definitions[strings.TrimPrefix(x.Ref, "#/definitions/")]
	}
	return x
}

// contract is one operation under test, with a farm in which everything that its path names is there.
type contract struct {
	*testing.T
	*specification
	f            *farm
	path, method string
	op           *specOperation
	values       map[string]string // of the parameters in the path
}

// names of the parameters in the path, for which the farm has resources.
var pathValues = map[string]string{"subscriptionId": subscription, "resourceGroupName": "resourceGroup1", "hostPoolName": "hostpool1",
	"msixPackageFullName": editor, "appAttachPackageName": "editor", "sessionHostName": "host1", "userSessionId": "7"}

// TestContract holds the server to every path, method, parameter and field of the specification: what it allows is taken and
// answered in its shape, what it forbids is refused and changes nothing.
func TestContract(t *testing.T) {
	spec := readSpecification(t)
	count := 0
	for _, path := range slices.Sorted(maps.Keys(spec.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(spec.Paths[path])) {
			op := spec.Paths[path][method]
			count++
			t.Run(op.ID, func(t *testing.T) {
				c := &contract{T: t, specification: spec, path: path, method: strings.ToUpper(method), op: op, values: maps.Clone(pathValues)}
				c.parameters()
				c.furnish()
				c.refusesParameters()
				c.refusesBodies()
				c.answers()
			})
		}
	}
	if count < 32 {
		t.Errorf("the specification has %d operations", count)
	}
}

// parameters resolves the references.
func (c *contract) parameters() {
	for i, p := range c.op.Parameters {
		if p.Ref != "" {
			c.op.Parameters[i] = c.specification.Parameters[strings.TrimPrefix(p.Ref, "#/parameters/")]
		}
		if p.In == "body" { // the file has lost this: a PUT needs its body, and so does reading an image
			p.Required = c.method == http.MethodPut || strings.HasPrefix(c.op.ID, "MsixImages_") || strings.HasPrefix(c.op.ID, "AppAttachPackageInfo_")
		}
	}
}

// furnish makes a farm with a package, an app attach package, and a host with a session whose agent does all that it is asked.
func (c *contract) furnish() {
	c.f = newFarm(c.T)
	a := c.f.enrol(c.T, "host1", c.f.token(c.T))
	a.sync(c.T, berth.Facts{OS: "Linux", Sessions: []berth.Session{{ID: "7", User: "anna", Since: c.f.clock.now()}}, Packages: []berth.PackageFacts{}})
	if strings.Contains(c.path, "userSession") {
		a.run(c.T, func(wire.Ask) wire.AskAnswer { return wire.AskAnswer{} })
	}
	c.f.want(c.T, 201, "PUT {pool}/msixPackages/"+editor+"?{v}", `{"properties": {"imagePath": "\\\\files\\apps\\editor.vhdx", "isActive": true}}`, nil)
	c.f.want(c.T, 201, "PUT "+appsPath+"/editor?{v}", `{"location": "here", "properties": {"image": {`+editorRef+`}}}`, nil)
}

// send makes a request; changed values of parameters take the place of the right ones.
func (c *contract) send(body any, changed map[string]string) *httptest.ResponseRecorder {
	c.Helper()
	path, query := c.path, url.Values{}
	for _, p := range c.op.Parameters {
		value, has := changed[p.Name]
		switch {
		case p.In == "path":
			if !has {
				value = c.values[p.Name]
			}
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(value))
		case p.Name == "api-version" && !has:
			query.Set(p.Name, "2025-10-10")
		case p.In == "query" && has:
			query.Set(p.Name, value)
		}
	}
	if changed["api-version"] == "-" {
		query.Del("api-version")
	}
	text := ""
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			c.Fatal(err)
		}
		text = string(b)
	}
	r := httptest.NewRequest(c.method, "https://berth.test"+path+"?"+query.Encode(), strings.NewReader(text))
	r.Header.Set("Authorization", "Bearer user1")
	w := httptest.NewRecorder()
	c.f.handler.ServeHTTP(w, r)
	return w
}

// refused expects an error in the shape of the specification.
func (c *contract) refused(what string, w *httptest.ResponseRecorder) {
	c.Helper()
	if w.Code < 400 || w.Code >= 500 || codeOf(c.T, w) == "" {
		c.Errorf("%s: %d %s", what, w.Code, w.Body)
		return
	}
	c.conforms(c.op.Responses["default"].Schema, w.Body.Bytes(), what)
}

// refusesParameters breaks each rule of each parameter.
func (c *contract) refusesParameters() {
	c.Helper()
	body := c.sample(c.body(), false)
	if p := c.bodyParameter(); p == nil {
		body = nil
	}
	for _, p := range c.op.Parameters {
		bad := map[string]string{}
		switch {
		case p.Name == "api-version":
			bad = map[string]string{"missing": "-", "empty": "", "of another form": "latest", "unknown": "2018-01-01"}
		case p.Format == "uuid":
			bad = map[string]string{"no UUID": "not-a-uuid", "another": "00000000-0000-4000-8000-000000000000"}
		case p.In == "path":
			if p.MinLength > 1 {
				bad["too short"] = strings.Repeat("a", p.MinLength-1)
			}
			bad["too long"] = strings.Repeat("a", p.MaxLength+1)
			if p.Pattern != "" {
				bad["of other letters"] = "abc!%$"
			}
		case p.In == "query" && p.Type == "integer":
			bad = map[string]string{"a word": "many", "too large": "99999999999", "negative": "-1"}
		case p.In == "query" && p.Type == "boolean":
			bad = map[string]string{"a word": "perhaps"}
		case p.In == "query" && p.Name == "$filter":
			bad = map[string]string{"another language": "name ~ x"}
		}
		for what, value := range bad {
			c.refused(p.Name+" "+what, c.send(body, map[string]string{p.Name: value}))
		}
	}
	for _, method := range []string{"GET", "PUT", "PATCH", "POST", "DELETE"} {
		if c.Paths[c.path][strings.ToLower(method)] != nil {
			continue
		}
		was := c.method
		c.method = method
		if w := c.send(nil, nil); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
			c.Errorf("%s: %d %s", method, w.Code, w.Body)
		}
		c.method = was
	}
}

func (c *contract) bodyParameter() *specParameter {
	for _, p := range c.op.Parameters {
		if p.In == "body" {
			return p
		}
	}
	return nil
}

func (c *contract) body() *specSchema {
	if p := c.bodyParameter(); p != nil {
		return c.schema(p.Schema)
	}
	return nil
}

// refusesBodies leaves out what is required, and gives each field a value of another type.
func (c *contract) refusesBodies() {
	p := c.bodyParameter()
	if p == nil {
		return
	}
	if p.Required {
		c.refused("no body", c.send(nil, nil))
	}
	c.refused("an array for a body", c.send([]int{}, nil))
	whole, ok := c.sample(c.body(), true).(map[string]any)
	if !ok {
		c.Fatal("the body is no object")
	}
	c.spoil(c.body(), whole, "", func(what string) { c.refused(what, c.send(whole, nil)) })
}

// spoil calls try with each defect that a value of the schema can have.
func (c *contract) spoil(s *specSchema, value map[string]any, at string, try func(what string)) {
	for _, name := range s.Required {
		if old, has := value[name]; has {
			delete(value, name)
			try("without " + at + name)
			value[name] = old
		}
	}
	for name, p := range s.Properties {
		p = c.schema(p)
		old, has := value[name]
		if !has || p.ReadOnly || name == "systemData" {
			continue
		}
		if wrong := wrongFor(p); wrong != nil {
			value[name] = wrong
			try("a wrong value in " + at + name)
			value[name] = old
		}
		switch inner := old.(type) {
		case map[string]any:
			c.spoil(p, inner, at+name+".", try)
		case []any:
			if first, ok := inner[0].(map[string]any); ok {
				c.spoil(c.schema(p.Items), first, at+name+"[0].", try)
			}
		}
	}
}

// wrongFor is a value of another type.
func wrongFor(s *specSchema) any {
	switch {
	case s.Type == "string" && s.Format == "date-time":
		return "yesterday"
	case s.Type == "string" && s.Format == "byte":
		return "!"
	case s.Type == "string":
		return 7
	case s.Type == "boolean":
		return "yes"
	case s.Type == "integer":
		return "many"
	case s.Type == "array", s.Type == "object":
		return "text"
	}
	return nil
}

// answers sends what the specification allows, the least and the most, and expects an answer in its shape.
func (c *contract) answers() {
	bodies := []any{nil}
	if p := c.bodyParameter(); p != nil {
		bodies = []any{c.sample(c.body(), false), c.sample(c.body(), true)}
		if !p.Required {
			bodies = append([]any{nil}, bodies...)
		}
	}
	optional := map[string]string{}
	for _, p := range c.op.Parameters {
		if p.In == "query" && !p.Required {
			optional[p.Name] = map[string]string{"integer": "1", "boolean": "true"}[p.Type]
		}
	}
	if _, has := optional["$filter"]; has {
		optional["$filter"] = map[bool]string{true: "userPrincipalName eq 'anna' and state eq 'active'", false: "HostPoolName eq 'hostpool1'"}[strings.Contains(c.path, "userSessions")]
	}
	_, pages := optional["initialSkip"]
	for _, body := range bodies {
		for _, query := range []map[string]string{optional, nil} {
			w := c.send(body, query)
			response, documented := c.op.Responses[fmt.Sprint(w.Code)]
			if !documented || w.Code >= 300 {
				c.Errorf("with %v and %v: %d %s", body, query, w.Code, w.Body)
				continue
			}
			if response.Schema == nil {
				if w.Body.Len() > 0 {
					c.Errorf("%d has a body: %s", w.Code, w.Body)
				}
				continue
			}
			c.conforms(response.Schema, w.Body.Bytes(), c.op.ID)
			if pages && query == nil && !strings.Contains(w.Body.String(), `"value":[{`) {
				c.Errorf("an empty list shows nothing: %s", w.Body)
			}
		}
	}
}

// sample makes a value of the schema: with every field, or with those alone that are required.
func (c *contract) sample(s *specSchema, whole bool) any {
	return c.sampleOf(s, "", whole)
}

func (c *contract) sampleOf(s *specSchema, name string, whole bool) any {
	s = c.schema(s)
	if s == nil {
		return nil
	}
	switch name {
	case "hostPoolReferences":
		return []any{expand("{pool}")}
	case "uri", "path", "imagePath":
		return `\\files\apps\editor.vhdx`
	case "packageFullName":
		return editor
	case "location":
		return "here"
	case "packageArchitecture":
		return "ALL"
	}
	switch {
	case s.Type == "object" || s.Properties != nil:
		out := map[string]any{}
		for field, p := range s.Properties {
			// An image without a path is none, though the specification does not say so.
			needed := slices.Contains(s.Required, field) || field == "uri" || field == "path"
			if (whole || needed) && !c.schema(p).ReadOnly {
				out[field] = c.sampleOf(p, field, whole)
			}
		}
		if s.AdditionalProperties != nil {
			out["a key"] = c.sampleOf(s.AdditionalProperties, "", whole)
		}
		return out
	case s.Type == "array":
		return []any{c.sampleOf(s.Items, "", whole)}
	case len(s.Enum) > 0:
		return s.Enum[len(s.Enum)-1]
	case s.Type == "boolean":
		return true
	case s.Type == "integer":
		return 3
	case s.Format == "date-time":
		return c.f.clock.now().Add(5 * time.Hour).Format("2006-01-02T15:04:05.0000000Z")
	case s.Format == "byte":
		return base64.StdEncoding.EncodeToString([]byte("octets"))
	}
	return "text"
}

// conforms holds an answer to a schema: known members alone, each of its type, and those that are required.
func (c *contract) conforms(s *specSchema, body []byte, what string) {
	c.Helper()
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		c.Errorf("%s: %v: %s", what, err, body)
		return
	}
	for _, problem := range c.check(s, value, "") {
		c.Errorf("%s: %s in %s", what, problem, body)
	}
}

var moments = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$`)

func (c *contract) check(s *specSchema, value any, at string) (problems []string) {
	s = c.schema(s)
	if value == nil {
		if !s.Nullable && at != ".expirationTime" && at != ".token" {
			problems = append(problems, at+" is null")
		}
		return problems
	}
	wrong := func() []string { return []string{fmt.Sprintf("%s is %v, not of type %s", at, value, s.Type)} }
	switch v := value.(type) {
	case map[string]any:
		if s.Type != "object" && s.Properties == nil {
			return wrong()
		}
		for _, name := range s.Required {
			if v[name] == nil {
				problems = append(problems, at+"."+name+" is missing")
			}
		}
		for name, inner := range v {
			switch p := s.Properties[name]; {
			case p != nil:
				problems = append(problems, c.check(p, inner, at+"."+name)...)
			case s.AdditionalProperties != nil:
				problems = append(problems, c.check(s.AdditionalProperties, inner, at+"."+name)...)
			case at == ".error" && name == "target": // a superset that all clients take
			default:
				problems = append(problems, at+"."+name+" is unknown")
			}
		}
	case []any:
		if s.Type != "array" {
			return wrong()
		}
		for i, inner := range v {
			problems = append(problems, c.check(s.Items, inner, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case string:
		if s.Type != "string" || (s.Format == "date-time" && !moments.MatchString(v)) {
			return wrong()
		}
		if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
			return []string{at + " is " + v + ", which is no value of its enumeration"}
		}
	case bool:
		if s.Type != "boolean" {
			return wrong()
		}
	case float64:
		if s.Type != "integer" {
			return wrong()
		}
	}
	return problems
}
