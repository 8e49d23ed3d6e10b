//go:build linux

package winelab

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"berth/agent/winhost"
)

// selftest runs `berth agent selftest` and returns its report.
func (b *bench) selftest(args ...string) (r struct {
	OK      bool
	Package string
	Address string
	Phases  []struct{ Phase, Result, Detail, Code, Symbol, Remedy string }
}, err error) {
	b.t.Helper()
	out, err := b.run(b.t.Context(), append([]string{b.exe, "agent", "selftest"}, args...)...)
	begin, end := strings.Index(out, "{\n"), strings.LastIndex(out, "\n}")
	if begin < 0 || end < begin {
		b.t.Fatalf("no report: %v: %s", err, out)
	}
	b.must(json.Unmarshal([]byte(out[begin:end+2]), &r))
	return r, err
}

// TestSelfTest walks through all phases with an image of each kind, and leaves nothing.
func TestSelfTest(t *testing.T) {
	b := newBench(t)
	s := b.newSigner()
	one, vhdx := s.image("1.0.0.0", "notes-1.vhdx")
	b.signIn(1, users[0])
	for kind, image := range map[string]string{"vhdx": vhdx, "cim": b.cim(vhdx)} {
		t.Run(kind, func(t *testing.T) {
			r, err := b.selftest("--image", image, "--trust", s.file)
			for _, p := range r.Phases {
				// Wine calls itself a Windows that is too old for staging in place, and the test says so.
				if (p.Result == "pass") == (p.Phase == "policies") {
					t.Errorf("%s: %+v", p.Phase, p)
				}
			}
			if r.OK || err == nil {
				t.Error("a report with a failure ended well")
			}
			if len(r.Phases) != 15 || r.Package != one || !strings.HasPrefix(r.Address, "file:///Volume%7B") {
				t.Errorf("%+v", r)
			}
			b.awaitState("")
			if b.trusts(s.thumbprint) {
				t.Error("the certificate stays")
			}
		})
	}
	b.inject("stage", "0x80073CFF")
	r, err := b.selftest("--image", vhdx, "--trust", s.file)
	if err == nil || r.OK {
		t.Errorf("%+v, %v", r, err)
	}
	for _, p := range r.Phases {
		if p.Phase == "stage" && (p.Result != "fail" || p.Code != "0x80073CFF" || p.Symbol != "ERROR_INSTALL_POLICY_FAILURE" || p.Remedy == "") {
			t.Errorf("%+v", p)
		}
	}
	b.awaitState("")
	b.sound()
}

// cim makes what stands for a CIM image: the three files that it consists of. What is in them nobody reads: the fake
// Windows has the content of another image for it.
func (b *bench) cim(content string) (path string) {
	b.t.Helper()
	path = filepath.Join(b.dir, "images", "cim", "notes.cim")
	b.must(os.MkdirAll(filepath.Dir(path), 0o755))
	changed := time.Now().Truncate(time.Second)
	for _, name := range []string{"notes.cim", "objectid_0", "region_0"} {
		file := filepath.Join(filepath.Dir(path), name)
		b.must(os.WriteFile(file, []byte("CimFS"), 0o644))
		b.must(os.Chtimes(file, changed, changed))
	}
	onWindows := strings.ReplaceAll(path, "/", `\`)
	b.knows(content, winhost.CIMVolume(path, changed), onWindows)
	return path
}
