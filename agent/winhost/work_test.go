package winhost

import (
	"strings"
	"testing"
)

func TestReadWork(t *testing.T) {
	w, err := readWork([]byte(`{"do":"register","package":"` + notes + `"}`))
	if err != nil || w.Do != WorkRegister || w.Package != notes {
		t.Errorf("%+v, %v", w, err)
	}
	for _, bad := range []string{"", "{", `{"do":"destage","package":"` + notes + `"}`, `{"do":"register","package":"..\\x"}`, `{"do":"hold","held":["..\\x"]}`} {
		if _, err := readWork([]byte(bad)); err == nil {
			t.Errorf("%q was taken for work", bad)
		}
	}
}

func TestReadDone(t *testing.T) {
	d, err := readDone([]byte(`{"code":"0x80073CF3","text":"no framework"}`))
	if err != nil || d.Code != "0x80073CF3" || d.Text != "no framework" {
		t.Errorf("%+v, %v", d, err)
	}
	for _, bad := range []string{"", "x", `{"ends":true,"left":["..\\x"]}`, strings.Repeat("x", mostWork+1)} {
		if _, err := readDone([]byte(bad)); err == nil {
			t.Errorf("an answer of %d bytes was read", len(bad))
		}
	}
}

func FuzzReadDone(f *testing.F) {
	f.Add([]byte(`{"code":"0x80073CF3","text":"no framework","activity":"{07070707-0707-0707-0707-070707070707}"}`))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = readDone(data) })
}
