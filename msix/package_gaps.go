package msix

import (
	"bytes"
	"fmt"
)

// skipGap reads up to an entry. Between two entries there is a data descriptor
// (4.3.9) or nothing; what else is there belongs to no file.
func (v *packageCheck) skipGap(e *zipEntry, in *hashedReader) error {
	if gap := e.header - v.end; v.end >= 0 && gap != 0 && (!v.described || !descriptorLengths[gap]) {
		v.gaps = append(v.gaps, BadFile{e.path, fmt.Sprintf("%d bytes before it, at byte %d, belong to no file", gap, v.end)})
	}
	v.end, v.described = -1, e.flags&flagDescriptor != 0 // readEntry finds out where it ends
	return in.skipTo(e.header)
}

// checkGaps reports bytes of the container that belong to no file, unless the
// signature covers them. It never covers what follows its own data.
func (v *packageCheck) checkGaps() {
	s := v.report.Signature
	if s == nil || !bytes.Equal(v.digests[DigestPayload], s.Digests[DigestPayload]) {
		for _, g := range v.gaps {
			v.bad.add(g.File, "%s", g.Reason)
		}
	}
	list := v.p.dir.byOffset()
	if len(list) == 0 {
		return
	}
	last := list[len(list)-1]
	data, err := v.p.dataOffset(last)
	if err != nil {
		return // it was reported when it was read, or is the signature, which could not be
	}
	gap := v.p.dir.offset - data - last.csize
	if gap != 0 && (last.flags&flagDescriptor == 0 || !descriptorLengths[gap]) {
		v.bad.add(last.path, "%d bytes behind it, at byte %d, belong to no file", gap, data+last.csize)
	}
}

// descriptorLengths are those of a data descriptor, with and without its
// signature, with sizes of 32 and of 64 bits.
var descriptorLengths = map[int64]bool{12: true, 16: true, 20: true, 24: true}
