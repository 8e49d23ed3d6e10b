package agent

import (
	"bytes"
	"runtime"
	"testing"
)

func TestSeal(t *testing.T) {
	key := []byte{0x30, 3, 2, 1, 5}
	sealed, err := seal(key)
	if err != nil {
		t.Fatal(err)
	}
	if same := bytes.Contains(sealed, key); same != (runtime.GOOS != "windows") {
		t.Errorf("the key stands in the file: %t", same)
	}
	for name, given := range map[string][]byte{"sealed": sealed, "from before": key} {
		if got, err := unseal(given); err != nil || !bytes.Equal(got, key) {
			t.Errorf("%s: %x, %v", name, got, err)
		}
	}
	if runtime.GOOS == "windows" {
		sealed[len(sealed)-1] ^= 1
		if _, err := unseal(sealed); err == nil {
			t.Error("a damaged key was decrypted")
		}
	}
}
