package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"berth/disk/fat"
)

// damaged makes a volume with the files good/x and zoo, and a folder bad whose first cluster is outside of the volume.
func damaged(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "volume.raw")
	f, err := os.Create(name)
	check(t, err)
	tree := fstest.MapFS{"bad/lost": {Data: []byte("lost")}, "good/x": {Data: []byte("x")}, "zoo": {Data: []byte("zoo")}}
	size, err := fat.SizeFor(tree)
	check(t, err)
	check(t, fat.Format(f, size, fat.Options{}, tree))
	check(t, f.Truncate(size))
	check(t, f.Close())
	b, err := os.ReadFile(name)
	check(t, err)
	at := bytes.Index(b, []byte("BAD        ")) // DIR_Name
	if at < 0 {
		t.Fatal("the folder is not there")
	}
	copy(b[at+20:], []byte{0xFF, 0x0F}) // DIR_FstClusHI
	check(t, os.WriteFile(name, b, 0o600))
	return name
}

// TestListPastDamage: one folder that cannot be read hides nothing else.
func TestListPastDamage(t *testing.T) {
	image := damaged(t)
	for _, verb := range [][]string{{"ls", "-R", "-o", "name"}, {"hash"}} {
		code, out, errs := call{}.run(append([]string{"image", verb[0], image}, verb[1:]...)...)
		if code != 6 || !strings.Contains(out, "good/x\n") || !strings.Contains(out, "zoo\n") || strings.Contains(out, "lost") {
			t.Errorf("%s: exit code %d, printed %s", verb, code, out)
		}
		if !strings.Contains(errs, "bad: ") || !strings.Contains(errs, "could not be read: 1") {
			t.Errorf("%s: said %s", verb, errs)
		}
	}
	if code, out, errs := (call{}).run("image", "ls", image, "bad"); code != 1 || out != "" {
		t.Errorf("the folder itself: exit code %d, printed %q, said %s", code, out, errs)
	}
}
