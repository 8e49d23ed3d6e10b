package msix

import (
	"bytes"
	"compress/flate"
	"io"
)

// deflateBlock compresses one block into a segment that stands alone: a new
// window each time, and a flush that ends on a byte border, so that segments
// can be joined to one stream and still be read one by one.
type deflateBlock struct {
	out bytes.Buffer
	w   *flate.Writer
}

// compress gives the segment for content, in a slice of its own.
func (d *deflateBlock) compress(content []byte, level int) ([]byte, error) {
	d.out.Reset()
	if d.w == nil {
		w, err := flate.NewWriter(&d.out, level)
		if err != nil {
			return nil, err
		}
		d.w = w
	} else {
		d.w.Reset(&d.out)
	}
	if _, err := d.w.Write(content); err != nil {
		return nil, err
	}
	if err := d.w.Flush(); err != nil {
		return nil, err
	}
	return bytes.Clone(d.out.Bytes()), nil
}

// packedBlock is one block of a file that is being packed.
type packedBlock struct {
	content []byte // uncompressed
	data    []byte // what goes into the container
	hash    []byte
	err     error
	done    chan struct{} // closed when data and hash are there
}

// readBlocksOf cuts r into blocks, in order, until its end.
func readBlocksOf(r io.Reader, give func(content []byte) bool) error {
	for {
		buf := make([]byte, BlockSize)
		n, err := io.ReadFull(r, buf)
		if n > 0 && !give(buf[:n]) {
			return nil
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
