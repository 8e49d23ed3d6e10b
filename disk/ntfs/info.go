package ntfs

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"time"
)

// Stat is what [io/fs.FileInfo.Sys] of this package's files answers, as a *Stat.
type Stat struct {
	Record     int64     // MFT record number: equal for all hard links of a file
	Links      int       // names of the file, including names for DOS
	Attributes uint32    // FILE_ATTRIBUTE_* (MS-FSCC 2.6)
	ReparseTag uint32    // IO_REPARSE_TAG_* (MS-FSCC 2.1.2.1), 0 when the file is no reparse point
	Created    time.Time // UTC, as the next three
	Modified   time.Time
	Changed    time.Time // last change of the MFT record
	Accessed   time.Time

	Streams []NamedStream // beside the content
}

// info is [io/fs.FileInfo] and [io/fs.DirEntry] of one file.
type info struct {
	name  string
	size  int64
	isDir bool
	stat  Stat
	wof   wofInfo // of files that the Windows overlay filter compressed
}

func (i *info) Name() string               { return i.name }
func (i *info) Size() int64                { return i.size }
func (i *info) IsDir() bool                { return i.Mode().IsDir() }
func (i *info) ModTime() time.Time         { return i.stat.Modified }
func (i *info) Sys() any                   { return &i.stat }
func (i *info) Type() fs.FileMode          { return i.Mode().Type() }
func (i *info) Info() (fs.FileInfo, error) { return i, nil }

// Mode tells reparse points apart: they are neither file nor directory, because they cannot be read through. Files that
// the Windows overlay filter compressed are read, and are files.
func (i *info) Mode() fs.FileMode {
	switch {
	case i.stat.ReparseTag == tagSymlink || i.stat.ReparseTag == tagLXSymlink:
		return fs.ModeSymlink | 0o777
	case i.stat.ReparseTag != 0 && !i.wof.ok:
		return fs.ModeIrregular | 0o444
	case i.isDir:
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// newInfo reads what a directory listing shows of a file.
func (f *FS) newInfo(name string, ino *inode) (*info, error) {
	i := &info{name: name, isDir: ino.isDir()}
	i.stat.Record, i.stat.Links = ino.num, int(ino.links)
	std, ok := ino.first(typeStandardInformation, "")
	if !ok || len(std.value) < 36 {
		return nil, ino.corrupt("the file has no $STANDARD_INFORMATION")
	}
	i.stat.Created = fileTime(std.value)                           // CreationTime
	i.stat.Modified = fileTime(std.value[8:])                      // LastModificationTime
	i.stat.Changed = fileTime(std.value[16:])                      // LastChangeTime
	i.stat.Accessed = fileTime(std.value[24:])                     // LastAccessTime
	i.stat.Attributes = binary.LittleEndian.Uint32(std.value[32:]) // FileAttributes
	var err error
	if i.stat.ReparseTag, i.wof, err = f.reparsePoint(ino); err != nil {
		return nil, err
	}
	i.wof.ok = i.wof.ok && !i.isDir
	i.stat.Streams = ino.namedStreams()
	if data, ok := ino.first(typeData, ""); ok && !i.isDir {
		i.size = data.size
	}
	return i, nil
}

// reparsePoint reads REPARSE_DATA_BUFFER (MS-FSCC 2.1.2): its ReparseTag, and what it says of a compressed file.
func (f *FS) reparsePoint(ino *inode) (uint32, wofInfo, error) {
	parts := ino.parts(typeReparsePoint, "")
	if len(parts) == 0 {
		return 0, wofInfo{}, nil
	}
	s, err := newStream(f.pager, f.geo, parts)
	if err != nil {
		return 0, wofInfo{}, err
	}
	const head, wof = 8, 16
	b := make([]byte, min(max(s.size, 4), head+wof))
	if err := readFull(s, b, 0, s.place); err != nil {
		return 0, wofInfo{}, err
	}
	tag := binary.LittleEndian.Uint32(b)
	switch {
	case tag == 0:
		return 0, wofInfo{}, s.corrupt("reparse tag 0")
	case tag != tagWOF || len(b) < head:
		return tag, wofInfo{}, nil
	}
	return tag, parseWOF(b[head:]), nil
}

// Reparse tags that are named in errors (MS-FSCC 2.1.2.1).
const (
	tagMountPoint = 0xA0000003
	tagSymlink    = 0xA000000C
	tagLXSymlink  = 0xA000001D
	tagWOF        = 0x80000017
	tagDedup      = 0x80000013
	tagCloudMask  = 0xFFFF0FFF
	tagCloud      = 0x9000001A & tagCloudMask
)

// refuse answers why the content of a reparse point is not read, or nil for other files.
func (i *info) refuse(p place) error {
	tag := i.stat.ReparseTag
	switch {
	case tag == 0 || i.wof.ok:
		return nil
	case tag == tagSymlink || tag == tagLXSymlink:
		return p.unsupported("it is a symbolic link; links are not followed")
	case tag == tagMountPoint:
		return p.unsupported("it is a junction or mount point; they are not followed")
	case tag == tagWOF:
		return p.unsupported("it is compressed by the Windows Overlay Filter (WOF) in a way that is not read: its content is in a WIM file, or the algorithm is unknown; expand it with compact /u /exe")
	case tag == tagDedup:
		return p.unsupported("it is deduplicated; copy it to a volume without deduplication")
	case tag&tagCloudMask == tagCloud:
		return p.unsupported("its content is in the cloud; download it first")
	}
	return p.unsupported("it is a reparse point with %s", fmt.Sprintf("tag %#08x", tag))
}

// Seconds from 1601, where FILETIME starts, to 1970.
const epochOffset = 11644473600

// fileTime reads a FILETIME: 100 nanoseconds since 1601 (MS-DTYP 2.3.3). What is negative is no time.
func fileTime(b []byte) time.Time {
	return timeOf(binary.LittleEndian.Uint64(b))
}

func timeOf(filetime uint64) time.Time {
	v := int64(filetime)
	if v < 0 {
		return time.Time{}
	}
	return time.Unix(v/1e7-epochOffset, v%1e7*100).UTC()
}
