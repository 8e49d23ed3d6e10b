package msix

// maxDERDepth is several times the nesting of a signature with a time stamp.
const maxDERDepth = 40

// checkDER walks the whole of data as definite-length TLVs before anything
// else parses it. The PKCS#7 parser recurses into nested values and copies
// each level: without this bound a small file could cost it unbounded stack
// and quadratic time.
func checkDER(data []byte) error {
	var ends []int // where the constructed values end that are open
	for pos := 0; pos < len(data); {
		for len(ends) > 0 && pos == ends[len(ends)-1] {
			ends = ends[:len(ends)-1]
		}
		limit := len(data)
		if len(ends) > 0 {
			limit = ends[len(ends)-1]
		}
		body, size, ok := derHeader(data[pos:limit])
		if !ok {
			return corrupt(signatureFormat, "DER value", int64(pos), "no definite length that fits its parent")
		}
		const constructed = 0x20
		if data[pos]&constructed == 0 {
			pos += body + size
			continue
		}
		if len(ends) == maxDERDepth {
			return corrupt(signatureFormat, "DER value", int64(pos), "nested deeper than %d levels", maxDERDepth)
		}
		ends = append(ends, pos+body+size)
		pos += body
	}
	return nil
}

// derHeader gives where the content of the first value starts, and its length
// (X.690, 8.1.2 and 10.1). Multi-byte tags do not occur in PKCS#7.
func derHeader(b []byte) (body, size int, ok bool) {
	const multiByteTag = 0x1f
	if len(b) < 2 || b[0]&multiByteTag == multiByteTag {
		return 0, 0, false
	}
	body, size = 2, int(b[1])
	if b[1] >= 0x80 {
		n := int(b[1] & 0x7f)
		if n == 0 || n > 4 || len(b) < 2+n {
			return 0, 0, false
		}
		size = 0
		for _, c := range b[2 : 2+n] {
			size = size<<8 | int(c)
		}
		body += n
	}
	return body, size, size >= 0 && size <= len(b)-body
}
