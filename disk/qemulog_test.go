package disk_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"berth/disk"
)

// TestLogsOfQEMU has qemu-io die after writing, and takes the image back to where it was before the last updates of its block
// table reached it: they are in the log. The disk reads as it does once QEMU has replayed that.
func TestLogsOfQEMU(t *testing.T) {
	for _, tool := range []string{"qemu-img", "qemu-io"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("skipped: " + tool + " is missing")
		}
	}
	random := rand.New(rand.NewPCG(3, 4))
	for i := range 4 {
		name := filepath.Join(t.TempDir(), "image.vhdx")
		options := fmt.Sprintf("block_size=%dM,log_size=%dM", 1<<i, 1+i)
		if out, err := exec.Command("qemu-img", "create", "-f", "vhdx", "-o", options, name, "24M").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		before := readFile(t, name)
		args := []string{"-f", "vhdx"}
		for n := range 2 + 3*i {
			args = append(args, "-c", fmt.Sprintf("write -P %d %d %d", 1+n, random.IntN(40_000)*512, (1+random.IntN(4000))*512))
		}
		_ = exec.Command("qemu-io", append(args, "-c", "abort", name)...).Run() // it dies, as it is told to
		b := unapplied(t, before, readFile(t, name))
		img, err := disk.Open(bytes.NewReader(b), int64(len(b)), name, disk.Options{})
		if err != nil {
			t.Fatalf("%s, %v: %v", options, args, err)
		}
		if !strings.Contains(strings.Join(img.Notes, " "), "replayed") {
			t.Errorf("%s: nothing was replayed: %v", options, img.Notes)
		}
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("qemu-img", "check", "-r", "all", name).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		equalsQEMU(t, img, readFile(t, name))
	}
}

// unapplied gives the headers of an image the log that lies in it, and the block table that it had before.
func unapplied(t *testing.T, before, after []byte) []byte {
	t.Helper()
	const header1, header2, regions, log = 64 << 10, 128 << 10, 192 << 10, 1 << 20
	le := binary.LittleEndian
	if string(after[log:log+4]) != "loge" {
		t.Fatal("qemu-io left no log")
	}
	for _, at := range []int{header1, header2} {
		header := after[at : at+4096]
		copy(header[48:64], after[log+32:]) // LogGuid, of the log's first entry
		le.PutUint32(header[4:], 0)
		le.PutUint32(header[4:], crc32.Checksum(header, crc32.MakeTable(crc32.Castagnoli)))
	}
	for i := range int(le.Uint32(after[regions+8:])) {
		entry := after[regions+16+32*i:]
		if le.Uint32(entry) != 0x2DC27766 { // the GUID of the BAT
			continue
		}
		from, length := le.Uint64(entry[16:]), uint64(le.Uint32(entry[24:]))
		if bytes.Equal(after[from:from+length], before[from:from+length]) {
			t.Fatal("qemu-io allocated nothing")
		}
		copy(after[from:from+length], before[from:])
	}
	return after
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
