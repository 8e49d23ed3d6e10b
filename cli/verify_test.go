package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestVerifySamples holds the exit code and the words of `image verify --allow-untrusted` against what is known of the
// samples: sound ones end with 0, all others with 1, the file and the reason.
func TestVerifySamples(t *testing.T) {
	known := map[string]struct {
		code  int
		words []string // all of these are in the message
		flags []string
	}{
		"coffee-gpt-dyn.vhd.gz":         {},
		"coffee-gpt-dyn.vhdx.gz":        {},
		"coffee-gpt-fix.vhdx.gz":        {},
		"coffee-mbr-fat32.vhd.gz":       {},
		"coffee-nopt-root.vhd.gz":       {},
		"missing-file.vhdx.gz":          {1, []string{"CentennialCoffee_1.1.0.0", "centennialCup.exe", "missing"}, nil},
		"tampered-blockmap.vhdx.gz":     {1, []string{"AppxBlockMap.xml", "not the one that was signed"}, nil},
		"tampered-payload-byte.vhdx.gz": {1, []string{"ccoffee.exe", "block at byte 0"}, []string{"--allow-unsigned"}},
		"truncated.vhdx.gz":             {1, []string{"truncated.vhdx", "is truncated"}, nil},
		"unsigned.vhdx.gz":              {1, []string{"CentennialCoffee_1.1.0.0", "not signed"}, nil},
		// Of five packages one is unsigned, and it alone is to blame.
		"multi-gpt-dyn.vhdx.gz": {1, []string{"20477fca-282d-49fb-b03e-371dca074f0f_1.0.0.0_x86__8wekyb3d8bbwe: the package is not signed"}, nil},
	}
	for name := range imageFacts(t) {
		t.Run(name, func(t *testing.T) {
			want, ok := known[name]
			if !ok {
				t.Fatal("a sample that this test does not know")
			}
			file := sampleFile(t, "generated-appattach/"+name)
			code, out, errs := call{}.run(append([]string{"image", "verify", "--allow-untrusted", "-o", "json", file}, want.flags...)...)
			equal(t, "exit code", code, want.code)
			if code == 0 {
				equal(t, "standard error", errs, "")
				var v struct{ OK, Trusted bool }
				check(t, json.Unmarshal([]byte(out), &v))
				equal(t, "ok", v.OK, true)
				equal(t, "trusted", v.Trusted, false)
				return
			}
			var f struct {
				Error    struct{ Kind, Message, Remedy string }
				ExitCode int
			}
			check(t, json.Unmarshal([]byte(errs), &f))
			equal(t, "exitCode", f.ExitCode, code)
			for _, w := range want.words {
				if !strings.Contains(f.Error.Message, w) {
					t.Errorf("message %q does not say %q", f.Error.Message, w)
				}
			}
			if f.Error.Remedy == "" {
				t.Error("the error does not say what to do")
			}
		})
	}
}

// TestVerifyAllowsUnsigned: what may be unsigned must still be whole, and the others must still be signed.
func TestVerifyAllowsUnsigned(t *testing.T) {
	for name, want := range map[string]int{"unsigned.vhdx.gz": 0, "multi-gpt-dyn.vhdx.gz": 0, "missing-file.vhdx.gz": 1} {
		file := sampleFile(t, "generated-appattach/"+name)
		code, _, errs := call{}.run("image", "verify", "--allow-untrusted", "--allow-unsigned", file)
		if code != want {
			t.Errorf("%s: exit code %d, want %d: %s", name, code, want, errs)
		}
	}
	file := sampleFile(t, "generated-appattach/multi-gpt-dyn.vhdx.gz")
	if code, _, errs := (call{}).run("image", "verify", "--allow-unsigned", file); code != 1 || !strings.Contains(errs, "not trusted") {
		t.Errorf("untrusted signers beside an unsigned package: exit code %d: %s", code, errs)
	}
}

// TestSoundIsNotTrusted: without --allow-untrusted a sound image whose signer nobody here trusts is no success.
func TestSoundIsNotTrusted(t *testing.T) {
	file := sampleFile(t, "generated-appattach/coffee-gpt-dyn.vhdx.gz")
	code, _, errs := call{}.run("image", "verify", file)
	if code != 1 || !strings.Contains(errs, "not trusted") || !strings.Contains(errs, "--allow-untrusted") {
		t.Errorf("exit code %d: %s", code, errs)
	}
}
