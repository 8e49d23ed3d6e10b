package fat

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"
)

// Options are the choices of Format.
type Options struct {
	Label         string    // up to 11 letters, digits, blanks and !#$%&'()-@^_`{}~; stored in upper case
	Serial        uint32    // volume serial number (BS_VolID)
	Time          time.Time // of every file and folder, in UTC; before 1980 counts as 1980
	HiddenSectors uint32    // sectors of 512 bytes before the volume on its disk (BPB_HiddSec)
}

// Format makes a FAT32 volume of size bytes that holds all files and folders of tree, and writes it to w at ascending
// offsets from 0. Every file is contiguous. Equal trees, sizes and options give equal bytes wherever the volume says
// something; clusters that are free are not written. The caller takes size from SizeFor, or a larger one.
//
// Files of 4 GiB and more, links, and names that FAT or Windows cannot hold are refused with ErrUnsupported before
// anything is written.
func Format(w io.WriterAt, size int64, opt Options, tree fs.FS) error {
	label, err := padLabel(opt.Label)
	if err != nil {
		return err
	}
	l, err := newLayout(size)
	if err != nil {
		return err
	}
	root, err := scan(tree)
	if err != nil {
		return err
	}
	if need := root.clusters(l.cluster()); need > int64(l.clusters) {
		return place{"new volume", -1}.unsupported(
			"the tree needs %d clusters of %d bytes, %d bytes have room for %d; SizeFor tells the size", need, l.cluster(), size, l.clusters)
	}
	order, free := root.place(l.cluster(), 2)
	f := &formatter{w: w, layout: l, opt: opt, label: label, order: order, free: free}
	for _, step := range []func() error{f.writeReserved, f.writeTables, func() error { return f.writeData(tree) }, f.writeEnd} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// padLabel checks a label and brings it into the form of BS_VolLab; "" stays.
func padLabel(label string) (string, error) {
	if label == "" {
		return "", nil
	}
	label = strings.ToUpper(label)
	if len(label) > 11 || label[0] == ' ' || strings.Trim(label, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !#$%&'()-@^_`{}~") != "" {
		return "", place{"label", -1}.unsupported("%q; use up to 11 letters, digits and blanks", label)
	}
	return label + strings.Repeat(" ", 11-len(label)), nil
}

// formatter writes one volume.
type formatter struct {
	*layout
	w     io.WriterAt
	opt   Options
	label string // padded, or ""
	order []*node
	free  uint32 // first free cluster; all after it are free too
}

// writeTables writes both FATs: the chains one after the other, as the clusters were given out, then zero.
func (f *formatter) writeTables() error {
	for i := range int64(2) {
		start := (int64(f.reserved) + i*int64(f.table)) * sectorSize
		w := bufio.NewWriterSize(io.NewOffsetWriter(f.w, start), mebibyte)
		put := func(v uint32) {
			// An error stays with the bufio.Writer until Flush.
			_, _ = w.Write(binary.LittleEndian.AppendUint32(w.AvailableBuffer(), v))
		}
		const endOfChain = 0x0FFFFFFF
		put(0x0FFFFFF8) // FAT[0]: the media byte
		put(endOfChain) // FAT[1]: clean, no errors
		for _, n := range f.order {
			for c, last := n.first, n.last(f.cluster()); c < last; c++ {
				put(c + 1)
			}
			if n.first != 0 {
				put(endOfChain)
			}
		}
		if err := errors.Join(zeros(w, int64(f.table)*sectorSize-4*int64(f.free)), w.Flush()); err != nil {
			return err
		}
	}
	return nil
}

// last answers the last cluster of a file.
func (n *node) last(cluster int64) uint32 {
	if n.first == 0 {
		return 0
	}
	return n.first + uint32((n.size-1)/cluster)
}

// writeData writes folders and files in the order of their clusters, each filled up with zeros to its last cluster's end.
func (f *formatter) writeData(tree fs.FS) error {
	w := bufio.NewWriterSize(io.NewOffsetWriter(f.w, f.offset(2)), mebibyte)
	for _, n := range f.order {
		if n.first == 0 {
			continue // an empty file has no clusters
		}
		written, err := f.writeNode(w, n, tree)
		if err != nil {
			return err
		}
		end := int64(n.last(f.cluster())-n.first+1) * f.cluster()
		if err := zeros(w, end-written); err != nil {
			return err
		}
	}
	return w.Flush()
}

// writeNode writes a folder's entries or a file's content and answers how many bytes that was.
func (f *formatter) writeNode(w io.Writer, n *node, tree fs.FS) (int64, error) {
	if n.isDir {
		written, err := w.Write(n.encode(newStamp(f.opt.Time), f.label))
		return int64(written), err
	}
	return n.copy(w, tree)
}

// copy streams a file, which must be as long as the tree said.
func (n *node) copy(w io.Writer, tree fs.FS) (int64, error) {
	file, err := tree.Open(n.path)
	if err != nil {
		return 0, n.at().wrap(err)
	}
	defer file.Close()
	written, err := io.Copy(w, io.LimitReader(file, n.size+1))
	if err == nil && written != n.size {
		err = fmt.Errorf("it changed while it was copied: %d bytes were told, %d or more read", n.size, written)
	}
	if err != nil {
		return written, n.at().wrap(err)
	}
	return written, nil
}

// writeEnd writes the last sector, so that a file that holds the volume gets its full length.
func (f *formatter) writeEnd() error {
	if f.free >= f.clusters+2 && f.offset(f.clusters+2) == int64(f.sectors)*sectorSize {
		return nil // the last cluster is in use
	}
	_, err := f.w.WriteAt(make([]byte, sectorSize), int64(f.sectors-1)*sectorSize)
	return err
}

func zeros(w io.Writer, n int64) error {
	block := make([]byte, 32<<10)
	for n > 0 {
		k, err := w.Write(block[:min(n, int64(len(block)))])
		if err != nil {
			return err
		}
		n -= int64(k)
	}
	return nil
}
