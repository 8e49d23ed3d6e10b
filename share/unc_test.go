package share

import (
	"testing"

	"berth"
)

func TestParseUNC(t *testing.T) {
	for in, want := range map[string]string{
		`\\fs\images\a.vhdx`:             `\\fs\images\a.vhdx`,
		`\\fs\images\sub\a b.vhdx`:       `\\fs\images\sub\a b.vhdx`,
		`//fs/images/sub/a.vhdx`:         `\\fs\images\sub\a.vhdx`,
		`\\fs/images\sub/a.vhdx`:         `\\fs\images\sub\a.vhdx`,
		`\\fs\images`:                    `\\fs\images`,
		`\\fs\images\`:                   `\\fs\images`,
		`\\fs\images\\sub\\\a.vhdx\`:     `\\fs\images\sub\a.vhdx`,
		`\\10.0.0.1\images$\a.vhdx`:      `\\10.0.0.1\images$\a.vhdx`,
		`\\fe80--1.ipv6-literal.net\i\a`: `\\fe80--1.ipv6-literal.net\i\a`,
		`\\?\UNC\fs\images\a.vhdx`:       `\\fs\images\a.vhdx`,
		`\\?\unc\fs\images\a.vhdx`:       `\\fs\images\a.vhdx`,
		`\\fs\images\Ünïcode.vhdx`:       `\\fs\images\Ünïcode.vhdx`,
		``:                               "",
		`\`:                              "",
		`\\`:                             "",
		`\\fs`:                           "",
		`\\fs\`:                          "",
		`\\\images\a.vhdx`:               "",
		`\\fs\\a.vhdx`:                   "",
		`\fs\images\a.vhdx`:              "",
		`/fs/images/a.vhdx`:              "",
		`C:\images\a.vhdx`:               "",
		`\\?\C:\images\a.vhdx`:           "",
		`\\.\PhysicalDrive0`:             "",
		`\\.\pipe\x`:                     "",
		`\\?\UNC\`:                       "",
		`\\?\UNC\fs`:                     "",
		`images\a.vhdx`:                  "",
	} {
		u, ok := parseUNC(in)
		if ok != (want != "") || ok && u.String() != want {
			t.Errorf("%s: %q, %v; want %q", in, u, ok, want)
		}
	}
}

func TestAllowsUNC(t *testing.T) {
	o := newOpener(t, Options{Roots: []string{`\\s\share`, `//S2/deep/folder/`}})
	for path, want := range map[string]bool{
		`\\s\share\a`:             true,
		`\\S\SHARE\sub\a`:         true,
		`//s/share/a`:             true,
		`\\?\UNC\s\share\a`:       true,
		`\\s\share\\a`:            true,
		`\\s\share`:               true, // it is refused later, as no file
		`\\s\share\a..b\c`:        true,
		`\\s2\deep\Folder\a`:      true,
		`\\s\share2\a`:            false,
		`\\s\shar\a`:              false,
		`\\s2\share\a`:            false,
		`\\ss\share\a`:            false,
		`\\s2\deep\folder2\a`:     false,
		`\\s2\deep\a`:             false,
		`\\s2\deep\folder\..\a`:   false,
		`\\s\share\..\next\a`:     false,
		`\\s\share\sub\..\..\a`:   false,
		`\\s\share\.\a`:           false,
		`//s/share/../other/a`:    false,
		`\\s\next\..\share\a`:     false,
		`\\s.example.com\share\a`: false,
	} {
		u, ok := parseUNC(path)
		if !ok || o.allowsUNC(u) != want {
			t.Errorf("%s: %v, want %v", path, !want, want)
		}
	}
}

// TestStatuses holds every status that stands for an errno to one that the rules know.
func TestStatuses(t *testing.T) {
	generic := berth.Explain(berth.Failure{})
	for n, s := range statuses {
		if s.name == "" || s.words == "" {
			t.Errorf("0x%08X has no name or no words", n)
		}
		if got := berth.Explain(berth.Failure{Code: statusCode(n)}); got == generic && s.errno != "" && s.errno != "EISDIR" && s.errno != "ENOBUFS" {
			t.Errorf("%s: the rules do not know %s", s.name, statusCode(n))
		}
	}
	if got := statusCode(0xC0001234); got != "0xC0001234" {
		t.Errorf("an unknown status is %s", got)
	}
}

func FuzzParseUNC(f *testing.F) {
	f.Add(`\\s\share\a`)
	f.Add(`//s/share/../a`)
	f.Add(`\\?\UNC\s\share\\`)
	f.Fuzz(func(t *testing.T, path string) {
		u, ok := parseUNC(path)
		if !ok {
			return
		}
		if again, ok := parseUNC(u.String()); !ok || again != u {
			t.Errorf("%q gives %#v, which reads as %#v, %v", path, u, again, ok)
		}
		o := &Opener{unc: []uncPath{{server: "s", share: "share"}}}
		if o.allowsUNC(u) && (berth.Fold(u.server) != berth.Fold("s") || berth.Fold(u.share) != berth.Fold("share")) {
			t.Errorf("%q is allowed", path)
		}
	})
}
