package vhdx

import "io"

// Disk is the virtual disk in an image file. It may be read concurrently if the
// reader under it may.
type Disk struct {
	r        io.ReaderAt // the file, with its log replayed
	head     header
	meta     metadata
	table    []int64 // see readBAT
	bitmaps  *bitmaps
	base     *Disk // the parent, once joined
	replayed bool
}

// Open reads the structures of the image of size bytes in r. Errors are
// [*Error] and wrap ErrCorrupt, ErrTruncated or ErrUnsupported unless r failed.
// A differencing image can be read once its [Disk.Parent] was joined to it.
func Open(r io.ReaderAt, size int64) (*Disk, error) {
	front := make([]byte, min(size, frontSize))
	if err := readFull(r, front, 0, "file header"); err != nil {
		return nil, err
	}
	if !Detect(front) {
		return nil, fail(ErrCorrupt, "file identifier", 0, "no %q there: not a VHDX", signature)
	}
	if size < frontSize {
		return nil, fail(ErrTruncated, "file header", size, "expected at least %d bytes, the file has %d", frontSize, size)
	}
	head, err := currentHeader(front)
	if err != nil {
		return nil, err
	}
	d := &Disk{r: r, head: head}
	if head.logID != (guid{}) {
		if size, err = d.replay(front, size); err != nil {
			return nil, err
		}
	}
	return d, d.openRegions(front, size)
}

// replay puts the log's content over the file, front included, and returns the
// size that the file has with it.
func (d *Disk) replay(front []byte, size int64) (int64, error) {
	o, err := replayLog(d.r, size, d.head)
	if err != nil {
		return size, err
	}
	d.r, d.replayed = o, true
	o.patch(front, 0)
	return o.size, nil
}

// openRegions reads metadata and BAT.
func (d *Disk) openRegions(front []byte, size int64) error {
	regs, err := parseRegions(front, size)
	if err != nil {
		return err
	}
	if d.meta, err = readMetadata(d.r, regs.metadata); err != nil {
		return err
	}
	d.table, d.bitmaps, err = readBAT(d.r, regs.bat, d.meta.layout(), size)
	return err
}

// ReadAt reads the virtual disk; blocks that are not present read as zeroes, or
// come from the parent.
func (d *Disk) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fail(ErrCorrupt, "virtual disk", off, "a negative offset was asked for")
	}
	if off >= d.meta.diskSize {
		return 0, io.EOF
	}
	var short error
	if int64(len(p)) > d.meta.diskSize-off {
		p, short = p[:d.meta.diskSize-off], io.EOF
	}
	for n := 0; n < len(p); {
		m, err := d.readRun(p[n:], off+int64(n))
		if n += m; err != nil {
			return n, err
		}
	}
	return len(p), short
}

// readRun reads the start of p: as many blocks as follow each other in the file
// too, or as are absent or the parent's together, in one go.
func (d *Disk) readRun(p []byte, off int64) (int, error) {
	first, within := off/d.meta.blockSize, off%d.meta.blockSize
	start, run := d.table[first], d.meta.blockSize-within
	if start > 0 && start&partial != 0 {
		return d.readMixed(p, off, first)
	}
	step := d.meta.blockSize
	if start == absent || start == inherited {
		step = 0
	}
	for i := first + 1; run < int64(len(p)) && d.table[i] == start+(i-first)*step; i++ {
		run += d.meta.blockSize
	}
	p = p[:min(int64(len(p)), run)]
	switch start {
	case absent:
		clear(p)
		return len(p), nil
	case inherited:
		return all(p, d.readParentAt(p, off))
	}
	return all(p, readFull(d.r, p, start+within, "block"))
}

// Size is the size of the virtual disk in bytes.
func (d *Disk) Size() int64 { return d.meta.diskSize }

// Subformat is [Fixed], [Dynamic] or [Differencing].
func (d *Disk) Subformat() string {
	if d.meta.parent != nil {
		return Differencing
	}
	if d.meta.leaveAllocated {
		return Fixed
	}
	return Dynamic
}

// SectorSize is the logical sector size in bytes, 512 or 4096.
func (d *Disk) SectorSize() int { return int(d.meta.logicalSector) }

// PhysicalSectorSize is the physical sector size in bytes that the image states.
func (d *Disk) PhysicalSectorSize() int { return int(d.meta.physicalSector) }

// ID is the identity of the virtual disk, which its copies share, as a GUID in
// lower case.
func (d *Disk) ID() string { return d.meta.diskID.String() }

// DataID is the identity of the disk's content: it changes with every session
// that writes to the disk, and differencing images know their parent by it.
func (d *Disk) DataID() string { return d.head.dataID.String() }

// Replayed reports whether the image was left with a log by a crash, which was
// replayed in memory.
func (d *Disk) Replayed() bool { return d.replayed }
