package fat

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
	"testing/fstest"
)

// TestBootSector spoils one field at a time.
func TestBootSector(t *testing.T) {
	good := makeVolume(t, fstest.MapFS{"a": {Data: []byte("x")}}, testOptions)
	u16, u32 := binary.LittleEndian.PutUint16, binary.LittleEndian.PutUint32
	for name, c := range map[string]struct {
		change   func(b []byte)
		detected bool
		want     error
	}{
		"signature":             {func(b []byte) { b[510] = 0 }, false, ErrCorrupt},
		"jump":                  {func(b []byte) { b[0] = 0 }, false, ErrCorrupt},
		"sector of 0":           {func(b []byte) { u16(b[11:], 0) }, false, ErrCorrupt},
		"sector of 513":         {func(b []byte) { u16(b[11:], 513) }, false, ErrCorrupt},
		"sector of 8192":        {func(b []byte) { u16(b[11:], 8192) }, false, ErrCorrupt},
		"cluster of 0":          {func(b []byte) { b[13] = 0 }, false, ErrCorrupt},
		"cluster of 3":          {func(b []byte) { b[13] = 3 }, false, ErrCorrupt},
		"no reserved sectors":   {func(b []byte) { u16(b[14:], 0) }, false, ErrCorrupt},
		"no FAT":                {func(b []byte) { b[16] = 0 }, false, ErrCorrupt},
		"17 FATs":               {func(b []byte) { b[16] = 17 }, false, ErrCorrupt},
		"media":                 {func(b []byte) { b[21] = 0 }, false, ErrCorrupt},
		"no sectors":            {func(b []byte) { u32(b[32:], 0) }, true, ErrCorrupt},
		"too many sectors":      {func(b []byte) { u32(b[32:], 1<<31) }, true, ErrCorrupt},
		"only reserved sectors": {func(b []byte) { u32(b[32:], 40) }, true, ErrCorrupt},
		"short FAT":             {func(b []byte) { u32(b[36:], 10) }, true, ErrCorrupt},
		"huge FAT":              {func(b []byte) { u32(b[36:], 1<<32-1) }, true, ErrCorrupt},
		"root in no cluster":    {func(b []byte) { u32(b[44:], 1) }, true, ErrCorrupt},
		"root past the end":     {func(b []byte) { u32(b[44:], 1<<27) }, true, ErrCorrupt},
		"active FAT missing":    {func(b []byte) { u16(b[40:], 0x82) }, true, ErrCorrupt},
		"many clusters for 16":  {func(b []byte) { u16(b[22:], 600) }, true, ErrCorrupt},
		"newer version":         {func(b []byte) { u16(b[42:], 0x0100) }, true, ErrUnsupported},
		"BitLocker":             {func(b []byte) { copy(b[3:], "-FVE-FS-") }, false, ErrUnsupported},
		"NTFS":                  {func(b []byte) { copy(b[3:], "NTFS    ") }, false, ErrCorrupt},
	} {
		b := bytes.Clone(good)
		c.change(b)
		if Detect(b) != c.detected {
			t.Errorf("%s: detected %v", name, !c.detected)
		}
		var own *Error
		if _, err := Open(bytes.NewReader(b), int64(len(b))); !errors.Is(err, c.want) || !errors.As(err, &own) || own.Format != "fat" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if Detect(good[:511]) {
		t.Error("511 bytes are enough")
	}
}

// TestActiveFAT uses the second FAT alone, as BPB_ExtFlags can say, with the first one spoiled.
func TestActiveFAT(t *testing.T) {
	b := makeVolume(t, fstest.MapFS{"a": {Data: []byte("x")}}, testOptions)
	g, err := parseBoot(b, int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	clear(b[g.table:][:g.tableLen])
	if _, err := Open(bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrCorrupt) {
		t.Errorf("first FAT: %v", err)
	}
	b[40] = 0x81
	checkFile(t, openBytes(t, b), "a", []byte("x"))
}
