package msix

import (
	"encoding/binary"
	"math"
	"net/url"
	"strings"
	"time"
)

// parseEntry reads one record of the directory; at is its offset for errors.
func parseEntry(b []byte, at int64) (e zipEntry, n int, err error) {
	le := binary.LittleEndian
	if len(b) < lenCentral || le.Uint32(b) != sigCentral {
		return e, 0, corrupt(zipFormat, "central directory record", at, "wrong signature")
	}
	nameLen, extraLen, commentLen := int(le.Uint16(b[28:])), int(le.Uint16(b[30:])), int(le.Uint16(b[32:]))
	n = lenCentral + nameLen + extraLen + commentLen
	if n > len(b) {
		return e, 0, corrupt(zipFormat, "central directory record", at, "longer than the directory")
	}
	e = zipEntry{
		raw:      string(b[lenCentral : lenCentral+nameLen]),
		flags:    le.Uint16(b[8:]),
		method:   le.Uint16(b[10:]),
		modified: dosTime(le.Uint16(b[14:]), le.Uint16(b[12:])),
		crc:      le.Uint32(b[16:]),
		csize:    int64(le.Uint32(b[20:])),
		usize:    int64(le.Uint32(b[24:])),
		header:   int64(le.Uint32(b[42:])),
		record:   b[:n],
	}
	if e.path, err = decodeName(e.raw, at); err != nil {
		return e, 0, err
	}
	if !e.readZip64(b[lenCentral+nameLen : lenCentral+nameLen+extraLen]) {
		return e, 0, corrupt(zipFormat, e.path, at, "its zip64 sizes are missing or negative")
	}
	if e.method != methodStore && e.method != methodDeflate || e.flags&flagEncrypted != 0 {
		return e, 0, unsupported(zipFormat, e.path, at, "method %d with flags %#x; packages hold stored and deflated files", e.method, e.flags)
	}
	return e, n, nil
}

// readZip64 replaces the fields that are all ones by those of the extra field (4.5.3).
func (e *zipEntry) readZip64(extra []byte) bool {
	le := binary.LittleEndian
	var block []byte
	for len(extra) >= 4 {
		size := int(le.Uint16(extra[2:]))
		if size > len(extra)-4 {
			break
		}
		if le.Uint16(extra) == extraZip64 {
			block = extra[4 : 4+size]
			break
		}
		extra = extra[4+size:]
	}
	for _, field := range []*int64{&e.usize, &e.csize, &e.header} {
		if *field != math.MaxUint32 {
			continue
		}
		if len(block) < 8 {
			return false
		}
		*field = int64(le.Uint64(block))
		block = block[8:]
		if *field < 0 {
			return false
		}
	}
	return true
}

// decodeName undoes the percent-encoding of a part name (ECMA-376 part 2, 6.2.2).
// Folders end in a slash and keep it.
func decodeName(raw string, at int64) (string, error) {
	name, err := url.PathUnescape(raw)
	if err != nil {
		return "", corrupt(zipFormat, "file name "+clip(raw), at, "%v", err)
	}
	if _, ok := slashed(strings.TrimSuffix(name, "/")); !ok || strings.Contains(name, `\`) {
		return "", corrupt(zipFormat, "file name "+clip(raw), at, "not a path inside the package")
	}
	return name, nil
}

// dosTime is the date and time of 4.4.6, which has no zone.
func dosTime(date, clock uint16) time.Time {
	return time.Date(int(date>>9)+1980, time.Month(date>>5&15), int(date&31), int(clock>>11), int(clock>>5&63), int(clock&31)*2, 0, time.UTC)
}
