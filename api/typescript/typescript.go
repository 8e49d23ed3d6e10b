package typescript

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// document is what is read of an OpenAPI 3.1 document ("OpenAPI Object", section 4.8.1).
type document struct {
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Schemas map[string]*schema `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	ID          string             `json:"operationId"`
	Summary     string             `json:"summary"`
	Parameters  []parameter        `json:"parameters"`
	RequestBody *content           `json:"requestBody"`
	Responses   map[string]content `json:"responses"`

	method, path string
}

type parameter struct {
	Name     string  `json:"name"`
	In       string  `json:"in"`
	Required bool    `json:"required"`
	Schema   *schema `json:"schema"`
}

type content struct {
	Content map[string]struct {
		Schema *schema `json:"schema"`
	} `json:"content"`
}

const head = `// Code generated from the OpenAPI document of the server by go generate ./console. DO NOT EDIT.

`

// Write returns a TypeScript file with an interface for each shape of the document, one entry for each operation in
// Operations, and where to find each of them in routes. The same document gives the same bytes.
func Write(openAPI []byte) ([]byte, error) {
	var d document
	if err := json.Unmarshal(openAPI, &d); err != nil {
		return nil, fmt.Errorf("the OpenAPI document: %w", err)
	}
	var b strings.Builder
	b.WriteString(head)
	for _, name := range slices.Sorted(maps.Keys(d.Components.Schemas)) {
		if err := writeShape(&b, name, d.Components.Schemas[name]); err != nil {
			return nil, fmt.Errorf("schema %s: %w", name, err)
		}
	}
	if err := writeOperations(&b, d.operations()); err != nil {
		return nil, err
	}
	return []byte(b.String()), nil
}

func (d document) operations() (ops []operation) {
	for path, methods := range d.Paths {
		for method, op := range methods {
			op.method, op.path = strings.ToUpper(method), path
			ops = append(ops, op)
		}
	}
	slices.SortFunc(ops, func(a, b operation) int { return strings.Compare(a.ID, b.ID) })
	return ops
}

func writeShape(b *strings.Builder, name string, s *schema) error {
	if s.Type.only("object") && s.Additional.none() {
		fmt.Fprintf(b, "export interface %s {\n", name)
		if err := s.fields(b, "  "); err != nil {
			return err
		}
		b.WriteString("}\n\n")
		return nil
	}
	t, err := s.typeOf("")
	fmt.Fprintf(b, "export type %s = %s;\n\n", name, t)
	return err
}

func writeOperations(b *strings.Builder, ops []operation) error {
	b.WriteString("/** Every operation: what it is asked with, and what it answers. */\nexport interface Operations {\n")
	for _, op := range ops {
		if err := op.write(b); err != nil {
			return fmt.Errorf("operation %s: %w", op.ID, err)
		}
	}
	b.WriteString("}\n\n/** Where each operation is found. */\nexport const routes = {\n")
	for _, op := range ops {
		fmt.Fprintf(b, "  %s: ['%s', '%s'],\n", op.ID, op.method, op.path)
	}
	b.WriteString("} as const satisfies Record<keyof Operations, readonly [method: string, path: string]>;\n")
	return nil
}

func (op operation) write(b *strings.Builder) error {
	fmt.Fprintf(b, "  /** %s. */\n  %s: {\n", op.Summary, op.ID)
	for _, in := range []string{"path", "query"} {
		if err := op.writeParameters(b, in); err != nil {
			return err
		}
	}
	if op.RequestBody != nil {
		t, err := op.RequestBody.typeOf("application/json")
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "    body: %s;\n", t)
	}
	answer, err := op.answer()
	fmt.Fprintf(b, "    answer: %s;\n  };\n", answer)
	return err
}

func (op operation) writeParameters(b *strings.Builder, in string) error {
	var fields []string
	for _, p := range op.Parameters {
		if p.In != in {
			continue
		}
		t, err := p.Schema.typeOf("")
		if err != nil {
			return fmt.Errorf("parameter %s: %w", p.Name, err)
		}
		mark := "?"
		if p.Required {
			mark = ""
		}
		fields = append(fields, p.Name+mark+": "+strings.TrimSuffix(t, " | null"))
	}
	if len(fields) > 0 {
		fmt.Fprintf(b, "    %s: { %s };\n", in, strings.Join(fields, "; "))
	}
	return nil
}

// answer is the type of the one success of an operation; undefined for an answer without a body.
func (op operation) answer() (string, error) {
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		if strings.HasPrefix(status, "2") {
			return op.Responses[status].typeOf("application/json")
		}
	}
	return "", fmt.Errorf("no success is documented")
}

func (c content) typeOf(mediaType string) (string, error) {
	if len(c.Content) == 0 {
		return "undefined", nil
	}
	m, ok := c.Content[mediaType]
	if !ok || m.Schema == nil {
		return "unknown", nil // a stream, a file
	}
	return m.Schema.typeOf("    ")
}
