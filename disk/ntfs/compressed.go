package ntfs

// A compressed stream is divided into units of equal length. A unit without stored clusters is zero, one with all of
// its clusters stored is stored as it is, and one with some of them holds LZNT1 data in those.

// readUnits reads from a compressed stream.
func (s *stream) readUnits(p []byte, off int64) error {
	for len(p) > 0 {
		unit := off / s.unit
		stored := s.stored(unit)
		n := min(int64(len(p)), (unit+1)*s.unit-off)
		var err error
		switch {
		case stored == 0:
			clear(p[:n])
		case stored == s.unit:
			n = s.rawSpan(unit, off, int64(len(p)))
			err = s.readRuns(p[:n], off)
		default:
			err = s.readExpanded(p[:n], off, stored)
		}
		if err != nil {
			return err
		}
		p, off = p[n:], off+n
	}
	return nil
}

// rawSpan answers how many bytes from off on lie in units stored as they are, so that they become one read.
func (s *stream) rawSpan(unit, off, limit int64) int64 {
	end := (unit + 1) * s.unit
	for end-off < limit && s.stored(end/s.unit) == s.unit {
		end += s.unit
	}
	return min(limit, end-off)
}

// stored answers how many bytes of a unit are stored.
func (s *stream) stored(unit int64) int64 {
	from := unit * s.unit / s.cluster
	to := from + s.unit/s.cluster
	n := int64(0)
	for i := s.find(from); i < len(s.runs) && s.runs[i].vcn < to; i++ {
		if r := s.runs[i]; r.lcn != hole {
			n += min(to, r.end()) - max(from, r.vcn)
		}
	}
	return n * s.cluster
}

// readExpanded reads from one unit that holds LZNT1 data. The unit is expanded into p where p takes all of it, else aside,
// where it is kept: reading in small steps expands each unit once. Others are not held up meanwhile.
func (s *stream) readExpanded(p []byte, off, stored int64) error {
	unit := off / s.unit
	if s.fromKept(p, off) {
		return nil
	}
	packed := make([]byte, stored)
	// The stored clusters come first in the unit, the hole after them.
	if err := s.readRuns(packed, unit*s.unit); err != nil {
		return err
	}
	dst := p
	if int64(len(p)) < s.unit {
		dst = make([]byte, s.unit)
	}
	if err := expandLZNT1(dst, packed); err != nil {
		return s.at(s.locate(unit*s.unit)).corrupt("compression unit %d: %v", unit, err)
	}
	if int64(len(p)) < s.unit {
		copy(p, dst[off%s.unit:])
		s.mu.Lock()
		s.loaded, s.expand = unit, dst
		s.mu.Unlock()
	}
	return nil
}

// fromKept serves a read from the unit that was expanded last.
func (s *stream) fromKept(p []byte, off int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loaded != off/s.unit {
		return false
	}
	copy(p, s.expand[off%s.unit:])
	return true
}
