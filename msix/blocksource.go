package msix

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
)

// blockSource gives the uncompressed content of a file block by block.
type blockSource interface {
	// readBlock fills p with the beginning of block i. It is not safe for
	// concurrent use.
	readBlock(i int, p []byte) error
}

// plainBlocks is content that lies as it is: an expanded file, or a stored zip entry.
type plainBlocks struct {
	r    io.ReaderAt
	base int64
}

func (s plainBlocks) readBlock(i int, p []byte) error {
	n, err := s.r.ReadAt(p, s.base+int64(i)*BlockSize)
	if n == len(p) {
		return nil
	}
	if err == nil {
		return errShort
	}
	return noEOF(err)
}

// streamBlocks reads a stream forward, and opens it again to go back.
type streamBlocks struct {
	open func() (io.ReadCloser, error)
	r    io.ReadCloser
	next int // the block that r stands before
}

func (s *streamBlocks) readBlock(i int, p []byte) error {
	if s.r == nil || i < s.next {
		if err := s.Close(); err != nil {
			return err
		}
		r, err := s.open()
		if err != nil {
			return err
		}
		s.r, s.next = r, 0
	}
	if skip := int64(i-s.next) * BlockSize; skip > 0 {
		if _, err := io.CopyN(io.Discard, s.r, skip); err != nil {
			return noEOF(err)
		}
	}
	s.next = i + 1
	_, err := io.ReadFull(s.r, p)
	return noEOF(err)
}

// Close lets go of the open stream, if any.
func (s *streamBlocks) Close() error {
	if s.r == nil {
		return nil
	}
	err := s.r.Close()
	s.r = nil
	return err
}

// errShort: there is less content than the block map says.
var errShort = fmt.Errorf("%w: the content ends too early", ErrBlockHash)

// noEOF turns an end that comes too early into errShort.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errShort
	}
	return err
}

// segmentBlocks is a deflated zip entry whose block map gives the compressed
// size of each block: any block can be read alone.
type segmentBlocks struct {
	r     io.ReaderAt
	ends  []int64 // of each block's segment
	base  int64   // start of the first segment
	inf   inflater
	input []byte
}

func (s *segmentBlocks) readBlock(i int, p []byte) error {
	start := s.base
	if i > 0 {
		start = s.ends[i-1]
	}
	size := int(s.ends[i] - start)
	if cap(s.input) < size {
		s.input = make([]byte, size)
	}
	s.input = s.input[:size]
	if err := (plainBlocks{r: s.r, base: start}).readBlock(0, s.input); err != nil {
		return err
	}
	return s.inf.block(s.input, p, i == len(s.ends)-1)
}

// inflater inflates one block's segment after another.
type inflater struct {
	fast segmentInflater
	in   bytes.Reader
	out  io.ReadCloser
}

// errSegment: a segment is not what its Block element says.
var errSegment = fmt.Errorf("%w: the compressed block does not inflate to its size", ErrBlockHash)

// block inflates segment into p, and makes sure that whoever inflates the
// whole entry as one stream gets the same bytes: the segment must use up its
// input, hold no byte more than p, and only the last may end the stream.
func (f *inflater) block(segment, p []byte, last bool) error {
	if ended, ok := f.fast.inflate(p, segment); ok && (last || !ended) {
		return nil
	}
	return f.stream(segment, p, last)
}

// stream does so with the library, which has the last word.
func (f *inflater) stream(segment, p []byte, last bool) error {
	f.in.Reset(segment)
	if f.out == nil {
		f.out = flate.NewReader(&f.in)
	} else if err := f.out.(flate.Resetter).Reset(&f.in, nil); err != nil {
		return err
	}
	if _, err := io.ReadFull(f.out, p); err != nil {
		return errSegment
	}
	var one [1]byte
	n, err := f.out.Read(one[:])
	ended := errors.Is(err, io.EOF)
	if n != 0 || f.in.Len() > 0 || !ended && !errors.Is(err, io.ErrUnexpectedEOF) || ended && !last {
		return errSegment
	}
	return nil
}

// maxSegment bounds the compressed size of a block: deflate adds a few bytes
// at most to what it cannot compress.
const maxSegment = BlockSize + 4096

// segmentEnds gives where each block's segment ends for an entry of csize
// compressed bytes; false when the block map does not give usable sizes.
func segmentEnds(f *BlockMapFile, base, csize int64) ([]int64, bool) {
	ends := make([]int64, len(f.Blocks))
	end := base
	for i, b := range f.Blocks {
		if b.Size < 0 || b.Size > maxSegment {
			return nil, false
		}
		end += b.Size
		ends[i] = end
	}
	// makeappx ends the stream with two more bytes, makemsix in the last block.
	rest := base + csize - end
	return ends, rest == 0 || rest == streamEndSize
}

// streamEndSize is the length of an empty last deflate block, 03 00.
const streamEndSize = 2
