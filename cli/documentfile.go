package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"berth"
	"berth/wire"
)

// documentFile is a document as it was written, so that what is wrong can be shown where it stands.
type documentFile struct {
	name  string
	doc   wire.Document
	lines map[string]int // line of a part: "packages[2].tags[0]"
}

// readDocument reads a document in YAML or JSON. What it does not know is an error, with its line: a misspelt property
// must not be taken for one that is absent.
func readDocument(name string, text []byte) (*documentFile, error) {
	f := &documentFile{name: name, lines: map[string]int{}}
	d := yaml.NewDecoder(bytes.NewReader(text))
	var root yaml.Node
	switch err := d.Decode(&root); {
	case errors.Is(err, io.EOF):
		return nil, berth.Errorf(berth.Invalid, "%s is empty", name).On("file").With("see `berth export` for what a document looks like")
	case err != nil:
		return nil, berth.Errorf(berth.Invalid, "%s is no YAML: %s", name, strings.TrimPrefix(err.Error(), "yaml: ")).On("file")
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, berth.Errorf(berth.Invalid, "%s holds more than one document", name).On("file").With("apply one document at a time")
	}
	v, err := f.value(root.Content[0], reflect.TypeFor[wire.Document](), "")
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &f.doc)
	}
	return f, err
}

// at says where in the file an error is.
func (f *documentFile) at(n *yaml.Node, format string, args ...any) *berth.Error {
	return berth.Errorf(berth.Invalid, "%s:%d: %s", f.name, n.Line, fmt.Sprintf(format, args...)).On("file")
}

// value turns a node into what JSON makes of a T, and takes down its line.
func (f *documentFile) value(n *yaml.Node, t reflect.Type, path string) (any, error) {
	f.lines[path] = n.Line
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return nil, f.at(n, "anchors and aliases are not used in documents").With("write the value out")
	}
	switch t.Kind() {
	case reflect.Struct:
		return f.object(n, t, path)
	case reflect.Slice:
		return f.list(n, t, path)
	case reflect.Bool:
		if n.Tag == "!!bool" && n.Kind == yaml.ScalarNode {
			return strings.EqualFold(n.Value, "true"), nil
		}
		return nil, f.at(n, "%s is true or false", path)
	case reflect.Int:
		if whole, err := strconv.Atoi(n.Value); err == nil && n.Kind == yaml.ScalarNode {
			return whole, nil
		}
		return nil, f.at(n, "%s is a whole number", path)
	default: // a text
	}
	if t.Kind() == reflect.Int64 {
		v, err := strconv.ParseInt(n.Value, 0, 64)
		if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || err != nil {
			return nil, f.at(n, "%s is a whole number", path)
		}
		return v, nil
	}
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return nil, f.at(n, "%s is a text", path)
	}
	return n.Value, nil // also what reads as a number: a tag may be called 2026
}

func (f *documentFile) object(n *yaml.Node, t reflect.Type, path string) (any, error) {
	if n.Kind != yaml.MappingNode {
		return nil, f.at(n, "%s is an object of: %s", orDocument(path), strings.Join(fieldNames(t), ", "))
	}
	out := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		field := fieldOf(t, key.Value)
		if field == nil {
			return nil, f.at(key, "%s has no %q", orDocument(path), key.Value).With("use " + strings.Join(fieldNames(t), ", "))
		}
		if _, twice := out[key.Value]; twice {
			return nil, f.at(key, "%s has %q twice", orDocument(path), key.Value)
		}
		if value.Tag == "!!null" && field.Type.Kind() != reflect.String { // "packages:" with nothing behind it says nothing
			continue
		}
		v, err := f.value(value, field.Type, strings.TrimPrefix(path+"."+key.Value, "."))
		if err != nil {
			return nil, err
		}
		out[key.Value] = v
	}
	return out, nil
}

func (f *documentFile) list(n *yaml.Node, t reflect.Type, path string) (any, error) {
	if n.Kind != yaml.SequenceNode {
		return nil, f.at(n, "%s is a list", path)
	}
	out := []any{}
	for i, item := range n.Content {
		v, err := f.value(item, t.Elem(), fmt.Sprintf("%s[%d]", path, i))
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func orDocument(path string) string {
	if path == "" {
		return "the document"
	}
	return path
}

// fieldOf returns the field that JSON calls so, nil when there is none.
func fieldOf(t reflect.Type, name string) *reflect.StructField {
	for f := range t.Fields() {
		if jsonName(f) == name {
			return &f
		}
	}
	return nil
}

func fieldNames(t reflect.Type) (names []string) {
	for field := range t.Fields() {
		names = append(names, jsonName(field))
	}
	return names
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// located puts the line in front of an error of the server that says which part of the document it is about.
func (f *documentFile) located(err error) error {
	e, ok := errors.AsType[*berth.Error](err)
	if !ok || e.Field == "" {
		return err
	}
	for part := e.Field; part != ""; part = part[:max(0, strings.LastIndexAny(part, ".["))] {
		if line, ok := f.lines[part]; ok {
			located := *e
			located.Message = fmt.Sprintf("%s:%d: %s: %s", f.name, line, e.Field, e.Message)
			return &located
		}
	}
	return err
}

// writeDocument writes a document as YAML, lists and all, or as JSON.
func writeDocument(w io.Writer, form string, doc wire.Document) error {
	if slices.Contains([]string{formatTable, formatYAML}, form) {
		return writeYAML(w, doc)
	}
	b, err := indented(doc)
	if err == nil {
		_, err = w.Write(b)
	}
	return err
}
