package vhdx

import (
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

// apply puts the entries of seq over the file.
func (l *logReader) apply(r io.ReaderAt, size int64, seq []*logEntry) (*overlay, error) {
	head := seq[len(seq)-1]
	if head.flushed > uint64(size) {
		return nil, fail(ErrTruncated, "log entry", l.at+head.at+48, "the file had %d bytes when it was written and has %d", head.flushed, size)
	}
	// Beyond 64 TiB and its overhead no offset can be meant.
	if head.last > 2*maxDiskSize {
		return nil, fail(ErrCorrupt, "log entry", l.at+head.at+56, "the file is to grow to %d bytes", head.last)
	}
	o := &overlay{r: r, fileSize: size, size: max(size, int64(head.last))}
	var count uint32
	for _, e := range seq {
		if count += e.count; count > maxDescriptors {
			return nil, fail(ErrUnsupported, "log", l.at, "more than %d changes are not replayed", maxDescriptors)
		}
		if err := l.applyEntry(o, e); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// applyEntry puts one entry's descriptors, [MS-VHDX] 2.3.1.2 and 2.3.1.3, over
// the file, together with the data sectors that follow them.
func (l *logReader) applyEntry(o *overlay, e *logEntry) error {
	le := binary.LittleEndian
	b := l.bytes(e.at, e.length)
	data := b[e.descriptorArea():]
	for i := range int64(e.count) {
		d, at := b[64+32*i:96+32*i], l.at+(e.at+64+32*i)%int64(len(l.b))
		offset := le.Uint64(d[16:])
		if le.Uint64(d[24:]) != e.sequence || offset%logSector != 0 || offset > 2*maxDiskSize {
			return fail(ErrCorrupt, "log descriptor", at, "sequence number %d or offset %d is wrong", le.Uint64(d[24:]), offset)
		}
		switch string(d[:4]) {
		case "zero":
			length := le.Uint64(d[8:])
			if length%logSector != 0 || length > 2*maxDiskSize {
				return fail(ErrCorrupt, "log zero descriptor", at+8, "%d bytes, expected whole sectors of 4 KiB", length)
			}
			o.put(patch{int64(offset), int64(offset + length), nil})
		case "desc":
			if len(data) < logSector {
				return fail(ErrCorrupt, "log data descriptor", at, "its data sector is missing")
			}
			sector, err := dataSector(data[:logSector], d, e.sequence)
			if err != nil {
				return fail(ErrCorrupt, "log data sector", at, "%v", err)
			}
			o.put(patch{int64(offset), int64(offset) + logSector, sector})
			data = data[logSector:]
		default:
			return fail(ErrCorrupt, "log descriptor signature", at, "found %q", d[:4])
		}
	}
	return nil
}

// dataSector restores a sector, [MS-VHDX] 2.3.1.4: its first eight and last four
// bytes are kept in the descriptor, the sequence number takes their place.
func dataSector(b, desc []byte, sequence uint64) ([]byte, error) {
	le := binary.LittleEndian
	high, low := le.Uint32(b[4:]), le.Uint32(b[logSector-4:])
	if string(b[:4]) != "data" || uint64(high)<<32|uint64(low) != sequence {
		return nil, errors.New("signature or sequence number is wrong: the write was torn")
	}
	s := slices.Clone(b)
	copy(s, desc[8:16])              // LeadingBytes
	copy(s[logSector-4:], desc[4:8]) // TrailingBytes
	return s, nil
}

// patch replaces the bytes from start up to end; without data by zeroes.
type patch struct {
	start, end int64
	data       []byte
}

// overlay is a file with patches over it. It reads as zero past the file's own
// end up to size, to which the log says that the file was to be extended.
type overlay struct {
	r        io.ReaderAt
	fileSize int64
	size     int64
	patches  []patch // sorted, not overlapping
}

// put adds p over all patches before it.
func (o *overlay) put(p patch) {
	if p.start == p.end {
		return
	}
	first := o.find(p.start)
	last := first
	var before, after []patch
	for ; last < len(o.patches) && o.patches[last].start < p.end; last++ {
		q := o.patches[last]
		if q.start < p.start {
			before = append(before, q.cut(q.start, p.start))
		}
		if q.end > p.end {
			after = append(after, q.cut(p.end, q.end))
		}
	}
	o.patches = slices.Replace(o.patches, first, last, slices.Concat(before, []patch{p}, after)...)
}

// find is the index of the first patch that ends after off.
func (o *overlay) find(off int64) int {
	i, _ := slices.BinarySearchFunc(o.patches, off, func(p patch, off int64) int {
		if p.end <= off {
			return -1
		}
		return 1
	})
	return i
}

// cut is the part of p between start and end.
func (p patch) cut(start, end int64) patch {
	if p.data == nil {
		return patch{start, end, nil}
	}
	return patch{start, end, p.data[start-p.start : end-p.start]}
}

// ReadAt reads the patched file.
func (o *overlay) ReadAt(b []byte, off int64) (int, error) {
	fromFile := b[:min(int64(len(b)), max(o.fileSize-off, 0))]
	if n, err := o.r.ReadAt(fromFile, off); n < len(fromFile) {
		return n, err
	}
	end := min(int64(len(b)), max(o.size-off, 0))
	clear(b[len(fromFile):end])
	o.patch(b[:end], off)
	if end < int64(len(b)) {
		return int(end), io.EOF
	}
	return len(b), nil
}

// patch puts what applies over b, which was read at off.
func (o *overlay) patch(b []byte, off int64) {
	for _, p := range o.patches[o.find(off):] {
		if p.start >= off+int64(len(b)) {
			break
		}
		part := p.cut(max(p.start, off), min(p.end, off+int64(len(b))))
		dst := b[part.start-off : part.end-off]
		if clear(dst); part.data != nil {
			copy(dst, part.data)
		}
	}
}
