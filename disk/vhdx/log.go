package vhdx

import (
	"encoding/binary"
	"io"
)

const (
	logSector = 4 * kib

	// A log is 1 MiB by default. The bounds keep what a hostile file can make
	// us hold, sum and sort within a second.
	maxLogSize     = 16 * mib
	maxDescriptors = 16 << 10
	maxSummed      = 16 // times the log's length
)

// logEntry is an entry of [MS-VHDX] 2.3.1 whose checksum and parts are sound.
type logEntry struct {
	length   int64  // 8
	tail     int64  // 12: offset in the log of the oldest entry still needed
	sequence uint64 // 16
	count    uint32 // 24: descriptors
	flushed  uint64 // 48: size the file had when the entry was written
	last     uint64 // 56: size the file must have after replay
	at       int64  // where in the log it starts
}

// logReader finds the entries to replay in a log held in memory.
type logReader struct {
	b      []byte
	id     guid
	at     int64 // offset of the log in the file
	budget int64 // bytes that may still be summed
	known  map[int64]*logEntry
}

// replayLog follows [MS-VHDX] 2.3.2: it finds the newest complete sequence of
// entries and returns the file with it applied.
func replayLog(r io.ReaderAt, size int64, h header) (*overlay, error) {
	length, at := int64(h.logLength), int64(h.logOffset&(1<<63-1))
	if length > maxLogSize {
		return nil, fail(ErrUnsupported, "header log length", h.at+68, "a log of %d bytes, at most 16 MiB are replayed", length)
	}
	if length == 0 || length%mib != 0 || h.logOffset%mib != 0 || h.logOffset < mib {
		return nil, fail(ErrCorrupt, "header log offset", h.at+68, "a log of %d bytes at byte %d, expected multiples of 1 MiB", length, h.logOffset)
	}
	if h.logOffset > uint64(size) || at+length > size {
		return nil, fail(ErrTruncated, "header log offset", h.at+72, "the log ends at byte %d, the file has %d bytes", at+length, size)
	}
	l := &logReader{b: make([]byte, length), id: h.logID, at: at, budget: maxSummed * length, known: map[int64]*logEntry{}}
	if err := readFull(r, l.b, at, "log"); err != nil {
		return nil, err
	}
	sequence := l.newest()
	if l.budget < 0 {
		return nil, fail(ErrCorrupt, "log", at, "its entries overlap")
	}
	if len(sequence) == 0 {
		return nil, fail(ErrCorrupt, "log", at, "the header asks for replay of log %v, which has no complete entries", l.id)
	}
	return l.apply(r, size, sequence)
}

// newest returns the complete sequence with the highest numbers, oldest entry
// first, or nil.
func (l *logReader) newest() []*logEntry {
	var best []*logEntry
	for at := int64(0); at < int64(len(l.b)); at += logSector {
		e := l.entry(at)
		if e == nil || len(best) > 0 && e.sequence <= best[len(best)-1].sequence {
			continue
		}
		// An entry is a head when nothing follows it. Its tail says where its
		// sequence begins.
		next := l.entry((at + e.length) % int64(len(l.b)))
		if next != nil && next.sequence == e.sequence+1 {
			continue
		}
		if seq := l.sequence(e); seq != nil {
			best = seq
		}
	}
	return best
}

// sequence collects the entries from head's tail to head. They must follow each
// other without a gap, numbers included, and cannot take more than the log.
func (l *logReader) sequence(head *logEntry) []*logEntry {
	var seq []*logEntry
	var total int64
	for at := head.tail; ; {
		e := l.entry(at)
		if e == nil || len(seq) > 0 && e.sequence != seq[len(seq)-1].sequence+1 {
			return nil
		}
		seq = append(seq, e)
		if e == head {
			return seq
		}
		if total += e.length; total > int64(len(l.b)) {
			return nil
		}
		at = (at + e.length) % int64(len(l.b))
	}
}

// entry returns the entry at offset at of the log, or nil if none is sound.
func (l *logReader) entry(at int64) *logEntry {
	if e, ok := l.known[at]; ok {
		return e
	}
	e := l.parse(at)
	l.known[at] = e
	return e
}

// parse reads an entry header, [MS-VHDX] 2.3.1.1, and sums the whole entry.
func (l *logReader) parse(at int64) *logEntry {
	le := binary.LittleEndian
	b := l.b[at : at+logSector]
	e := &logEntry{
		length:   int64(le.Uint32(b[8:])),
		tail:     int64(le.Uint32(b[12:])),
		sequence: le.Uint64(b[16:]),
		count:    le.Uint32(b[24:]),
		flushed:  le.Uint64(b[48:]),
		last:     le.Uint64(b[56:]),
		at:       at,
	}
	size := int64(len(l.b))
	switch {
	case string(b[:4]) != "loge", guid(b[32:48]) != l.id, e.sequence == 0:
		return nil
	case e.length == 0, e.length%logSector != 0, e.length > size:
		return nil
	case e.tail%logSector != 0, e.tail >= size, e.count > maxDescriptors, e.descriptorArea() > e.length:
		return nil
	}
	if l.budget -= e.length; l.budget < 0 {
		return nil
	}
	if checksum(l.bytes(at, e.length)) != le.Uint32(b[4:]) {
		return nil
	}
	return e
}

// descriptorArea is the size of the entry's header and descriptors in bytes.
func (e *logEntry) descriptorArea() int64 {
	return (64 + 32*int64(e.count) + logSector - 1) / logSector * logSector
}

// bytes returns a part of the log, which is a ring.
func (l *logReader) bytes(at, length int64) []byte {
	at %= int64(len(l.b))
	if at+length <= int64(len(l.b)) {
		return l.b[at : at+length]
	}
	b := append(make([]byte, 0, length), l.b[at:]...)
	return append(b, l.b[:length-int64(len(b))]...)
}
