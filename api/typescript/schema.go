package typescript

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// schema is what the server's document uses of JSON Schema 2020-12.
type schema struct {
	Ref         string             `json:"$ref"`
	Type        names              `json:"type"`
	Description string             `json:"description"`
	Enum        []json.RawMessage  `json:"enum"`
	Items       *schema            `json:"items"`
	Properties  map[string]*schema `json:"properties"`
	Required    []string           `json:"required"`
	Additional  additional         `json:"additionalProperties"`
}

// names is the keyword type: one name, or several ("Validation", section 6.1.1).
type names []string

// UnmarshalJSON reads both forms.
func (n *names) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*n = names{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(n))
}

func (n names) only(name string) bool { return len(n) == 1 && n[0] == name }

// additional is the keyword additionalProperties: a schema, or whether there may be any.
type additional struct{ of *schema }

// UnmarshalJSON reads both forms.
func (a *additional) UnmarshalJSON(b []byte) error {
	var any bool
	if json.Unmarshal(b, &any) == nil {
		if any {
			a.of = &schema{}
		}
		return nil
	}
	a.of = &schema{}
	return json.Unmarshal(b, a.of)
}

func (a additional) none() bool { return a.of == nil }

// identifier is a name that needs no quotes in TypeScript.
var identifier = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`) })

// fields writes the properties of an object, in alphabetical order, each on its line.
func (s *schema) fields(b *strings.Builder, indent string) error {
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		t, err := p.typeOf(indent)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if p.Description != "" {
			fmt.Fprintf(b, "%s/** %s */\n", indent, strings.ReplaceAll(p.Description, "*/", "* /"))
		}
		key, mark := name, "?"
		if !identifier().MatchString(name) {
			key = fmt.Sprintf("%q", name)
		}
		if slices.Contains(s.Required, name) {
			mark = ""
		}
		fmt.Fprintf(b, "%s%s%s: %s;\n", indent, key, mark, t)
	}
	return nil
}

// typeOf writes the type in one expression. Indent is that of the line in which it stands.
func (s *schema) typeOf(indent string) (string, error) {
	switch {
	case s.Ref != "":
		name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/")
		if !ok {
			return "", fmt.Errorf("a reference to %s is not understood", s.Ref)
		}
		return name, nil
	case len(s.Enum) > 0:
		return union(s.Enum), nil
	case len(s.Type) == 0:
		return "unknown", nil
	}
	var parts []string
	for _, name := range s.Type {
		t, err := s.named(name, indent)
		if err != nil {
			return "", err
		}
		parts = append(parts, t)
	}
	return strings.Join(parts, " | "), nil
}

func union(values []json.RawMessage) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = strings.ReplaceAll(string(v), `"`, "'")
	}
	return strings.Join(parts, " | ")
}

func (s *schema) named(name, indent string) (string, error) {
	switch name {
	case "string", "boolean", "null":
		return name, nil
	case "integer", "number":
		return "number", nil
	case "array":
		return s.array(indent)
	case "object":
		return s.object(indent)
	}
	return "", fmt.Errorf("type %q is not understood", name)
}

func (s *schema) array(indent string) (string, error) {
	if s.Items == nil {
		return "unknown[]", nil
	}
	t, err := s.Items.typeOf(indent)
	if strings.Contains(t, " ") && !strings.HasPrefix(t, "{") {
		t = "(" + t + ")"
	}
	return t + "[]", err
}

func (s *schema) object(indent string) (string, error) {
	if of := s.Additional.of; of != nil && len(s.Properties) == 0 {
		t, err := of.typeOf(indent)
		return "Record<string, " + t + ">", err
	}
	var b strings.Builder
	b.WriteString("{\n")
	err := s.fields(&b, indent+"  ")
	return b.String() + indent + "}", err
}
