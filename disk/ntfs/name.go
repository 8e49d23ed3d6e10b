package ntfs

import (
	"encoding/binary"
	"strings"

	"berth/disk/block"
)

// FILE_NAME, Flags (its namespace).
const namespaceDOS = 2 // an 8.3 name beside a long one

// MS-FSCC 2.6, file attributes. FILE_NAME marks directories with a bit of its own.
const (
	attributeReparse       = 0x00000400
	fileNameDirectoryIndex = 0x10000000
)

// fileName is FILE_NAME: the value of attribute 0x30 and the key of a directory's entries.
type fileName struct {
	parent    reference
	flags     uint32 // file attributes
	namespace uint8
	name      string
}

func parseFileName(b []byte, p place) (fileName, error) {
	if len(b) < 66 {
		return fileName{}, p.corrupt("a file name of %d bytes", len(b))
	}
	end := 66 + 2*int(b[64]) // FileNameLength, in UTF-16 units
	if end > len(b) || end == 66 {
		return fileName{}, p.corrupt("a file name of %d characters in %d bytes", b[64], len(b))
	}
	return fileName{
		parent:    reference(binary.LittleEndian.Uint64(b)), // ParentDirectory
		flags:     binary.LittleEndian.Uint32(b[56:]),       // FileAttributes
		namespace: b[65],                                    // Flags
		name:      block.UTF16(b[66:end]),                   // FileName
	}, nil
}

// usable refuses names that are no path element: a caller that joins them must stay in its folder. The POSIX namespace
// allows all characters but two, a backslash among them; whoever makes files on Windows has to look out for that.
func usable(name string) bool {
	return name != "." && name != ".." && !strings.ContainsAny(name, "/\x00")
}

// upcaseUnits is the length of $UpCase, which maps each UTF-16 unit to its upper case.
const upcaseUnits = 1 << 16

// upcaseTable reads the volume's own table when a lookup first needs it: how a volume folds names is fixed when it is
// formatted.
func (f *FS) upcaseTable() ([]uint16, error) {
	f.upcaseOnce.Do(func() { f.upcase, f.upcaseErr = f.readUpcase() })
	return f.upcase, f.upcaseErr
}

func (f *FS) readUpcase() ([]uint16, error) {
	ino, err := f.readInode(recordUpCase)
	if err != nil {
		return nil, err
	}
	s, err := ino.data(f)
	if err != nil {
		return nil, err
	}
	if s.size != 2*upcaseUnits {
		return nil, s.corrupt("$UpCase has %d bytes instead of %d", s.size, 2*upcaseUnits)
	}
	b := make([]byte, s.size)
	if err := readFull(s, b, 0, s.place); err != nil {
		return nil, err
	}
	table := make([]uint16, upcaseUnits)
	for i := range table {
		table[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return table, nil
}

// fold brings a name into the form in which names that Windows takes for equal are equal.
func fold(name string, table []uint16) string {
	units := block.Units(name)
	b := make([]byte, 2*len(units))
	for i, u := range units {
		binary.LittleEndian.PutUint16(b[2*i:], table[u])
	}
	return string(b)
}
