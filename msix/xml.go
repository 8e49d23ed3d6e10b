package msix

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf16"
)

// Bounds on an XML document that is held as a tree. The deepest real manifest
// has a dozen levels and a few thousand elements.
const (
	maxXMLDepth = 64
	maxXMLNodes = 200_000
)

// readLimited reads all of r, and refuses more than limit bytes.
func readLimited(r io.Reader, limit int64, format, file string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, &Error{Format: format, Structure: file, Offset: int64(len(data)), Err: err}
	}
	if int64(len(data)) > limit {
		return nil, unsupported(format, file, limit, "longer than %d bytes", limit)
	}
	return data, nil
}

// newXMLDecoder accepts UTF-8 and, by its byte order mark, UTF-16.
// encoding/xml expands no entities but the five of XML itself, so a document
// never grows while it is read.
func newXMLDecoder(data []byte) *xml.Decoder {
	wide := false
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		data = data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		data, wide = fromUTF16(data[2:], binary.LittleEndian), true
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		data, wide = fromUTF16(data[2:], binary.BigEndian), true
	}
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(label string, input io.Reader) (io.Reader, error) {
		if wide && strings.HasPrefix(strings.ToLower(label), "utf-16") {
			return input, nil // the bytes are UTF-8 by now, only the label is old
		}
		if strings.EqualFold(label, "us-ascii") {
			return input, nil
		}
		return nil, errors.New("encoding " + clip(label) + " is neither UTF-8 nor UTF-16 with a byte order mark")
	}
	return d
}

func fromUTF16(data []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

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
	d := newXMLDecoder(data)
	top := &node{}
	open := []*node{top}
	for count := 0; ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
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
