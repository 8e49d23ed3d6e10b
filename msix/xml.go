package msix

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// Bounds on an XML document that is held as a tree. The deepest real manifest
// has a dozen levels and a few thousand elements.
const (
	maxXMLDepth = 64
	maxXMLNodes = 200_000
	maxXMLTag   = 256 << 10 // bytes of one tag with its attributes, or of one comment
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

// newXMLDecoder accepts UTF-8 and, by its byte order mark or by the form of its
// first character, UTF-16. encoding/xml expands no entities but the five of XML
// itself, so a document never grows while it is read.
func newXMLDecoder(data []byte) *xml.Decoder {
	wide := false
	switch {
	case bytes.HasPrefix(data, []byte("<\x00")):
		data, wide = fromUTF16(data, binary.LittleEndian), true
	case bytes.HasPrefix(data, []byte("\x00<")):
		data, wide = fromUTF16(data, binary.BigEndian), true
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		data = data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		data, wide = fromUTF16(data[2:], binary.LittleEndian), true
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		data, wide = fromUTF16(data[2:], binary.BigEndian), true
	}
	d := xml.NewDecoder(&tagLimit{r: bytes.NewReader(data), inside: -1})
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

// tagLimit refuses a tag that goes on without end: its attributes would all be
// in memory before anybody could look at them.
type tagLimit struct {
	r      *bytes.Reader
	inside int // bytes since the last "<"; -1 outside of a tag
}

var errLongTag = errors.New("a tag or comment of more than 256 KiB")

// Read implements io.Reader, and keeps encoding/xml from reading more than it was shown.
func (t *tagLimit) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	for _, c := range p[:n] {
		t.count(c)
	}
	if t.inside > maxXMLTag {
		return 0, errLongTag
	}
	return n, err
}

// ReadByte implements io.ByteReader, which encoding/xml prefers.
func (t *tagLimit) ReadByte() (byte, error) {
	c, err := t.r.ReadByte()
	if t.count(c); t.inside > maxXMLTag {
		return 0, errLongTag
	}
	return c, err
}

func (t *tagLimit) count(c byte) {
	switch {
	case c == '>':
		t.inside = -1
	case c == '<' || t.inside >= 0: // also in a tag that is open: a comment
		t.inside++
	}
}

// checkToken refuses what encoding/xml lets pass and Windows does not: document
// types, where entities are made, and attributes that are there twice.
func checkToken(token xml.Token) error {
	switch t := token.(type) {
	case xml.Directive:
		return errors.New("a document type is not allowed")
	case xml.StartElement:
		if name, twice := repeated(t.Attr); twice {
			return fmt.Errorf("the attribute %s of %s is there twice", clip(name), clip(t.Name.Local))
		}
	}
	return nil
}

// repeated finds an attribute that is there twice. Most elements have a few,
// for which a map would cost more than it saves.
func repeated(list []xml.Attr) (string, bool) {
	const few = 8
	if len(list) <= few {
		for i, a := range list {
			for _, b := range list[:i] {
				if a.Name == b.Name {
					return a.Name.Local, true
				}
			}
		}
		return "", false
	}
	seen := make(map[xml.Name]bool, len(list))
	for _, a := range list {
		if seen[a.Name] {
			return a.Name.Local, true
		}
		seen[a.Name] = true
	}
	return "", false
}

func fromUTF16(data []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}
