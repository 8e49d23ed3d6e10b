package cache

import (
	"bytes"
	"os"
	"testing"
)

// FuzzJournal reads what anybody may have written: no crash, nothing beyond the bound, and what is read is what a reader
// of the same bytes, cut to what was whole, reads too.
func FuzzJournal(f *testing.F) {
	id := [16]byte{1, 2, 3}
	doc := document{Chunk: 4096, Files: []file{{Size: 100_000}, {Size: 1}}}
	head := append([]byte(journalMagic), id[:]...)
	one := appendRecord(bytes.Clone(head), place{0, 3}, digest{9})
	two := appendRecord(bytes.Clone(one), place{1, 0}, digest{8})
	for _, seed := range [][]byte{nil, head, one, two, two[:len(two)-1], append(bytes.Clone(one), two...), appendRecord(bytes.Clone(two), place{7, 7}, digest{})} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		have, whole, err := readJournal(bytes.NewReader(b), id, doc.valid, 100)
		if err != nil {
			return
		}
		if whole > int64(len(b)) || (whole-journalHeader)%journalRecord != 0 || int64(len(have)) > (whole-journalHeader)/journalRecord || len(have) > 100 {
			t.Fatalf("%d records, %d whole bytes of %d", len(have), whole, len(b))
		}
		again, same, err := readJournal(bytes.NewReader(b[:whole]), id, doc.valid, 100)
		if err != nil || same != whole || len(again) != len(have) {
			t.Fatalf("read again: %d records, %d bytes, %v", len(again), same, err)
		}
		for at := range have {
			if !doc.valid(at) {
				t.Fatalf("%v is no chunk", at)
			}
		}
	})
}

func TestJournal(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	id, valid := [16]byte{7}, func(place) bool { return true }
	j, have, err := openJournal(root, id, valid, 100)
	if err != nil || len(have) != 0 {
		t.Fatalf("%v, %v", have, err)
	}
	if err := j.add(appendRecord(appendRecord(nil, place{0, 1}, digest{1}), place{0, 1}, digest{2})); err != nil {
		t.Fatal(err)
	}
	if _, err := j.file.WriteAt([]byte("torn"), j.end); err != nil {
		t.Fatal(err)
	}
	if err := j.file.Close(); err != nil {
		t.Fatal(err)
	}
	j, have, err = openJournal(root, id, valid, 100)
	if err != nil || len(have) != 1 || have[place{0, 1}] != (digest{2}) {
		t.Fatalf("%v, %v: want the later record alone", have, err)
	}
	if info, err := j.file.Stat(); err != nil || info.Size() != journalHeader+2*journalRecord {
		t.Errorf("what was torn was not cut: %v, %v", info.Size(), err)
	}
	if err := j.file.Close(); err != nil {
		t.Fatal(err)
	}
	j, have, err = openJournal(root, [16]byte{8}, valid, 100)
	if err != nil || len(have) != 0 {
		t.Errorf("another copy's journal was read: %v, %v", have, err)
	}
	if err := j.file.Close(); err != nil {
		t.Fatal(err)
	}
}
