package ntfs

import (
	"bytes"
	"encoding/binary"
	"testing"
	"unicode/utf16"
)

// A volume made by hand, for what no tool here writes. Clusters of 4 KiB: 0 boot, 4 to 19 MFT (64 records of 1 KiB),
// 20 to 51 $UpCase, free from 52 on.
const (
	vCluster   = 4096
	vClusters  = 128
	vMFT       = 4
	vRecords   = 64
	vUpcase    = 20
	vFree      = 52
	vRecordLen = 1024
)

var le = binary.LittleEndian

type volume struct {
	b       []byte
	entries [][]byte // of the root
}

// ref is a reference to a record; every record made here has sequence 1.
func ref(n int) reference { return reference(1<<48 | uint64(n)) }

func utf16Bytes(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return b
}

func pad8(b []byte) []byte {
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	return b
}

// resident makes a resident attribute.
func resident(kind uint32, name string, value []byte) []byte {
	head := make([]byte, 24)
	le.PutUint32(head, kind)
	head[9] = byte(len(utf16.Encode([]rune(name))))
	le.PutUint16(head[10:], 24)
	b := pad8(append(head, utf16Bytes(name)...))
	le.PutUint32(b[16:], uint32(len(value)))
	le.PutUint16(b[20:], uint16(len(b)))
	b = pad8(append(b, value...))
	le.PutUint32(b[4:], uint32(len(b)))
	return b
}

// mapped describes a non-resident attribute.
type mapped struct {
	kind       uint32
	name       string
	flags      uint16
	unit       byte
	low        int64
	runs       [][2]int64 // clusters, count; cluster hole for none
	size, init int64
}

func (m mapped) bytes() []byte {
	head := make([]byte, 64)
	le.PutUint32(head, m.kind)
	head[8], head[9] = 1, byte(len(m.name))
	le.PutUint16(head[10:], 64)
	le.PutUint16(head[12:], m.flags)
	b := pad8(append(head, utf16Bytes(m.name)...))
	le.PutUint16(b[32:], uint16(len(b)))
	b[34] = m.unit
	clusters, last := int64(0), int64(0)
	for _, r := range m.runs {
		clusters += r[1]
		if r[0] == hole {
			b = append(b, 0x02, byte(r[1]), byte(r[1]>>8))
			continue
		}
		delta := r[0] - last
		last = r[0]
		b = append(b, 0x22, byte(r[1]), byte(r[1]>>8), byte(delta), byte(delta>>8))
	}
	le.PutUint64(b[16:], uint64(m.low))
	le.PutUint64(b[24:], uint64(m.low+clusters-1))
	le.PutUint64(b[40:], uint64(clusters*vCluster))
	le.PutUint64(b[48:], uint64(m.size))
	le.PutUint64(b[56:], uint64(m.init))
	b = pad8(append(b, 0))
	le.PutUint32(b[4:], uint32(len(b)))
	return b
}

// protect applies an update sequence at offset at.
func protect(b []byte, at int) {
	le.PutUint16(b[4:], uint16(at))
	le.PutUint16(b[6:], uint16(len(b)/512+1))
	le.PutUint16(b[at:], 0x7E57)
	for i := 1; i <= len(b)/512; i++ {
		copy(b[at+2*i:], b[i*512-2:i*512])
		le.PutUint16(b[i*512-2:], 0x7E57)
	}
}

// record writes an MFT record. Attribute i gets id i.
func (v *volume) record(n int, flags uint16, base reference, attrs ...[]byte) {
	b := make([]byte, vRecordLen)
	copy(b, "FILE")
	le.PutUint16(b[16:], 1)
	le.PutUint16(b[18:], 1)
	le.PutUint16(b[20:], 56)
	le.PutUint16(b[22:], flags)
	le.PutUint64(b[32:], uint64(base))
	at := 56
	for i, a := range attrs {
		le.PutUint16(a[14:], uint16(i))
		at += copy(b[at:], a)
	}
	le.PutUint32(b[at:], typeEnd)
	le.PutUint32(b[24:], uint32(at+8))
	protect(b, 48)
	copy(v.at(n), b)
}

// at answers the bytes of an MFT record.
func (v *volume) at(n int) []byte { return v.b[vMFT*vCluster+n*vRecordLen:][:vRecordLen] }

// cluster answers the bytes from a cluster on.
func (v *volume) cluster(n int64) []byte { return v.b[n*vCluster:] }

func standard() []byte {
	b := make([]byte, 48)
	for i := range 4 {
		le.PutUint64(b[8*i:], (1700000000+epochOffset)*1e7+uint64(i))
	}
	return resident(typeStandardInformation, "", b)
}

func nameValue(parent int, name string, namespace byte, flags uint32) []byte {
	b := make([]byte, 66)
	le.PutUint64(b, uint64(ref(parent)))
	le.PutUint32(b[56:], flags)
	b[64], b[65] = byte(len(utf16.Encode([]rune(name)))), namespace
	return append(b, utf16Bytes(name)...)
}

// entryOf makes an index entry for a name.
func entryOf(record int, key []byte) []byte {
	b := make([]byte, 16)
	le.PutUint64(b, uint64(ref(record)))
	le.PutUint16(b[10:], uint16(len(key)))
	b = pad8(append(b, key...))
	le.PutUint16(b[8:], uint16(len(b)))
	return b
}

// lastEntry ends a node; a child of -1 is none.
func lastEntry(child int64) []byte {
	b := make([]byte, 16)
	le.PutUint16(b[12:], entryLast)
	if child >= 0 {
		le.PutUint16(b[12:], entryLast|entryHasChild)
		b = le.AppendUint64(b, uint64(child))
	}
	le.PutUint16(b[8:], uint16(len(b)))
	return b
}

func node(entries ...[]byte) []byte {
	body := bytes.Join(entries, nil)
	b := make([]byte, 16)
	le.PutUint32(b, 16)
	le.PutUint32(b[4:], uint32(16+len(body)))
	le.PutUint32(b[8:], uint32(16+len(body)))
	return append(b, body...)
}

func indexRoot(entries ...[]byte) []byte {
	b := make([]byte, 16)
	le.PutUint32(b, typeFileName)
	le.PutUint32(b[8:], vCluster)
	return resident(typeIndexRoot, directoryIndex, append(b, node(entries...)...))
}

// indexBlock writes an index block to a cluster.
func (v *volume) indexBlock(cluster, vcn int64, entries ...[]byte) {
	b := make([]byte, vCluster)
	copy(b, "INDX")
	le.PutUint64(b[16:], uint64(vcn))
	copy(b[64:], bytes.Join(entries, nil))
	le.PutUint32(b[24:], 40)
	le.PutUint32(b[28:], uint32(40+len(bytes.Join(entries, nil))))
	protect(b, 40)
	copy(v.cluster(cluster), b)
}

// file adds a file to the root.
func (v *volume) file(n int, name string, flags uint32, attrs ...[]byte) {
	key := nameValue(recordRoot, name, 1, flags)
	recordFlags := uint16(flagInUse)
	if flags&fileNameDirectoryIndex != 0 {
		recordFlags |= flagDirectory
	}
	v.record(n, recordFlags, 0, append([][]byte{standard(), resident(typeFileName, "", key)}, attrs...)...)
	v.entries = append(v.entries, entryOf(n, key))
}

// newVolume writes what every volume has, but for the root, which finish writes.
func newVolume() *volume {
	v := &volume{b: make([]byte, vClusters*vCluster)}
	b := v.b
	copy(b[3:], "NTFS    ")
	le.PutUint16(b[11:], 512)
	b[13] = vCluster / 512
	le.PutUint64(b[40:], vClusters*vCluster/512)
	le.PutUint64(b[48:], vMFT)
	b[64], b[68] = 0xF6, 1 // 2^10 bytes, 1 cluster
	b[510], b[511] = 0x55, 0xAA
	v.record(recordMFT, flagInUse, 0, standard(), mapped{kind: typeData, runs: [][2]int64{{vMFT, 16}},
		size: vRecords * vRecordLen, init: vRecords * vRecordLen}.bytes())
	v.record(recordVolume, flagInUse, 0, standard(), resident(typeVolumeName, "", utf16Bytes("By hand")))
	v.record(recordUpCase, flagInUse, 0, standard(), mapped{kind: typeData, runs: [][2]int64{{vUpcase, 32}},
		size: 2 * upcaseUnits, init: 2 * upcaseUnits}.bytes())
	for i := range upcaseUnits {
		u := uint16(i)
		if i >= 'a' && i <= 'z' || i >= 0xE0 && i <= 0xFE && i != 0xF7 {
			u -= 32
		}
		le.PutUint16(v.cluster(vUpcase)[2*i:], u)
	}
	return v
}

// finish writes the root and answers the image.
func (v *volume) finish() []byte {
	v.entries = append(v.entries, lastEntry(-1))
	v.rootOf(indexRoot(v.entries...))
	return v.b
}

func (v *volume) rootOf(index ...[]byte) {
	v.record(recordRoot, flagInUse|flagDirectory, 0, append([][]byte{standard(),
		resident(typeFileName, "", nameValue(recordRoot, ".", 3, fileNameDirectoryIndex))}, index...)...)
}

func openBytes(t testing.TB, b []byte) *FS {
	t.Helper()
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}
