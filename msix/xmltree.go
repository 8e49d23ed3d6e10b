package msix

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// node is one element of a parsed document, matched by local name: the same
// element moves between namespaces from one schema generation to the next.
type node struct {
	space, local string
	attrs        []xml.Attr
	text         []byte
	children     []*node
}

// attr gives the attribute with that local name and no namespace, or "".
func (n *node) attr(local string) string {
	for _, a := range n.attrs {
		if a.Name.Local == local && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// anyAttr gives the attribute with that local name in whatever namespace:
// Windows 10 moved uap:Scale out of the schema of its element.
func (n *node) anyAttr(local string) string {
	for _, a := range n.attrs {
		if a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}

// child gives the first child with that local name; nil when there is none.
func (n *node) child(local string) *node {
	if n == nil {
		return nil
	}
	for _, c := range n.children {
		if c.local == local {
			return c
		}
	}
	return nil
}

// all gives the children with that local name.
func (n *node) all(local string) []*node {
	if n == nil {
		return nil
	}
	var found []*node
	for _, c := range n.children {
		if c.local == local {
			found = append(found, c)
		}
	}
	return found
}

// content gives the trimmed text of the first child with that local name, or "".
func (n *node) content(local string) string {
	if c := n.child(local); c != nil {
		return strings.TrimSpace(string(c.text))
	}
	return ""
}

// parseTree reads a whole document into nodes, within the bounds above.
func parseTree(data []byte, format, file string) (*node, error) {
	d, err := newXMLDecoder(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	top := &node{}
	open := []*node{top}
	for count := 0; ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = checkToken(token)
		}
		if err != nil {
			return nil, corrupt(format, file, d.InputOffset(), "not well-formed XML: %v", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			count++
			if len(open) > maxXMLDepth || count > maxXMLNodes {
				return nil, unsupported(format, file, d.InputOffset(), "more than %d levels or %d elements", maxXMLDepth, maxXMLNodes)
			}
			n := &node{space: t.Name.Space, local: t.Name.Local, attrs: t.Copy().Attr}
			parent := open[len(open)-1]
			parent.children = append(parent.children, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			n := open[len(open)-1]
			n.text = append(n.text, t...)
		}
	}
	if len(top.children) != 1 {
		return nil, corrupt(format, file, -1, "%d root elements, want one", len(top.children))
	}
	return top.children[0], nil
}
