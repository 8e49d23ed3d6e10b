package ntfs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"testing"
	"time"
)

// readAll walks and reads a whole image and answers the first error.
func readAll(b []byte) error {
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return err
	}
	return fs.WalkDir(f, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		_, err = fs.ReadFile(f, path)
		return err
	})
}

// dataVolume has one file with the $DATA given.
func dataVolume(m mapped) []byte {
	m.kind = typeData
	v := newVolume()
	v.file(24, "file", 0, m.bytes())
	return v.finish()
}

// listVolume has one file whose attribute list has the value given, and a record 40 that continues record 25.
func listVolume(list []byte) []byte {
	v := newVolume()
	v.record(40, flagInUse, ref(25), mapped{kind: typeData, runs: [][2]int64{{vFree, 1}}, size: 10, init: 10}.bytes())
	v.file(24, "file", 0, resident(typeAttributeList, "", list))
	return v.finish()
}

// folderVolume has folder 28 in the root, with the entries given.
func folderVolume(entries ...[]byte) []byte {
	v := newVolume()
	v.file(28, "folder", fileNameDirectoryIndex, indexRoot(append(entries, lastEntry(-1))...))
	return v.finish()
}

// treeVolume has a root whose index goes on in blocks 0 and 1, which change writes.
func treeVolume(first int64, change func(v *volume)) []byte {
	v := newVolume()
	change(v)
	v.rootOf(indexRoot(lastEntry(first)), mapped{kind: typeIndexAllocation, name: directoryIndex,
		runs: [][2]int64{{vFree, 2}}, size: 2 * vCluster, init: 2 * vCluster}.bytes())
	return v.b
}

func corruptions() map[string][]byte {
	simple := func(change func(v *volume)) []byte {
		v := newVolume()
		v.file(24, "file", 0, text("content"))
		v.finish()
		change(v)
		return v.b
	}
	dirKey := func(name string) []byte { return nameValue(28, name, 0, fileNameDirectoryIndex) }
	huge := mapped{kind: typeAttributeList, runs: [][2]int64{{vFree, 70}}, size: 70 * vCluster, init: 70 * vCluster}
	return map[string][]byte{
		"runs outside":         dataVolume(mapped{runs: [][2]int64{{vClusters - 1, 2}}, size: 10, init: 10}),
		"runs before":          dataVolume(mapped{runs: [][2]int64{{vFree, 1}, {-5, 1}}, size: 10, init: 10}),
		"runs overlap":         dataVolume(mapped{runs: [][2]int64{{vFree, 2}, {vFree + 1, 2}}, size: 10, init: 10}),
		"empty run":            dataVolume(mapped{runs: [][2]int64{{vFree, 0}}, size: 10, init: 10}),
		"size past runs":       dataVolume(mapped{runs: [][2]int64{{vFree, 1}}, size: 5000, init: 10}),
		"valid past size":      dataVolume(mapped{runs: [][2]int64{{vFree, 1}}, size: 10, init: 11}),
		"negative size":        dataVolume(mapped{runs: [][2]int64{{vFree, 1}}, size: -1, init: 0}),
		"first part missing":   dataVolume(mapped{low: 1, runs: [][2]int64{{vFree, 1}}, size: 10, init: 10}),
		"packed data":          packedVolume([]byte{0x03, 0xB0, 0x02, 'x', 0xFF, 0xFF}),
		"packed chunk":         packedVolume([]byte{0xFF, 0x4F}),
		"torn record":          simple(func(v *volume) { v.at(24)[1023]++ }),
		"no record":            simple(func(v *volume) { v.at(24)[0] = 'B' }),
		"record free":          simple(func(v *volume) { v.at(24)[22] = 0 }),
		"stale reference":      simple(func(v *volume) { v.at(24)[16] = 9 }),
		"attribute too long":   simple(func(v *volume) { v.at(24)[56+4] = 0xF8; v.at(24)[56+5] = 0xFF }),
		"attribute of nothing": simple(func(v *volume) { v.at(24)[56+4] = 0 }),
		"value outside":        simple(func(v *volume) { v.at(24)[56+16] = 0xFF }),
		"no MFT":               simple(func(v *volume) { v.at(0)[0] = 0 }),
		"list to nowhere":      listVolume(listOf([4]int64{typeData, 0, 60, 0})),
		"list to another":      listVolume(listOf([4]int64{typeData, 0, 40, 0})),
		"list without target":  listVolume(listOf([4]int64{typeData, 0, 24, 7})),
		"list cut":             listVolume(listOf([4]int64{typeData, 0, 24, 2})[:20]),
		"list entry of zero":   listVolume(make([]byte, 32)),
		"list too long": func() []byte {
			v := newVolume()
			v.file(24, "file", 0, huge.bytes())
			return v.finish()
		}(),
		"folder holds itself":   folderVolume(entryOf(28, dirKey("again"))),
		"folder holds its name": folderVolume(entryOf(28, dirKey("folder"))),
		"name twice":            folderVolume(entryOf(30, dirKey("a")), entryOf(31, dirKey("a"))),
		"name of dots":          folderVolume(entryOf(30, dirKey(".."))),
		"name with slash":       folderVolume(entryOf(30, dirKey("a/b"))),
		"name of nothing":       folderVolume(entryOf(30, dirKey(""))),
		"record past the MFT":   folderVolume(entryOf(vRecords, nameValue(28, "a", 0, 0))),
		"file is no folder": func() []byte {
			v := newVolume()
			v.file(24, "file", 0, text("x"))
			v.entries = [][]byte{entryOf(24, nameValue(recordRoot, "file", 0, fileNameDirectoryIndex))}
			return v.finish()
		}(),
		"folder with two names": func() []byte {
			v := newVolume()
			v.file(24, "a", fileNameDirectoryIndex, resident(typeFileName, "", nameValue(recordRoot, "b", 0, 0)), indexRoot(lastEntry(-1)))
			return v.finish()
		}(),
		"index cycle": treeVolume(0, func(v *volume) {
			v.indexBlock(vFree, 0, lastEntry(1))
			v.indexBlock(vFree+1, 1, lastEntry(0))
		}),
		"index block of another": treeVolume(0, func(v *volume) { v.indexBlock(vFree, 1, lastEntry(-1)) }),
		"index block outside":    treeVolume(2, func(*volume) {}),
		"index block negative":   treeVolume(1<<62, func(*volume) {}),
		"index without end":      treeVolume(0, func(v *volume) { v.indexBlock(vFree, 0) }),
	}
}

// packedVolume has one compressed file with a first unit of the bytes given.
func packedVolume(packed []byte) []byte {
	v := newVolume()
	copy(v.cluster(vFree), packed)
	v.file(24, "packed", 0, mapped{kind: typeData, flags: attrCompressedLZNT1, unit: 4,
		runs: [][2]int64{{vFree, 1}, {hole, 15}}, size: 9000, init: 9000}.bytes())
	return v.finish()
}

func TestDamageIsTold(t *testing.T) {
	for name, b := range corruptions() {
		t.Run(name, func(t *testing.T) {
			err := readAll(b)
			var own *Error
			if !errors.Is(err, ErrCorrupt) || !errors.As(err, &own) || own.Structure == "" || own.Format != "ntfs" {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestBootSector(t *testing.T) {
	good := newVolume().finish()
	if !Detect(good) || Detect(good[:511]) || Detect(make([]byte, 512)) {
		t.Error("Detect")
	}
	for name, change := range map[string]func(b []byte){
		"sector of 0":       func(b []byte) { le.PutUint16(b[11:], 0) },
		"sector of 513":     func(b []byte) { le.PutUint16(b[11:], 513) },
		"cluster of 0":      func(b []byte) { b[13] = 0 },
		"cluster of 3":      func(b []byte) { b[13] = 3 },
		"cluster of 4 MiB":  func(b []byte) { b[13] = 0xEA },
		"volume too large":  func(b []byte) { le.PutUint64(b[40:], 1<<60) },
		"volume of nothing": func(b []byte) { le.PutUint64(b[40:], 0) },
		"MFT outside":       func(b []byte) { le.PutUint64(b[48:], 1<<60) },
		"record of 2^31":    func(b []byte) { b[64] = 0xE1 },
		"record of 127":     func(b []byte) { b[64] = 127 },
		"record of 256":     func(b []byte) { b[64] = 0xF8 },
		"not NTFS":          func(b []byte) { b[3] = 'M' },
	} {
		b := bytes.Clone(good)
		change(b)
		if _, err := Open(bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, size := range []int64{0, 511, 512, int64(len(good)) - 512} {
		if _, err := Open(bytes.NewReader(good), size); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func TestClusterSizes(t *testing.T) {
	for v, want := range map[byte]int64{1: 1, 8: 8, 128: 128, 0xF8: 256, 0xF4: 4096, 0xEB: 1 << 21, 0xEA: 0, 0x81: 0} {
		if got := sectorsPerCluster(v); got != want {
			t.Errorf("%#x: %d, want %d", v, got, want)
		}
	}
}

// exercise reads as much of an image as a hostile one should be able to offer.
func exercise(b []byte) {
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return
	}
	budget := 300
	_ = f.Walk(func(*Found, error) error {
		if budget--; budget < 0 {
			return fs.SkipAll
		}
		return nil
	})
	budget = 300
	_ = fs.WalkDir(f, ".", func(path string, d fs.DirEntry, err error) error {
		if budget--; budget < 0 {
			return fs.SkipAll
		}
		if err != nil {
			return nil
		}
		_, _ = d.Info()
		if file, err := f.Open(path); err == nil && !d.IsDir() {
			_, _ = io.CopyN(io.Discard, file, 1<<17)
			if r, ok := file.(io.ReaderAt); ok {
				_, _ = r.ReadAt(make([]byte, 100), 1<<16)
			}
		}
		_, _ = f.Stat(path + "X")
		return nil
	})
}

func TestMutants(t *testing.T) {
	whole := fullVolume()
	random := rand.New(rand.NewPCG(1, 2))
	deadline := time.Now().Add(30 * time.Second)
	for i := range 800 {
		b := bytes.Clone(whole)
		for range 1 + random.IntN(6) {
			// Half of the changes go to the MFT, the rest to the boot sector and the root's index block. Words that
			// the update sequence protects are spared, or nothing behind them would be reached.
			at := []int{vMFT*vCluster + random.IntN(41*vRecordLen), vMFT*vCluster + (24+random.IntN(17))*vRecordLen + random.IntN(500),
				random.IntN(80), (vFree+20)*vCluster + random.IntN(2048)}[random.IntN(4)]
			if at%512 < 510 {
				b[at] = byte(random.IntN(256))
			}
		}
		exercise(b)
		if time.Now().After(deadline) {
			t.Fatalf("%d mutants took 30 seconds", i)
		}
	}
}

// TestSampleMutants spoils the metadata of a volume made on Windows.
func TestSampleMutants(t *testing.T) {
	image := loadImage(t, "velocidex_go-ntfs/test.ntfs.dd.gz")
	whole := make([]byte, image.size)
	if _, err := image.ReadAt(whole, 0); err != nil {
		t.Fatal(err)
	}
	geo, err := parseBoot(whole, image.size)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(3, 4))
	deadline := time.Now().Add(30 * time.Second)
	for i := range 400 {
		undo := map[int64]byte{}
		for range 1 + random.IntN(20) {
			at := geo.mftStart + random.Int64N(64*int64(geo.record))
			if at%512 >= 510 {
				continue
			}
			if _, ok := undo[at]; !ok {
				undo[at] = whole[at]
			}
			whole[at] = byte(random.IntN(256))
		}
		exercise(whole)
		for at, b := range undo {
			whole[at] = b
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d mutants took 30 seconds", i)
		}
	}
}

func FuzzOpen(f *testing.F) {
	whole := fullVolume()
	mft := whole[vMFT*vCluster:]
	f.Add(whole[:84], mft[24*vRecordLen:][:512], mft[recordRoot*vRecordLen:][:512], whole[(vFree+20)*vCluster:][:510])
	f.Fuzz(func(t *testing.T, boot, records, root, index []byte) {
		b := bytes.Clone(whole)
		copy(b[:vCluster], boot)
		copy(b[(vMFT*vCluster+24*vRecordLen):(vMFT+16)*vCluster], records)
		copy(b[vMFT*vCluster+recordRoot*vRecordLen:][:vRecordLen], root)
		copy(b[(vFree+20)*vCluster:][:vCluster], index)
		exercise(b)
	})
}

func FuzzLZNT1(f *testing.F) {
	f.Add([]byte{0x03, 0xB0, 0x02, 'x', 0xFC, 0x0F, 0, 0})
	out := make([]byte, 3*chunkSize)
	f.Fuzz(func(t *testing.T, packed []byte) {
		if err := expandLZNT1(out, packed); err != nil && !errors.Is(err, errLZNT1) {
			t.Error(err)
		}
	})
}
