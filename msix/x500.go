package msix

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"strings"
	"unicode/utf16"
)

// Windows' names of attribute types (CertNameToStr with CERT_X500_NAME_STR,
// which is also what the manifest schema allows in Identity/@Publisher).
var x500Names = map[string]string{
	"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "SERIALNUMBER", "2.5.4.6": "C",
	"2.5.4.7": "L", "2.5.4.8": "S", "2.5.4.9": "STREET", "2.5.4.10": "O",
	"2.5.4.11": "OU", "2.5.4.12": "T", "2.5.4.13": "Description", "2.5.4.17": "PostalCode",
	"2.5.4.18": "POBox", "2.5.4.20": "Phone", "2.5.4.24": "X21Address", "2.5.4.42": "G",
	"2.5.4.43": "I", "2.5.4.46": "dnQualifier",
	"0.9.2342.19200300.100.1.25": "DC", "1.2.840.113549.1.9.1": "E",
}

// x500Attribute and x500RDN mirror RelativeDistinguishedName of X.501, with the
// value left raw: Go's pkix.Name loses order and string types.
type x500Attribute struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

type x500RDNSET []x500Attribute // the suffix tells encoding/asn1 that it is a SET

// SubjectName writes a certificate's subject as Windows does, which is the form
// of a manifest's Identity/@Publisher: last encoded part first. It is empty
// when the subject cannot be decoded.
func SubjectName(cert *x509.Certificate) string {
	return x500Name(cert.RawSubject)
}

// IssuerName writes a certificate's issuer in the form of SubjectName.
func IssuerName(cert *x509.Certificate) string {
	return x500Name(cert.RawIssuer)
}

func x500Name(der []byte) string {
	var sequence []x500RDNSET
	if rest, err := asn1.Unmarshal(der, &sequence); err != nil || len(rest) > 0 {
		return ""
	}
	parts := make([]string, len(sequence))
	for i, set := range sequence {
		values := make([]string, len(set))
		for j, a := range set {
			values[j] = x500Label(a.Type) + "=" + x500Text(a.Value)
		}
		parts[len(sequence)-1-i] = strings.Join(values, " + ")
	}
	return strings.Join(parts, ", ")
}

func x500Label(oid asn1.ObjectIdentifier) string {
	if name, ok := x500Names[oid.String()]; ok {
		return name
	}
	return "OID." + oid.String()
}

// x500Text writes a value: text as it is, anything else as "#" and hex, of an OCTET STRING its content alone.
func x500Text(v asn1.RawValue) string {
	switch {
	case v.Class == asn1.ClassUniversal && isX500String(v.Tag):
		return x500Quote(x500String(v))
	case v.Class == asn1.ClassUniversal && v.Tag == asn1.TagOctetString:
		return fmt.Sprintf("#%X", v.Bytes)
	}
	return fmt.Sprintf("#%X", v.FullBytes)
}

// isX500String tells the tags that Windows takes for text in a name.
func isX500String(tag int) bool {
	switch tag {
	case asn1.TagUTF8String, asn1.TagNumericString, asn1.TagPrintableString, asn1.TagT61String, asn1.TagIA5String,
		asn1.TagGeneralString, asn1.TagBMPString, tagVideotexString, tagGraphicString, tagVisibleString, tagUniversalString:
		return true
	}
	return false
}

// x500Quote puts quotes around a value that would read differently without them. A carriage return inside does not count for
// Windows, one at either end does.
func x500Quote(s string) string {
	if !strings.ContainsAny(s, ",+=\"<>#;\n") && s == strings.Trim(s, " \t\n\v\f\r") && s != "" {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// x500String decodes the string types that X.520 allows for a name.
func x500String(v asn1.RawValue) string {
	switch v.Tag {
	case asn1.TagBMPString:
		units := make([]uint16, len(v.Bytes)/2)
		for i := range units {
			units[i] = uint16(v.Bytes[2*i])<<8 | uint16(v.Bytes[2*i+1])
		}
		return string(utf16.Decode(units))
	case tagUniversalString:
		runes := make([]rune, len(v.Bytes)/4)
		for i := range runes {
			b := v.Bytes[4*i:]
			runes[i] = rune(uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]))
		}
		return string(runes)
	case asn1.TagT61String: // in practice Latin-1
		runes := make([]rune, len(v.Bytes))
		for i, b := range v.Bytes {
			runes[i] = rune(b)
		}
		return string(runes)
	}
	return strings.ToValidUTF8(string(v.Bytes), "\uFFFD")
}

// String tags that encoding/asn1 has no names for (X.680, table 1).
const (
	tagVideotexString  = 21
	tagGraphicString   = 25
	tagVisibleString   = 26
	tagUniversalString = 28
)
