package exfat

import (
	"bytes"
	"encoding/binary"
	"testing"
	"unicode/utf16"
)

var le = binary.LittleEndian

// A volume made by hand: 512-byte sectors, clusters of 4 KiB, one FAT.
const (
	vSector  = 512
	vCluster = 4096
	vTable   = 24 // sectors
	vHeap    = 64
	vRoot    = 10
	vFree    = 20 // first cluster that tests may use
)

type volume struct {
	b        []byte
	clusters uint32
}

// newVolume has an allocation bitmap, an up-case table, a label and these entries in its root, which is two clusters that
// do not follow each other.
func newVolume(entries ...[]byte) *volume {
	v := &volume{b: make([]byte, 1<<20)}
	v.clusters = uint32(len(v.b)-vHeap*vSector) / vCluster
	b := v.b
	copy(b, "\xEB\x76\x90EXFAT   ")
	le.PutUint64(b[72:], uint64(len(b)/vSector))
	le.PutUint32(b[80:], vTable)
	le.PutUint32(b[84:], vHeap-vTable)
	le.PutUint32(b[88:], vHeap)
	le.PutUint32(b[92:], v.clusters)
	le.PutUint32(b[96:], vRoot)
	le.PutUint16(b[104:], 0x100)
	b[108], b[109], b[110], b[111] = 9, 3, 1, 0x80
	b[510], b[511] = 0x55, 0xAA
	for s := 1; s <= 8; s++ { // extended boot sectors
		b[s*vSector+510], b[s*vSector+511] = 0x55, 0xAA
	}
	v.link(0, 0xFFFFFFF8)
	v.link(1, endOfChain)
	v.chain(2)
	v.chain(4, 5)
	bitmap := make([]byte, 32)
	bitmap[0] = typeBitmap
	le.PutUint32(bitmap[20:], 2)
	le.PutUint64(bitmap[24:], uint64(v.clusters+7)/8)
	for i := range v.clusters / 8 {
		v.cluster(2)[i] = 0xFF
	}
	table := upcaseBytes()
	copy(v.cluster(4), table)
	upcase := make([]byte, 32)
	upcase[0] = typeUpcase
	var sum uint32
	for _, c := range table {
		sum = sum<<31 | sum>>1 + uint32(c)
	}
	le.PutUint32(upcase[4:], sum)
	le.PutUint32(upcase[20:], 4)
	le.PutUint64(upcase[24:], uint64(len(table)))
	label := make([]byte, 32)
	label[0], label[1] = typeLabel, 8
	copy(label[2:], utf16le("Ördnung!"))
	v.chain(vRoot, vRoot+2)
	v.dir([]uint32{vRoot, vRoot + 2}, append([][]byte{label, bitmap, upcase}, entries...)...)
	v.sum()
	return v
}

// sum renews the checksum of the boot region and its backup.
func (v *volume) sum() {
	sum := bootChecksum(v.b[:checksumAt*vSector])
	for i := range vSector / 4 {
		le.PutUint32(v.b[checksumAt*vSector+4*i:], sum)
	}
	copy(v.b[bootSectors*vSector:], v.b[:bootSectors*vSector])
}

func (v *volume) cluster(n uint32) []byte { return v.b[vHeap*vSector+int(n-2)*vCluster:] }

func (v *volume) link(cluster, next uint32) { le.PutUint32(v.b[vTable*vSector+4*int(cluster):], next) }

func (v *volume) chain(clusters ...uint32) {
	for i, c := range clusters {
		next := uint32(endOfChain)
		if i+1 < len(clusters) {
			next = clusters[i+1]
		}
		v.link(c, next)
	}
}

// dir writes entries into clusters.
func (v *volume) dir(clusters []uint32, entries ...[]byte) {
	all := bytes.Join(entries, nil)
	for i, c := range clusters {
		if i*vCluster < len(all) {
			copy(v.cluster(c)[:vCluster], all[i*vCluster:])
		}
	}
}

func (v *volume) open(t testing.TB) *FS {
	t.Helper()
	f, err := Open(bytes.NewReader(v.b), int64(len(v.b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// upcaseBytes maps a-z and the Latin letters, compressed around.
func upcaseBytes() []byte {
	var b []byte
	b = le.AppendUint16(b, 0xFFFF)
	b = le.AppendUint16(b, 'a')
	for c := uint16('A'); c <= 'Z'; c++ {
		b = le.AppendUint16(b, c)
	}
	b = le.AppendUint16(b, 0xFFFF)
	b = le.AppendUint16(b, 0xE0-'z'-1)
	for c := uint16(0xC0); c <= 0xDE; c++ {
		b = le.AppendUint16(b, c)
	}
	return b
}

func utf16le(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return b
}

// set makes the entries of a file.
type set struct {
	name   string
	attr   uint16
	flags  byte // GeneralSecondaryFlags
	first  uint32
	size   uint64
	valid  uint64
	change func(b []byte) // before the checksum
}

func (s set) bytes() []byte {
	units := utf16le(s.name)
	names := (len(units) + 2*nameUnits - 1) / (2 * nameUnits)
	b := make([]byte, entrySize*(2+names))
	b[0], b[1] = typeFile, byte(1+names)
	le.PutUint16(b[4:], s.attr)
	le.PutUint32(b[8:], (2026-1980)<<25|11<<21|29<<16|12<<11|34<<5|28)
	le.PutUint32(b[12:], (2026-1980)<<25|11<<21|29<<16|12<<11|34<<5|28)
	b[21], b[22], b[23] = 150, 0x80, 0x80|4 // 1.5 seconds, UTC and one hour before it
	st := b[entrySize:]
	st[0], st[1], st[3] = typeStream, s.flags, byte(len(units)/2)
	le.PutUint16(st[4:], nameHash(s.name))
	le.PutUint64(st[8:], s.valid)
	le.PutUint32(st[20:], s.first)
	le.PutUint64(st[24:], s.size)
	for i := range names {
		n := b[entrySize*(2+i):]
		n[0] = typeName
		copy(n[2:entrySize], units[i*2*nameUnits:])
	}
	if s.change != nil {
		s.change(b)
	}
	le.PutUint16(b[2:], setChecksum(b))
	return b
}

// deleted clears the bit of use of all entries.
func deleted(b []byte) []byte {
	for i := 0; i < len(b); i += entrySize {
		b[i] &^= inUse
	}
	return b
}

// nameHash is NameHash (7.6.4).
func nameHash(name string) uint16 {
	table, err := expandUpcase(upcaseBytes(), place{})
	if err != nil {
		panic(err)
	}
	var sum uint16
	for _, b := range []byte(fold(name, table)) {
		sum = sum<<15 | sum>>1 + uint16(b)
	}
	return sum
}
