package msix

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
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

// anyAttr gives the attribute with that local name in whatever namespace of
// Windows': uap:Scale has left that of its element.
func (n *node) anyAttr(local string) string {
	for _, a := range n.attrs {
		if a.Name.Local == local && (a.Name.Space == "" || strings.HasPrefix(a.Name.Space, schemas)) {
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

// parseTree reads a whole document into nodes, within the bounds above, without what is in foreign namespaces.
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
	root := top.children[0]
	root.dropForeign(root.space)
	return root, nil
}

// schemas begins every namespace of Windows' own manifests, of those too that are still to come.
const schemas = "http://schemas.microsoft.com/appx/"

// dropForeign takes out the elements of namespaces that are not Windows' own: tools leave their notes there, and whatever an
// element of theirs is called, it is not the one that Windows reads.
func (n *node) dropForeign(root string) {
	n.children = slices.DeleteFunc(n.children, func(c *node) bool {
		return c.space != root && !strings.HasPrefix(c.space, schemas)
	})
	for _, c := range n.children {
		c.dropForeign(root)
	}
}
