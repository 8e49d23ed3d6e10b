package ntfs

import (
	"io"
	"io/fs"
	"sort"
	"sync"
)

// maxUnit bounds the memory that expanding one compression unit takes. Windows compresses with clusters up to 4 KiB,
// which makes units of 64 KiB.
const maxUnit = 1 << 20

// stream is the content of one attribute. It is an [io.ReaderAt] and safe for concurrent use.
type stream struct {
	place
	r       io.ReaderAt
	cluster int64
	size    int64  // bytes
	valid   int64  // bytes; what lies behind reads as zero (ValidDataLength)
	value   []byte // resident content
	runs    []run  // non-resident content; beyond the last run is a hole
	unit    int64  // bytes per compression unit, 0 when not compressed

	mu     sync.Mutex
	loaded int64 // index of the unit in expanded, -1 for none
	expand []byte
}

// newStream joins the parts of one attribute, which come in the order of their clusters. Content is read from r.
func newStream(r io.ReaderAt, g geometry, parts []attribute) (*stream, error) {
	first := &parts[0]
	s := &stream{place: first.place, r: r, cluster: g.cluster, size: first.size, valid: first.ini, loaded: -1}
	if first.flags&attrEncrypted != 0 {
		return nil, first.unsupported("the file is encrypted with EFS; decrypt it on Windows first")
	}
	if first.resident {
		s.value, s.valid = first.value, first.size
		return s, nil
	}
	if err := s.setUnit(first); err != nil {
		return nil, err
	}
	var err error
	for i := range parts {
		if parts[i].resident {
			return nil, parts[i].corrupt("a part of a non-resident attribute is resident")
		}
		if s.runs, err = appendRuns(s.runs, &parts[i], g); err != nil {
			return nil, err
		}
	}
	if overlaps(s.runs) {
		return nil, first.corrupt("two runs share clusters")
	}
	// Only compressed and sparse streams may leave their tail out of the map.
	if mapped := s.mapped(); s.size > mapped && s.unit == 0 && first.flags&attrSparse == 0 {
		return nil, first.corrupt("%d bytes are mapped of a size of %d", mapped, s.size)
	}
	return s, nil
}

func (s *stream) setUnit(a *attribute) error {
	method := a.flags & attrCompressionMask
	if method == 0 {
		return nil
	}
	if method != attrCompressedLZNT1 {
		return a.unsupported("compression method %d; only LZNT1 is read", method)
	}
	// A compressed attribute whose unit is 0 holds nothing that was compressed.
	if a.unit == 0 {
		return nil
	}
	if a.unit > 16 || s.cluster<<a.unit > maxUnit {
		return a.unsupported("compression units of 2^%d clusters of %d bytes", a.unit, s.cluster)
	}
	s.unit = s.cluster << a.unit
	return nil
}

func (s *stream) mapped() int64 {
	if len(s.runs) == 0 {
		return 0
	}
	return s.runs[len(s.runs)-1].end() * s.cluster
}

// ReadAt implements [io.ReaderAt].
func (s *stream) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fs.ErrInvalid
	}
	if off >= s.size {
		return 0, io.EOF
	}
	var eof error
	if int64(len(p)) > s.size-off {
		p, eof = p[:s.size-off], io.EOF
	}
	stored := int(max(0, min(int64(len(p)), s.valid-off)))
	if err := s.fill(p[:stored], off); err != nil {
		return 0, err
	}
	clear(p[stored:])
	return len(p), eof
}

func (s *stream) fill(p []byte, off int64) error {
	switch {
	case len(p) == 0:
		return nil
	case s.value != nil:
		copy(p, s.value[off:])
		return nil
	case s.unit != 0:
		return s.readUnits(p, off)
	}
	return s.readRuns(p, off)
}

// readRuns reads stored bytes as they lie: one read for every run touched.
func (s *stream) readRuns(p []byte, off int64) error {
	for i := s.find(off / s.cluster); len(p) > 0; i++ {
		if i == len(s.runs) {
			clear(p)
			return nil
		}
		run := s.runs[i]
		within := off - run.vcn*s.cluster
		n := min(int64(len(p)), run.count*s.cluster-within)
		if err := s.readRun(run, p[:n], within); err != nil {
			return err
		}
		p, off = p[n:], off+n
	}
	return nil
}

func (s *stream) readRun(r run, p []byte, within int64) error {
	if r.lcn == hole {
		clear(p)
		return nil
	}
	at := r.lcn*s.cluster + within
	return readFull(s.r, p, at, s.at(at))
}

// find answers the index of the run that holds a virtual cluster, or the number of runs.
func (s *stream) find(vcn int64) int {
	return sort.Search(len(s.runs), func(i int) bool { return s.runs[i].end() > vcn })
}

// locate answers where in the volume a byte of the stream lies, for errors; -1 when nowhere.
func (s *stream) locate(off int64) int64 {
	i := s.find(off / s.cluster)
	if off < 0 || i == len(s.runs) || s.runs[i].lcn == hole {
		return -1
	}
	return s.runs[i].lcn*s.cluster + off - s.runs[i].vcn*s.cluster
}
