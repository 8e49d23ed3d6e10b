// Package cimimage writes composite images of version 2 for tests. It was written from the description of the format, apart
// from the reader: each is the other's check. No Windows has seen what it writes.
package cimimage

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf16"
)

// ID is the GUID in the names of region files.
const ID = "03020100-0504-0706-0809-0a0b0c0d0e0f"

// Region files of an image, by what they hold.
const (
	Metadata = 0
	Data     = 1 // in pages of 4096 bytes
	Small    = 2 // in units of 8 bytes
)

// small is the size from which on data goes into pages.
const small = 4096

var le = binary.LittleEndian

// builder collects the regions.
type builder struct {
	regions [3][]byte
	files   []byte // 96 bytes each
	upcase  [1 << 16]uint16
	pe      func(path string) bool
}

// Write writes the files of tree as the image name.cim with its companions, each through put. Files for which pe is true
// are stored as PE images, with their second 512 bytes at the next page.
func Write(tree fs.FS, name string, pe func(path string) bool, put func(name string, b []byte) error) error {
	b := &builder{pe: pe}
	for i := range b.regions {
		b.regions[i] = header(1, 40)
		le.PutUint16(b.regions[i][32:], uint16(i))
		b.regions[i][34] = byte(i)
	}
	for i := range b.upcase {
		b.upcase[i] = uint16(i)
		if r := []rune(strings.ToUpper(string(rune(i)))); len(r) == 1 && r[0] < 1<<16 && (i < 0xD800 || i > 0xDFFF) {
			b.upcase[i] = uint16(r[0])
		}
	}
	root, err := b.folder(tree, ".", 0)
	if err != nil {
		return err
	}
	if err := put(name+".cim", b.image(root)); err != nil {
		return err
	}
	for i, r := range b.regions {
		if err := put(fmt.Sprintf("region_%s_%d", ID, i), r); err != nil {
			return err
		}
		ids := append(header(2, 48), make([]byte, 16)...)
		if err := put(fmt.Sprintf("objectid_%s_%d", ID, i), ids); err != nil {
			return err
		}
	}
	return nil
}

// header is the common header in a header of size bytes.
func header(kind byte, size int) []byte {
	b := make([]byte, size)
	copy(b, "cimfile0")
	le.PutUint32(b[8:], uint32(size))
	b[12] = kind
	le.PutUint32(b[16:], 2)
	return b
}

// add puts an object into a region at a multiple of align.
func (b *builder) add(region, align int, object []byte) uint64 {
	r := b.regions[region]
	r = append(r, make([]byte, (align-len(r)%align)%align)...)
	b.regions[region] = append(r, object...)
	return uint64(region)<<48 | uint64(len(r))
}

// folder writes a folder and all below it and returns its file id.
func (b *builder) folder(tree fs.FS, dir string, parent uint32) (uint32, error) {
	id := b.newFile(parent)
	list, err := fs.ReadDir(tree, dir)
	if err != nil {
		return 0, err
	}
	slices.SortFunc(list, func(x, y fs.DirEntry) int { return slices.Compare(b.fold(x.Name()), b.fold(y.Name())) })
	table := make([]byte, 8+8*len(list))
	le.PutUint32(table[4:], uint32(len(list)))
	for i, e := range list {
		child := path.Join(dir, e.Name())
		var fid uint32
		if e.IsDir() {
			fid, err = b.folder(tree, child, id)
		} else {
			fid, err = b.file(tree, child, id)
		}
		if err != nil {
			return 0, err
		}
		le.PutUint32(table[8+4*i:], fid)
		le.PutUint32(table[8+4*len(list)+4*i:], uint32(len(table)))
		units := utf16.Encode([]rune(e.Name()))
		table = le.AppendUint16(table, uint16(len(units)))
		for _, u := range units {
			table = le.AppendUint16(table, u)
		}
	}
	le.PutUint32(table, uint32(len(table)))
	b.setStream(id, b.add(Metadata, 8, table), len(table), 1)
	return id, nil
}

func (b *builder) fold(name string) []uint16 {
	units := utf16.Encode([]rune(name))
	for i, u := range units {
		units[i] = b.upcase[u]
	}
	return units
}

func (b *builder) newFile(parent uint32) uint32 {
	f := make([]byte, 96)
	le.PutUint16(f, 8)
	for i := range 4 {
		le.PutUint64(f[8+8*i:], 133_000_000_000_000_000) // 2022
	}
	le.PutUint32(f[88:], parent)
	b.files = append(b.files, f...)
	return uint32(len(b.files) / 96)
}

func (b *builder) setStream(id uint32, at uint64, size int, kind uint64) {
	f := b.files[96*(id-1):]
	le.PutUint64(f[40:], at)
	le.PutUint64(f[48:], uint64(size)|kind<<48)
}

func (b *builder) file(tree fs.FS, name string, parent uint32) (uint32, error) {
	content, err := fs.ReadFile(tree, name)
	if err != nil {
		return 0, err
	}
	id := b.newFile(parent)
	switch {
	case len(content) == 0:
	case b.pe != nil && b.pe(name) && len(content) > 1024:
		const gap = 4096 - 512
		data := append(append(slices.Clone(content[:512]), make([]byte, gap)...), content[512:]...)
		img := make([]byte, 24+8)
		le.PutUint64(img, b.add(Data, 4096, data))
		le.PutUint64(img[8:], uint64(len(data)))
		le.PutUint32(img[16:], uint32(len(data)))
		le.PutUint16(img[20:], 1)
		le.PutUint32(img[24:], 512)
		le.PutUint32(img[28:], gap)
		b.setStream(id, b.add(Metadata, 8, img), len(content), 2)
	case len(content) < small:
		b.setStream(id, b.add(Small, 8, content), len(content), 0)
	default:
		b.setStream(id, b.add(Data, 4096, content), len(content), 0)
	}
	return id, nil
}

// image writes the file tables and the file system object, and returns the .cim file.
func (b *builder) image(root uint32) []byte {
	var directory []byte
	tables := 0
	for files := b.files; len(files) > 0; tables++ {
		n := min(len(files), 96*1024)
		directory = le.AppendUint64(directory, b.add(Metadata, 8, files[:n]))
		directory = le.AppendUint16(directory, uint16(n/96))
		directory = le.AppendUint16(directory, 96)
		directory = le.AppendUint32(directory, 0)
		files = files[n:]
	}
	var upcase []byte
	for _, u := range b.upcase {
		upcase = le.AppendUint16(upcase, u)
	}
	fs := le.AppendUint64(nil, b.add(Metadata, 8, upcase))
	fs = le.AppendUint64(fs, b.add(Metadata, 8, directory))
	fs = le.AppendUint32(fs, uint32(tables))
	fs = le.AppendUint32(fs, root)
	img := header(0, 72)
	for i := range 16 {
		img[32+i] = byte(i)
	}
	le.PutUint16(img[48:], 3)
	le.PutUint64(img[56:], b.add(Metadata, 8, fs))
	return img
}
