package msix

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
)

// Bounds on an XML document that is held as a tree. The deepest real manifest
// has a dozen levels and a few thousand elements.
const (
	maxXMLDepth = 64
	maxXMLNodes = 200_000
	maxXMLTag   = 256 << 10 // bytes of one tag with its attributes, of one comment or text
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
// itself, so a document never grows while it is read. UTF-8 is read as it comes;
// of UTF-16, which nobody uses for large documents, at most 16 MiB.
func newXMLDecoder(r io.Reader) (*xml.Decoder, error) {
	in := bufio.NewReaderSize(r, 32<<10)
	head, err := in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var text byteReader = in
	wide := false
	for mark, order := range map[string]binary.ByteOrder{"\xff\xfe": binary.LittleEndian, "<\x00": binary.LittleEndian, "\xfe\xff": binary.BigEndian, "\x00<": binary.BigEndian} {
		if !bytes.HasPrefix(head, []byte(mark)) {
			continue
		}
		data, err := readLimited(in, maxManifest, "XML", "UTF-16 text")
		if err != nil {
			return nil, err
		}
		plain := bytes.TrimPrefix(fromUTF16(data, order), []byte("\ufeff"))
		text, wide = bytes.NewReader(plain), true
	}
	if bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(len(head)) // they are there
	}
	d := xml.NewDecoder(&tagLimit{r: text})
	d.CharsetReader = func(label string, input io.Reader) (io.Reader, error) {
		if wide && strings.HasPrefix(strings.ToLower(label), "utf-16") {
			return input, nil // the bytes are UTF-8 by now, only the label is old
		}
		if strings.EqualFold(label, "us-ascii") {
			return input, nil
		}
		return nil, errors.New("encoding " + clip(label) + " is neither UTF-8 nor UTF-16 with a byte order mark")
	}
	return d, nil
}

// byteReader is what encoding/xml reads from without a buffer of its own.
type byteReader interface {
	io.Reader
	io.ByteReader
}

// tagLimit refuses a tag, comment or text that goes on without end: all of it
// would be in memory before anybody could look at it.
type tagLimit struct {
	r   byteReader
	run int  // bytes since the tag or text began
	tag bool // inside of one; a "<" in it is content
}

var errLongTag = errors.New("a tag, comment or text of more than 256 KiB")

// Read implements io.Reader, for encoding/xml after it was told of an encoding.
func (t *tagLimit) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if slices.ContainsFunc(p[:n], t.count) {
		return 0, errLongTag
	}
	return n, err
}

// ReadByte implements io.ByteReader, which encoding/xml prefers.
func (t *tagLimit) ReadByte() (byte, error) {
	c, err := t.r.ReadByte()
	if err == nil && t.count(c) {
		err = errLongTag
	}
	return c, err
}

// count takes one byte, and tells that there were too many.
func (t *tagLimit) count(c byte) bool {
	switch {
	case c == '>' && t.tag:
		t.tag, t.run = false, 0
	case c == '<' && !t.tag:
		t.tag, t.run = true, 0
	default:
		t.run++
	}
	return t.run > maxXMLTag
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
