//go:build linux

package linuxhost

import (
	"syscall"
	"testing"
)

func TestDiskIsObserved(t *testing.T) {
	b := newBench(t)
	h := b.host(AttachExtract)
	seen, err := h.Observe(t.Context())
	b.ok(err)
	if d := seen.Disk; d == nil || d.Path != b.dir || d.Total <= 0 || d.Free < 0 || d.Free > d.Total {
		t.Errorf("disk: %+v", d)
	}
	h.options.Statfs = func(string) (uint64, uint64, error) { return 0, 0, syscall.EIO }
	if seen, err := h.Observe(t.Context()); err != nil || seen.Disk != nil {
		t.Errorf("without an answer: %+v, %v", seen.Disk, err)
	}
}
