package part_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"berth/disk/part"
)

// memory is a disk in memory.
type memory []byte

func (m memory) WriteAt(p []byte, off int64) (int, error) { return copy(m[off:], p), nil }

func (m memory) ReadAt(p []byte, off int64) (int, error) { return bytes.NewReader(m).ReadAt(p, off) }

const mib = part.Alignment

// three are partitions out of order, with an entry left free.
func three() []part.Partition {
	return []part.Partition{
		{Index: 1, Start: 6 * mib, Size: mib, Type: part.TypeBasicData, Name: "Basic data partition", ID: "11111111-2222-4333-8444-555555555555"},
		{Index: 3, Start: mib, Size: 2 * mib, Type: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", Name: "Größe 𝄞", ID: "AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE"},
		{Index: 128, Start: 4 * mib, Size: mib, Type: part.TypeBasicData, ID: "00000001-0000-4000-8000-000000000000"},
	}
}

func newGPT(t testing.TB, sector int) memory {
	t.Helper()
	m := make(memory, 8*mib)
	l := part.Layout{Size: int64(len(m)), SectorSize: sector, DiskID: [16]byte{1, 2, 3, 4, 15: 9}, Partitions: three()}
	if err := part.WriteGPT(m, l); err != nil {
		t.Fatal(err)
	}
	return m
}

// newMBR has two primary and two logical partitions, the latter written by hand.
func newMBR(t testing.TB) memory {
	t.Helper()
	m := make(memory, 8*mib)
	err := part.WriteMBR(m, part.Layout{Size: int64(len(m)), DiskID: [16]byte{0x78, 0x56, 0x34, 0x12}, Partitions: []part.Partition{
		{Start: mib, Size: mib, Type: part.TypeNTFS, Active: true},
		{Start: 2 * mib, Size: mib, Type: part.TypeFAT32},
		{Start: 4 * mib, Size: 3 * mib, Type: "0x0F"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	record := func(at, first, count, next uint32) {
		b, le := m[at*512:], binary.LittleEndian
		b[450], b[510], b[511] = 0x06, 0x55, 0xAA
		le.PutUint32(b[454:], first)
		le.PutUint32(b[458:], count)
		if next != 0 {
			b[466] = 0x05
			le.PutUint32(b[470:], next)
			le.PutUint32(b[474:], 1)
		}
	}
	record(8192, 63, 1000, 4096) // at 4 MiB; the next lies 2 MiB further
	record(8192+4096, 2048, 10, 0)
	return m
}

func TestGPTReadsBack(t *testing.T) {
	for _, sector := range []int{512, 4096} {
		m := newGPT(t, sector)
		got, err := part.Read(m, int64(len(m)), sector)
		if err != nil {
			t.Fatal(err)
		}
		if got.Scheme != part.GPT || got.FromBackup || got.ID != "04030201-0000-0000-0000-000000000009" {
			t.Errorf("table %+v", got)
		}
		if want := three(); !reflect.DeepEqual(got.Partitions, want) {
			t.Errorf("got  %+v\nwant %+v", got.Partitions, want)
		}
	}
}

func TestBackupStandsIn(t *testing.T) {
	for name, at := range map[string]int{"signature": 512, "header": 512 + 40, "entries": 1024 + 40} {
		m := newGPT(t, 512)
		m[at] ^= 0xFF
		got, err := part.Read(m, int64(len(m)), 512)
		if err != nil || !got.FromBackup || !reflect.DeepEqual(got.Partitions, three()) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		m[len(m)-500]++
		if _, err := part.Read(m, int64(len(m)), 512); !errors.Is(err, part.ErrCorrupt) {
			t.Errorf("%s: with both damaged: %v", name, err)
		}
	}
}

func TestMBRReadsBack(t *testing.T) {
	m := newMBR(t)
	got, err := part.Read(m, int64(len(m)), 512)
	if err != nil {
		t.Fatal(err)
	}
	want := []part.Partition{
		{Index: 1, Start: mib, Size: mib, Type: "0x07", Active: true},
		{Index: 2, Start: 2 * mib, Size: mib, Type: "0x0C"},
		{Index: 5, Start: 4*mib + 63*512, Size: 1000 * 512, Type: "0x06"},
		{Index: 6, Start: 7 * mib, Size: 10 * 512, Type: "0x06"},
	}
	if got.Scheme != part.MBR || got.ID != "12345678" || !reflect.DeepEqual(got.Partitions, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestDisksWithoutTable(t *testing.T) {
	boot := func(change func(b []byte)) memory {
		b := make(memory, mib)
		b[510], b[511] = 0x55, 0xAA
		copy(b[446:], "\x80\x20\x21\x00\x07\xFE\xFF\xFF\x00\x08\x00\x00\x00\x08\x00\x00") // passes for an entry
		change(b)
		return b
	}
	for name, m := range map[string]memory{
		"zeroes":    make(memory, mib),
		"short":     make(memory, 100),
		"empty":     {},
		"text":      memory(strings.Repeat("no disk at all\n", 1000)),
		"NTFS":      boot(func(b []byte) { copy(b, "\xEB\x52\x90NTFS    ") }),
		"exFAT":     boot(func(b []byte) { copy(b, "\xEB\x76\x90EXFAT   ") }),
		"BitLocker": boot(func(b []byte) { copy(b, "\xEB\x58\x90-FVE-FS-") }),
		"FAT":       boot(func(b []byte) { copy(b, "\xEB\x3C\x90mkfs.fat\x00\x02\x04\x01\x00\x02\x00\x02\x00\x20\xF8") }),
		"bad flag":  boot(func(b []byte) { b[446] = 0x33 }),
	} {
		got, err := part.Read(m, int64(len(m)), 512)
		if err != nil || got.Scheme != part.None || len(got.Partitions) != 0 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	// The same sector with a boot manager's code is a table.
	m := boot(func(b []byte) { copy(b, "\xEB\x63\x90GRUB") })
	m = append(m, make(memory, 3*mib)...)
	if got, err := part.Read(m, int64(len(m)), 512); err != nil || len(got.Partitions) != 1 {
		t.Errorf("boot manager: %+v, %v", got, err)
	}
}

func TestDamageIsNamed(t *testing.T) {
	le := binary.LittleEndian
	// resum renews the CRCs of the primary table and takes away the backup.
	resum := func(m memory) {
		count := int(min(le.Uint32(m[512+80:]), 128))
		le.PutUint32(m[512+88:], crc32.ChecksumIEEE(m[1024:1024+128*count]))
		clear(m[512+16 : 512+20])
		le.PutUint32(m[512+16:], crc32.ChecksumIEEE(m[512:512+92]))
		clear(m[len(m)-512:])
	}
	gpt := func(change func(m memory)) memory {
		m := newGPT(t, 512)
		change(m)
		resum(m)
		return m
	}
	mbr := func(change func(m memory)) memory {
		m := newMBR(t)
		change(m)
		return m
	}
	for name, c := range map[string]struct {
		m         memory
		kind      error
		structure string
	}{
		"signature":     {gpt(func(m memory) { m[512] = 0 }), part.ErrCorrupt, "header signature"},
		"header size":   {gpt(func(m memory) { le.PutUint32(m[524:], 9999) }), part.ErrCorrupt, "header size"},
		"own sector":    {gpt(func(m memory) { m[536] = 2 }), part.ErrCorrupt, "header MyLBA"},
		"entry size":    {gpt(func(m memory) { m[512+84] = 127 }), part.ErrUnsupported, "header entries"},
		"many entries":  {gpt(func(m memory) { le.PutUint32(m[512+80:], 1<<30) }), part.ErrUnsupported, "header entries"},
		"entries far":   {gpt(func(m memory) { le.PutUint64(m[512+72:], 1<<63) }), part.ErrTruncated, "header first entry"},
		"ends first":    {gpt(func(m memory) { le.PutUint64(m[1024+40:], 1) }), part.ErrCorrupt, "entry"},
		"ends nowhere":  {gpt(func(m memory) { le.PutUint64(m[1024+40:], 1<<64-1) }), part.ErrCorrupt, "entry"},
		"beyond disk":   {gpt(func(m memory) { le.PutUint64(m[1024+40:], 1<<40) }), part.ErrTruncated, "entry of partition 1"},
		"at sector 0":   {gpt(func(m memory) { clear(m[1024+32 : 1024+40]) }), part.ErrTruncated, "entry of partition 1"},
		"MBR beyond":    {mbr(func(m memory) { m[461] = 1 }), part.ErrTruncated, "entry of partition 1"},
		"chain circle":  {mbr(func(m memory) { clear(m[6*mib+446 : 6*mib+510]); copy(m[6*mib+462:], m[4*mib+462:4*mib+478]) }), part.ErrCorrupt, "extended boot record"},
		"chain away":    {mbr(func(m memory) { m[4*mib+473] = 0x7F }), part.ErrTruncated, "extended boot record"},
		"chain no mark": {mbr(func(m memory) { m[6*mib+510] = 0 }), part.ErrCorrupt, "extended boot record"},
		"logical far":   {mbr(func(m memory) { m[6*mib+457] = 1 }), part.ErrTruncated, "entry of partition 6"},
	} {
		_, err := part.Read(c.m, int64(len(c.m)), 512)
		var e *part.Error
		if !errors.As(err, &e) || !errors.Is(err, c.kind) || e.Structure != c.structure {
			t.Errorf("%s: %v, want %v of %q", name, err, c.kind, c.structure)
		}
	}
	m := newGPT(t, 512)
	if _, err := part.Read(m, int64(len(m)), 520); !errors.Is(err, part.ErrUnsupported) {
		t.Errorf("sectors of 520 bytes: %v", err)
	}
}

func TestTruncatedDiskSaysSo(t *testing.T) {
	m := newGPT(t, 512)
	_, err := part.Read(m, 3*mib, 512)
	if !errors.Is(err, part.ErrTruncated) || !strings.Contains(err.Error(), fmt.Sprintf("(%d bytes)", 3*mib)) {
		t.Errorf("got %v", err)
	}
}

func TestWritersRefuse(t *testing.T) {
	basic := part.Partition{Start: mib, Size: mib, Type: part.TypeBasicData}
	with := func(change func(p *part.Partition)) []part.Partition {
		p := basic
		change(&p)
		return []part.Partition{p}
	}
	for name, l := range map[string]part.Layout{
		"tiny disk":   {Size: mib},
		"sector":      {Size: 8 * mib, SectorSize: 1024},
		"overlap":     {Size: 8 * mib, Partitions: []part.Partition{basic, basic}},
		"front":       {Size: 8 * mib, Partitions: with(func(p *part.Partition) { p.Start = 512 })},
		"back":        {Size: 8 * mib, Partitions: with(func(p *part.Partition) { p.Size = 7 * mib })},
		"empty":       {Size: 8 * mib, Partitions: with(func(p *part.Partition) { p.Size = 0 })},
		"askew":       {Size: 8 * mib, Partitions: with(func(p *part.Partition) { p.Start++ })},
		"type":        {Size: 8 * mib, Partitions: with(func(p *part.Partition) { p.Type = "0xZZ" })},
		"index":       {Size: 8 * mib, Partitions: with(func(p *part.Partition) { p.Index, p.Type = 129, "0x107" })},
		"long name":   {Size: 8 * mib, Partitions: with(func(p *part.Partition) { p.Name, p.Type = strings.Repeat("x", 37), "x" })},
		"far too big": {Size: 1 << 62, Partitions: with(func(p *part.Partition) { p.Size, p.Type = 1<<61, "0x0123" })},
	} {
		m := make(memory, 8*mib)
		if err := part.WriteGPT(m, l); err == nil {
			t.Errorf("GPT, %s: no error", name)
		}
		if err := part.WriteMBR(m, l); err == nil {
			t.Errorf("MBR, %s: no error", name)
		}
	}
	if start, size := part.OnePartition(10*mib + 512); start != mib || size != 8*mib {
		t.Errorf("one partition is %d at %d", size, start)
	}
}

// TestSfdiskAgrees has util-linux read the tables written here.
func TestSfdiskAgrees(t *testing.T) {
	tool, err := exec.LookPath("sfdisk")
	if err != nil {
		t.Skip("skipped: sfdisk is missing")
	}
	for name, m := range map[string]memory{"gpt": newGPT(t, 512), "dos": newMBR(t)} {
		img := filepath.Join(t.TempDir(), "disk")
		if err := os.WriteFile(img, m, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(tool, "--json", img).Output()
		var got struct {
			Table struct {
				Label      string `json:"label"`
				Partitions []struct {
					Start, Size int64
					Name        string
				} `json:"partitions"`
			} `json:"partitiontable"`
		}
		if err == nil {
			err = json.Unmarshal(out, &got)
		}
		if err != nil || got.Table.Label != name {
			t.Fatalf("%v: %s", err, out)
		}
		found := map[string]bool{}
		for _, p := range got.Table.Partitions {
			found[fmt.Sprint(p.Start*512, p.Size*512, p.Name)] = true
		}
		want, err := part.Read(m, int64(len(m)), 512)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range want.Partitions {
			if !found[fmt.Sprint(p.Start, p.Size, p.Name)] {
				t.Errorf("%s: partition %+v is not in %s", name, p, out)
			}
		}
		if out, err := exec.Command(tool, "--verify", img).CombinedOutput(); err != nil || bytes.Contains(out, []byte("orrupt")) {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}

func TestMutationsNeitherPanicNorHang(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, clean := range []memory{newGPT(t, 512), newMBR(t)} {
		areas := []int{440, 512, 1024, 4*mib + 440, 6*mib + 440, len(clean) - 512}
		m := bytes.Clone(clean)
		for range 5000 {
			for range 1 + r.IntN(4) {
				m[areas[r.IntN(len(areas))]+r.IntN(72)] = byte(r.UintN(256))
			}
			clear(m[512+16 : 512+20])
			binary.LittleEndian.PutUint32(m[512+16:], crc32.ChecksumIEEE(m[512:512+92]))
			if got, err := part.Read(memory(m), int64(len(m)), 512); err == nil {
				for _, p := range got.Partitions {
					if p.Start < 0 || p.Size < 0 || p.Start+p.Size > int64(len(m)) {
						t.Fatalf("partition outside the disk: %+v", p)
					}
				}
			}
			for _, at := range areas {
				copy(m[at:at+72], clean[at:at+72])
			}
		}
	}
}

// FuzzRead puts the input at the front of a disk of 64 KiB and at its end.
func FuzzRead(f *testing.F) {
	f.Add([]byte(newGPT(f, 512)[:2048]), uint16(512))
	f.Add([]byte(newMBR(f)[:512]), uint16(512))
	f.Fuzz(func(t *testing.T, in []byte, sector uint16) {
		m := make(memory, 64<<10)
		copy(m, in)
		copy(m[len(m)-512:], in[min(len(in), 512):])
		got, err := part.Read(m, int64(len(m)), int(sector))
		if err != nil {
			if e := (*part.Error)(nil); !errors.As(err, &e) {
				t.Errorf("%v is no *Error", err)
			}
			return
		}
		for _, p := range got.Partitions {
			if _, err := m.ReadAt(make([]byte, min(p.Size, 512)), p.Start); err != nil && !errors.Is(err, io.EOF) {
				t.Errorf("partition %+v cannot be read: %v", p, err)
			}
		}
	})
}
