package msix

import (
	"encoding/asn1"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// parseX500 turns a publisher's name into the DER of a subject that Windows,
// and SubjectName, write as that very string.
func parseX500(name string) ([]byte, error) {
	if !utf8.ValidString(name) {
		return nil, corrupt("name", "publisher", -1, "%q is not UTF-8", clip(name))
	}
	var sequence []x500RDNSET
	var set x500RDNSET
	for rest := name; ; {
		var a x500Attribute
		var mark byte
		var err error
		if a, mark, rest, err = parseX500Part(rest); err != nil {
			return nil, err
		}
		set = append(set, a)
		if mark == '+' {
			continue
		}
		sequence = append(sequence, set)
		set = nil
		if mark == 0 {
			break
		}
	}
	slices.Reverse(sequence) // the text has the last part first
	return asn1.Marshal(sequence)
}

// parseX500Part takes one Type=Value off the front; mark is the separator that
// followed it, 0 at the end.
func parseX500Part(s string) (a x500Attribute, mark byte, rest string, err error) {
	label, rest, found := strings.Cut(strings.TrimLeft(s, " "), "=")
	if !found {
		return a, 0, "", corrupt("name", "publisher", -1, "%q has no =, want parts like CN=Contoso", clip(s))
	}
	if a.Type, err = x500Type(strings.TrimSpace(label)); err != nil {
		return a, 0, "", err
	}
	quoted := strings.HasPrefix(strings.TrimLeft(rest, " "), `"`)
	value, rest, err := cutX500Value(rest)
	if err != nil {
		return a, 0, "", err
	}
	a.Value = encodeX500(a.Type, value)
	if digits, isHex := strings.CutPrefix(value, "#"); isHex && !quoted {
		octets, err := hex.DecodeString(digits)
		if err != nil {
			return a, 0, "", corrupt("name", "publisher", -1, "%q is not in hex; a value that begins with # is, or has quotes", clip(value))
		}
		a.Value = asn1.RawValue{Tag: asn1.TagOctetString, Bytes: octets}
	}
	if rest == "" {
		return a, 0, "", nil
	}
	return a, rest[0], rest[1:], nil
}

// cutX500Value splits at the next separator outside quotes.
func cutX500Value(s string) (value, rest string, err error) {
	s = strings.TrimLeft(s, " ")
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ",+;")
		if end < 0 {
			end = len(s)
		}
		return strings.TrimRight(s[:end], " "), s[end:], nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '"' { // a doubled quote stands for one
			b.WriteByte('"')
			i++
			continue
		}
		rest = strings.TrimLeft(s[i+1:], " ")
		if rest != "" && !strings.ContainsRune(",+;", rune(rest[0])) {
			break
		}
		return b.String(), rest, nil
	}
	return "", "", corrupt("name", "publisher", -1, "the quotes of %q do not close before a separator", clip(s))
}

func x500Type(label string) (asn1.ObjectIdentifier, error) {
	dotted := strings.TrimPrefix(strings.ToUpper(label), "OID.")
	for oid, name := range x500Names {
		if strings.EqualFold(name, label) {
			dotted = oid
		}
	}
	var oid asn1.ObjectIdentifier
	for part := range strings.SplitSeq(dotted, ".") {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return nil, corrupt("name", "publisher", -1, "%q is not an attribute that Windows knows", clip(label))
		}
		oid = append(oid, int(n))
	}
	if len(oid) < 2 || oid[0] > 2 || oid[0] < 2 && oid[1] > 39 {
		return nil, corrupt("name", "publisher", -1, "%q is not an object identifier", clip(label))
	}
	return oid, nil
}

// encodeX500 picks the string type that RFC 5280 asks for: IA5 for mail and
// domain parts, PrintableString where it can hold the text, else UTF-8.
func encodeX500(oid asn1.ObjectIdentifier, value string) asn1.RawValue {
	tag := asn1.TagPrintableString
	name := x500Names[oid.String()]
	switch {
	case (name == "E" || name == "DC") && isASCII(value):
		tag = asn1.TagIA5String
	case strings.ContainsFunc(value, func(r rune) bool { return !isPrintable(r) }):
		tag = asn1.TagUTF8String
	}
	return asn1.RawValue{Tag: tag, Bytes: []byte(value)}
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7f })
}

// isPrintable is the character set of PrintableString (X.680, 41.4).
func isPrintable(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(" '()+,-./:=?", r)
}
