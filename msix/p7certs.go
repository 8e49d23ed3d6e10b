package msix

import (
	"bytes"
	"encoding/asn1"
)

// plainCertificates rewrites the DER of a SignedData ContentInfo so that its
// certificate set holds X.509 certificates only. Time stamp authorities add
// attribute certificates there (RFC 5652, section 10.2.2), on which the PKCS#7
// parser gives up. Nothing in the set is signed, so nothing is lost.
func plainCertificates(outer p7ContentInfo) ([]byte, error) {
	var signed asn1.RawValue
	if _, err := asn1.Unmarshal(outer.Content.Bytes, &signed); err != nil {
		return nil, err
	}
	parts, err := derElements(signed.Bytes)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	for _, p := range parts {
		if p.Class == asn1.ClassContextSpecific && p.Tag == 0 { // certificates [0] IMPLICIT
			if p, err = sequencesOnly(p); err != nil {
				return nil, err
			}
		}
		der, err := asn1.Marshal(p)
		if err != nil {
			return nil, err
		}
		body.Write(der)
	}
	signed.Bytes, signed.FullBytes = body.Bytes(), nil
	inner, err := asn1.Marshal(signed)
	if err != nil {
		return nil, err
	}
	outer.Content = asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: inner}
	return asn1.Marshal(struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue
	}{outer.Type, outer.Content})
}

// sequencesOnly drops the members of a set that are no universal SEQUENCE.
func sequencesOnly(set asn1.RawValue) (asn1.RawValue, error) {
	members, err := derElements(set.Bytes)
	var kept []byte
	for _, m := range members {
		if m.Class == asn1.ClassUniversal && m.Tag == asn1.TagSequence {
			kept = append(kept, m.FullBytes...)
		}
	}
	return asn1.RawValue{Class: set.Class, Tag: set.Tag, IsCompound: true, Bytes: kept}, err
}

// derElements splits the content of a constructed value.
func derElements(b []byte) ([]asn1.RawValue, error) {
	var list []asn1.RawValue
	for len(b) > 0 {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(b, &v)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		b = rest
	}
	return list, nil
}
