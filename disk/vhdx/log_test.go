package vhdx_test

import (
	"bytes"
	"io"
	"testing"

	"berth/disk/vhdx"
)

// TestDirtyLogIsReplayed reads QEMU's image of a crash: its BAT and its blocks
// are right only with the log replayed.
func TestDirtyLogIsReplayed(t *testing.T) {
	b := sample(t, "qemu_qemu-iotests/iotest-dirtylog-10G-4M.vhdx.gz")
	before := bytes.Clone(b)
	d, err := vhdx.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if !d.Replayed() || d.Size() != 10<<30 {
		t.Errorf("replayed %v, size %d; want true, 10 GiB", d.Replayed(), d.Size())
	}
	const written = 18 << 20
	p := make([]byte, written+1<<20)
	if _, err := io.ReadFull(io.NewSectionReader(d, 0, d.Size()), p); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(p[:written], []byte{0xA5}); n != written {
		t.Errorf("%d of the first 18 MiB are 0xA5", n)
	}
	if n := bytes.Count(p[written:], []byte{0}); n != len(p)-written {
		t.Errorf("bytes other than zero behind the written ones")
	}
	if !bytes.Equal(b, before) {
		t.Error("the file was changed")
	}
}
