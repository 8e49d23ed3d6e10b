package block

import (
	"io"
	"io/fs"
	"sort"
)

// Run is a part of a stream that is contiguous on the volume. All numbers are bytes.
type Run struct {
	Pos    int64 // in the stream
	Offset int64 // on the volume
	Length int64
}

// MaxRuns is how many runs of one file are kept: with more the file is refused, lest a hostile volume take all memory.
const MaxRuns = 1 << 20

// AppendRun adds the next length bytes of a stream, which lie at offset, joining neighbours.
func AppendRun(runs []Run, offset, length int64) []Run {
	n := len(runs)
	if n == 0 {
		return append(runs, Run{0, offset, length})
	}
	last := &runs[n-1]
	if last.Offset+last.Length == offset {
		last.Length += length
		return runs
	}
	return append(runs, Run{last.Pos + last.Length, offset, length})
}

// Extents is a stream of a volume that lies in runs, in the order of their positions and without gaps. It is an
// [io.ReaderAt] that makes one read for every run touched, and is safe for concurrent use if the reader below is.
type Extents struct {
	Reader io.ReaderAt
	Runs   []Run // hold at least Valid bytes
	Size   int64
	Valid  int64 // what lies behind reads as zero
	At     Error // the place for errors; its offset is set to where the read was
}

// ReadAt implements [io.ReaderAt].
func (e *Extents) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fs.ErrInvalid
	}
	if off >= e.Size {
		return 0, io.EOF
	}
	var eof error
	if int64(len(p)) > e.Size-off {
		p, eof = p[:e.Size-off], io.EOF
	}
	stored := int(max(0, min(int64(len(p)), e.Valid-off)))
	clear(p[stored:])
	i := sort.Search(len(e.Runs), func(i int) bool { return e.Runs[i].Pos+e.Runs[i].Length > off })
	for done := 0; done < stored; i++ {
		r := e.Runs[i]
		within := off + int64(done) - r.Pos
		n := int(min(int64(stored-done), r.Length-within))
		at := e.At
		at.Offset = r.Offset + within
		if err := ReadFull(e.Reader, p[done:done+n], at.Offset, at); err != nil {
			return done, err
		}
		done += n
	}
	return len(p), eof
}
