//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"berth/bench/document"
)

// TestTreeIsTheSame makes a small tree twice: what is measured must not change from run to run.
func TestTreeIsTheSame(t *testing.T) {
	dir := t.TempDir()
	var sums [3]uint32
	for i, seed := range []uint64{1, 1, 2} {
		at := filepath.Join(dir, string(rune('a'+i)))
		if err := plantTree(at, 120, 14_000_000, seed); err != nil {
			t.Fatal(err)
		}
		files, size, sum, err := treeSum(at)
		if err != nil || files != 120 || size < 12_000_000 || size > 20_000_000 {
			t.Errorf("%d files of %d bytes, %v", files, size, err)
		}
		sums[i] = sum
	}
	if sums[0] != sums[1] || sums[0] == sums[2] {
		t.Errorf("sums %x", sums)
	}
}

func TestMeasure(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := command{argv: []string{"sh", "-c", "cat " + file}}.measure()
	if err != nil || s.wall <= 0 || s.peak <= 0 {
		t.Fatalf("%+v, %v", s, err)
	}
	if _, err := os.Stat("/proc/self/io"); err == nil && s.read < 3<<20 {
		t.Errorf("%d bytes read of a file of 3 MiB", s.read)
	}
	if _, err := timed([]string{"sh", "-c", "echo no >&2; exit 3"}); err == nil || !strings.Contains(err.Error(), "no") {
		t.Errorf("a program that fails: %v", err)
	}
}

func TestTable(t *testing.T) {
	o := outcome{pair: pair{what: "w", peer: "p", goal: 2}, our: sample{10 * time.Millisecond, 1 << 20, 2 << 20}, their: sample{15 * time.Millisecond, 0, 0}, ratio: 1.5}
	doc := filepath.Join(t.TempDir(), "doc.md")
	if err := document.ReplaceTable(doc, tableName, ""); err == nil {
		t.Error("no document")
	}
	for _, old := range []string{"", "old\n"} {
		if err := os.WriteFile(doc, []byte("a\n"+document.Begin(tableName)+"\n"+old+document.End(tableName)+"\nb\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := document.ReplaceTable(doc, tableName, tableOf([]outcome{o})); err != nil {
			t.Fatal(err)
		}
		b, _ := os.ReadFile(doc)
		if s := string(b); strings.Contains(s, "old") || !strings.Contains(s, "| w | p | 2 | **1.50** (missed) | 10.0 ms | 15.0 ms | 1.0 MiB |") || !strings.HasPrefix(s, "a\n") || !strings.HasSuffix(s, "\nb\n") {
			t.Errorf("%s", s)
		}
	}
}
