package ntfs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

func text(s string) []byte { return resident(typeData, "", []byte(s)) }

// tag makes a $REPARSE_POINT.
func tag(v uint32) []byte { return resident(typeReparsePoint, "", le.AppendUint32(nil, v)) }

// listOf makes an $ATTRIBUTE_LIST value of entries {type, lowest VCN, record, id}.
func listOf(entries ...[4]int64) []byte {
	var b []byte
	for _, e := range entries {
		one := make([]byte, 32)
		le.PutUint32(one, uint32(e[0]))
		le.PutUint16(one[4:], 32)
		le.PutUint64(one[8:], uint64(e[1]))
		le.PutUint64(one[16:], uint64(ref(int(e[2]))))
		le.PutUint16(one[24:], uint16(e[3]))
		b = append(b, one...)
	}
	return b
}

// fullVolume has one of each feature.
func fullVolume() []byte {
	v := newVolume()
	for i := range int64(16) {
		copy(v.cluster(vFree+i), bytes.Repeat([]byte{byte('A' + i)}, vCluster))
	}
	v.file(24, "Plain.txt", 0, text("plain"))
	v.file(25, "valid.bin", 0, mapped{kind: typeData, runs: [][2]int64{{vFree, 2}}, size: 8000, init: 5000}.bytes())
	v.file(26, "sparse.bin", 0, mapped{kind: typeData, flags: attrSparse,
		runs: [][2]int64{{vFree + 2, 1}, {hole, 3}, {vFree, 1}}, size: 5 * vCluster, init: 5 * vCluster}.bytes())
	// In two records, whose runs continue each other on the volume.
	v.record(40, flagInUse, ref(27), mapped{kind: typeData, low: 1, runs: [][2]int64{{vFree + 5, 2}}}.bytes())
	v.file(27, "listed.bin", 0,
		resident(typeAttributeList, "", listOf([4]int64{typeStandardInformation, 0, 27, 0}, [4]int64{typeData, 0, 27, 3}, [4]int64{typeData, 1, 40, 0})),
		mapped{kind: typeData, runs: [][2]int64{{vFree + 4, 1}}, size: 3 * vCluster, init: 3 * vCluster}.bytes())
	v.file(28, "folder", fileNameDirectoryIndex, indexRoot(entryOf(29, nameValue(28, "Inner Ä.txt", 0, 0)), lastEntry(-1)))
	v.record(29, flagInUse, 0, standard(), resident(typeFileName, "", nameValue(28, "Inner Ä.txt", 0, 0)), text("inner"))
	v.file(30, "link", attributeReparse, tag(tagSymlink))
	v.file(31, "junction", fileNameDirectoryIndex|attributeReparse, tag(tagMountPoint), indexRoot(lastEntry(-1)))
	v.file(32, "wof.exe", attributeReparse, tag(tagWOF), mapped{kind: typeData, flags: attrSparse, runs: [][2]int64{{hole, 4}}, size: 16000, init: 16000}.bytes())
	encrypted := mapped{kind: typeData, flags: attrEncrypted, runs: [][2]int64{{vFree, 1}}, size: 100, init: 100}
	v.file(33, "secret", 0, encrypted.bytes())
	v.file(34, "no data", 0)
	packed := append([]byte{0x03, 0xB0, 0x02, 'x', 0xFC, 0x0F}, 0, 0) // "x", then a copy of it 4095 times
	copy(v.cluster(vFree+8), packed)
	v.file(35, "packed.bin", 0, mapped{kind: typeData, flags: attrCompressedLZNT1, unit: 4,
		runs: [][2]int64{{vFree + 8, 1}, {hole, 15}}, size: 9000, init: 9000}.bytes())
	v.entries = append(v.entries, entryOf(24, nameValue(recordRoot, "PLAIN~1.TXT", namespaceDOS, 0)))
	v.entries = append(v.entries, entryOf(recordMFT, nameValue(recordRoot, "$MFT", 3, 0)))
	return v.big()
}

// big moves the root's entries to an index block, as they do not fit the record.
func (v *volume) big() []byte {
	v.indexBlock(vFree+20, 0, append(v.entries, lastEntry(-1))...)
	v.rootOf(indexRoot(lastEntry(0)), mapped{kind: typeIndexAllocation, name: directoryIndex,
		runs: [][2]int64{{vFree + 20, 1}}, size: vCluster, init: vCluster}.bytes())
	return v.b
}

func repeat(s string, n int) string { return strings.Repeat(s, n) }

func TestContents(t *testing.T) {
	f := openBytes(t, fullVolume())
	if f.Label() != "By hand" {
		t.Errorf("label %q", f.Label())
	}
	for name, want := range map[string]string{
		"Plain.txt":          "plain",
		"pLAIN.TXT":          "plain",
		"folder/Inner Ä.txt": "inner",
		"FOLDER/iNNER ä.TXT": "inner",
		"no data":            "",
		"valid.bin":          repeat("A", 4096) + repeat("B", 904) + repeat("\x00", 3000),
		"sparse.bin":         repeat("C", 4096) + repeat("\x00", 3*4096) + repeat("A", 4096),
		"listed.bin":         repeat("E", 4096) + repeat("F", 4096) + repeat("G", 4096),
		"packed.bin":         repeat("x", 4096) + repeat("\x00", 4904),
	} {
		if got, err := fs.ReadFile(f, name); err != nil || string(got) != want {
			t.Errorf("%s: %d bytes of %d, %v", name, len(got), len(want), err)
		}
	}
}

func TestRefusals(t *testing.T) {
	f := openBytes(t, fullVolume())
	for name, want := range map[string]string{
		"link": "symbolic link", "junction": "junction", "wof.exe": "WOF", "secret": "EFS", "link/below": "symbolic link",
		"junction/below": "junction",
	} {
		_, err := fs.ReadFile(f, name)
		var own *Error
		if !errors.Is(err, ErrUnsupported) || !errors.As(err, &own) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := f.ReadDir("junction"); !errors.Is(err, ErrUnsupported) {
		t.Errorf("junction: %v", err)
	}
}

func TestInfo(t *testing.T) {
	f := openBytes(t, fullVolume())
	for name, want := range map[string]fs.FileMode{
		"Plain.txt": 0, "folder": fs.ModeDir, "link": fs.ModeSymlink, "junction": fs.ModeIrregular, "wof.exe": fs.ModeIrregular, ".": fs.ModeDir,
	} {
		info, err := f.Stat(name)
		if err != nil || info.Mode().Type() != want {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	info, err := f.Stat("plain.TXT")
	if err != nil {
		t.Fatal(err)
	}
	stat := info.Sys().(*Stat)
	if info.Name() != "Plain.txt" || info.Size() != 5 || stat.Record != 24 || !info.ModTime().Equal(time.Unix(1700000000, 100)) {
		t.Errorf("%+v", info)
	}
	if info, err = f.Stat("wof.exe"); err != nil || info.Size() != 16000 || info.Sys().(*Stat).ReparseTag != tagWOF {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestListingHidesWhatIsNotTheUsers(t *testing.T) {
	list, err := openBytes(t, fullVolume()).ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	const want = "Plain.txt folder junction link listed.bin no data packed.bin secret sparse.bin valid.bin wof.exe"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("%s", got)
	}
}

func TestFSContract(t *testing.T) {
	v := newVolume()
	v.file(24, "Plain.txt", 0, text("plain"))
	v.file(28, "folder", fileNameDirectoryIndex, indexRoot(entryOf(29, nameValue(28, "inner", 0, 0)), lastEntry(-1)))
	v.record(29, flagInUse, 0, standard(), resident(typeFileName, "", nameValue(28, "inner", 0, 0)), text("inner"))
	v.file(30, "link", attributeReparse, tag(tagSymlink))
	if err := fstest.TestFS(openBytes(t, v.finish()), "Plain.txt", "folder/inner", "link"); err != nil {
		t.Error(err)
	}
}

func TestFSContractOnSample(t *testing.T) {
	image := loadImage(t, "generated-ntfs3g/edge512.raw.gz")
	f, err := Open(image, image.size)
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(f, "MSIX/Names/😀 emoji.txt", "MSIX/Many/file-00001-x.txt"); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"msix/NAMES/äöü.TXT", "MSIX/names/upper.txt", "MSIX/Names/[CONTENT_TYPES].XML"} {
		if _, err := f.Stat(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"MSIX/Names/SS.txt", "$MFT", "MSIX/Many/file-00000-.txt"} {
		if _, err := f.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSeekAndReadAt(t *testing.T) {
	file, err := openBytes(t, fullVolume()).Open("Plain.txt")
	if err != nil {
		t.Fatal(err)
	}
	s := file.(io.ReadSeeker)
	for _, c := range []struct {
		off    int64
		whence int
		want   string
	}{{3, io.SeekStart, "in"}, {-2, io.SeekEnd, "in"}, {-5, io.SeekCurrent, "plain"}, {20, io.SeekStart, ""}} {
		if _, err := s.Seek(c.off, c.whence); err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(s); err != nil || string(b) != c.want {
			t.Errorf("%+v: %q, %v", c, b, err)
		}
	}
	for _, err := range []error{
		second(s.Seek(-1, io.SeekStart)), second(s.Seek(0, 9)), second(file.(io.ReaderAt).ReadAt(make([]byte, 1), -1)),
	} {
		if !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%v", err)
		}
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	if _, err := file.Read(make([]byte, 1)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

// countingReader counts reads.
type countingReader struct {
	io.ReaderAt
	reads int
}

func (c *countingReader) ReadAt(p []byte, off int64) (int, error) {
	c.reads++
	return c.ReaderAt.ReadAt(p, off)
}

// TestOneReadPerRun reads whole files: parts that touch each other on the volume are one read, holes are none.
func TestOneReadPerRun(t *testing.T) {
	b := fullVolume()
	for name, want := range map[string]int{"listed.bin": 1, "sparse.bin": 2, "valid.bin": 1, "packed.bin": 1, "Plain.txt": 0} {
		c := &countingReader{ReaderAt: bytes.NewReader(b)}
		f, err := Open(c, int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		file, err := f.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		info, _ := file.Stat()
		c.reads = 0
		if _, err := file.(io.ReaderAt).ReadAt(make([]byte, info.Size()), 0); err != nil {
			t.Error(err)
		}
		if c.reads != want {
			t.Errorf("%s: %d reads, want %d", name, c.reads, want)
		}
	}
}

// TestFragmentedMFT moves records 32 to 63 away, to where only a record in the first half says.
func TestFragmentedMFT(t *testing.T) {
	v := newVolume()
	v.file(24, "near", 0, text("near"))
	v.file(50, "far", 0, text("far"))
	v.finish()
	const half = 8 // clusters
	copy(v.cluster(vFree), v.cluster(vMFT + half)[:half*vCluster])
	clear(v.cluster(vMFT + half)[:half*vCluster])
	second := mapped{kind: typeData, low: half, runs: [][2]int64{{vFree, half}}}
	v.record(15, flagInUse, ref(recordMFT), second.bytes())
	first := mapped{kind: typeData, runs: [][2]int64{{vMFT, half}}, size: vRecords * vRecordLen, init: vRecords * vRecordLen}
	list := listOf([4]int64{typeStandardInformation, 0, 0, 0}, [4]int64{typeData, 0, 0, 2}, [4]int64{typeData, half, 15, 0})
	v.record(recordMFT, flagInUse, 0, standard(), resident(typeAttributeList, "", list), first.bytes())
	f := openBytes(t, v.b)
	for _, name := range []string{"near", "far"} {
		if got, err := fs.ReadFile(f, name); err != nil || string(got) != name {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	v.record(15, flagInUse, ref(recordMFT), text("no map"))
	if _, err := Open(bytes.NewReader(v.b), int64(len(v.b))); !errors.Is(err, ErrCorrupt) {
		t.Errorf("without the second part: %v", err)
	}
}

func TestConcurrentUse(t *testing.T) {
	f := openBytes(t, fullVolume())
	file, err := f.Open("packed.bin")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			b := make([]byte, 100)
			if _, err := file.(io.ReaderAt).ReadAt(b, int64(i)*500); err != nil || b[0] != 'x' {
				t.Error(b[0], err)
			}
			if _, err := f.ReadDir("FOLDER"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestDepthIsBounded(t *testing.T) {
	if _, err := openBytes(t, fullVolume()).Stat("a" + strings.Repeat("/a", maxLevels)); !errors.Is(err, ErrUnsupported) {
		t.Error(err)
	}
}

// TestLZNT1Vector is the example of MS-XCA 3.3.
func TestLZNT1Vector(t *testing.T) {
	packed := []byte("\x38\xb0\x88\x46\x23\x20\x00\x20\x47\x20\x41\x00\x10\xa2\x47\x01\xa0\x45\x20\x44\x00\x08\x45\x01\x50\x79\x00\xc0\x45\x20\x05\x24" +
		"\x13\x88\x05\xb4\x02\x4a\x44\xef\x03\x58\x02\x8c\x09\x16\x01\x48\x45\x00\xbe\x00\x9e\x00\x04\x01\x18\x90\x00")
	const want = "F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D E F# G F# E D E A F# F# G A A G F# E D D E F# E D D\x00"
	got := make([]byte, len(want))
	if err := expandLZNT1(got, packed); err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
	for cut := 3; cut < len(packed)-2; cut++ {
		if err := expandLZNT1(got, packed[:cut]); err == nil {
			t.Errorf("cut at %d: no error", cut)
		}
	}
}

func BenchmarkWalk(b *testing.B) {
	image := loadImage(b, "generated-ntfs3g/edge4k.raw.gz")
	for b.Loop() {
		f, err := Open(image, image.size)
		if err == nil {
			err = f.Walk(func(_ *Found, err error) error { return err })
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkList(b *testing.B) {
	image := loadImage(b, "generated-ntfs3g/edge4k.raw.gz")
	for b.Loop() {
		f, err := Open(image, image.size)
		if err != nil {
			b.Fatal(err)
		}
		err = fs.WalkDir(f, ".", func(_ string, d fs.DirEntry, err error) error {
			if err == nil {
				_, err = d.Info()
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
