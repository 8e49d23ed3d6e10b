package ntfs

import (
	"bytes"
	"encoding/binary"
	"sync/atomic"
)

// A listing of everything reads the MFT in windows of this many bytes: each record is wanted once, in the order of folders,
// which is not that of records.
const windowSize = 256 << 10

// maxScan bounds the MFT that is listed so, and with it the memory for what is kept of its records: some 15 MB.
const maxScan = 256 << 20

// brief is what a listing shows of a file, taken out of its record in passing.
type brief struct {
	known    bool   // false: the record is none of a plain file or folder, and has to be looked at
	sequence uint16 // of the record
	modified uint64 // FILETIME
	size     int64  // bytes; 0 for a folder
	folder   []byte // of a folder: its record, fixups undone
}

// scan makes briefs of the MFT, window after window, while the folders are read.
type scan struct {
	fs      *FS
	mft     *stream // read past the pager: every window once
	windows []window
	each    int64 // records in a window
	stopped atomic.Bool

	// Of the goroutine that reads.
	buf   []byte
	rec   record
	attrs []attribute
}

// window is known once done is closed.
type window struct {
	briefs []brief
	done   chan struct{}
}

// newScan answers nil for an MFT that is too large.
func newScan(f *FS) *scan {
	if f.mft.size > maxScan {
		return nil
	}
	m := f.mft
	direct := &stream{place: m.place, r: f.r, cluster: m.cluster, size: m.size, valid: m.valid, runs: m.runs, value: m.value}
	each := int64(max(1, windowSize/f.geo.record))
	records := m.size / int64(f.geo.record)
	s := &scan{fs: f, mft: direct, each: each, windows: make([]window, (records+each-1)/each), attrs: make([]attribute, 0, usualAttributes)}
	for i := range s.windows {
		s.windows[i].done = make(chan struct{})
	}
	return s
}

// run reads the windows, until it is stopped.
func (s *scan) run() {
	for i := range s.windows {
		if !s.stopped.Load() {
			s.windows[i].briefs = s.window(int64(i))
		}
		close(s.windows[i].done)
	}
}

// stop has run end soon.
func (s *scan) stop() { s.stopped.Store(true) }

// brief answers nil where the record has to be looked at: its error is told there.
func (s *scan) brief(ref reference) *brief {
	at := ref.number() / s.each
	if at < 0 || at >= int64(len(s.windows)) {
		return nil
	}
	<-s.windows[at].done
	i := ref.number() % s.each
	if i >= int64(len(s.windows[at].briefs)) {
		return nil
	}
	b := &s.windows[at].briefs[i]
	if !b.known || ref.sequence() != 0 && ref.sequence() != b.sequence {
		return nil
	}
	return b
}

// window reads a window. One that cannot be read knows no record.
func (s *scan) window(at int64) []brief {
	size := int64(s.fs.geo.record)
	n := min(s.each, s.mft.size/size-at*s.each)
	if s.buf == nil {
		s.buf = make([]byte, s.each*size)
	}
	b := s.buf[:n*size]
	briefs := make([]brief, n)
	if readFull(s.mft, b, at*s.each*size, s.mft.place) != nil {
		return briefs
	}
	for i := range briefs {
		s.take(b[int64(i)*size:][:size:size], at*s.each+int64(i), &briefs[i])
	}
	return briefs
}

// take makes the brief of a record that is in use, whole, and of a plain file or folder.
func (s *scan) take(b []byte, n int64, out *brief) {
	r := &s.rec
	if string(b[:4]) != "FILE" || r.parse(b, n, place{record: n}) != nil || r.flags&flagInUse == 0 || r.base != 0 {
		return
	}
	var err error
	if s.attrs, err = r.appendAttributes(s.attrs[:0]); err != nil {
		return
	}
	var std, data *attribute
	for i := range s.attrs {
		a := &s.attrs[i]
		switch {
		case a.kind == typeAttributeList, a.kind == typeReparsePoint, a.kind == typeData && a.name != "":
			return
		case a.kind == typeStandardInformation && std == nil:
			std = a
		case a.kind == typeData && data == nil:
			data = a
		}
	}
	if std == nil || len(std.value) < 36 {
		return
	}
	out.known, out.sequence = true, r.sequence
	out.modified = binary.LittleEndian.Uint64(std.value[8:]) // LastModificationTime
	switch {
	case r.flags&flagDirectory != 0:
		out.folder = bytes.Clone(r.data)
	case data != nil:
		out.size = data.size
	}
}

// inode is the folder behind a brief. Its attributes are in memory that the caller has.
func (s *scan) inode(b *brief, ref reference, attrs []attribute) (*inode, error) {
	n := ref.number()
	r := &record{place: place{record: n, offset: s.fs.mft.locate(n * int64(s.fs.geo.record))}, num: n}
	if err := r.header(b.folder); err != nil {
		return nil, err
	}
	attrs, err := r.appendAttributes(attrs)
	return &inode{record: r, attrs: attrs}, err
}
