//go:build linux

package linuxhost

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"berth"
)

var update = flag.Bool("update", false, "write the golden files anew")

// packages for golden files: what is usual, and what somebody might try.
func desktopCases() map[string]berth.PlannedPackage {
	base := berth.PlannedPackage{FullName: appV1, FamilyName: familyOf(appV1), DisplayName: "Contoso"}
	with := func(a ...berth.Application) berth.PlannedPackage {
		p := base
		p.Applications = a
		return p
	}
	return map[string]berth.PlannedPackage{
		"plain": with(berth.Application{ID: "App", DisplayName: "The App", Description: "Does things.", Executable: `VFS\ProgramFilesX64\App\app.exe`},
			berth.Application{ID: "Other", Executable: "other.exe"}),
		"reserved": with(berth.Application{ID: "App", DisplayName: `Back\slash`, Executable: "100% \"$HOME\" `id` $(id) 'x' \\ ;&.exe"}),
		"hostile": with(berth.Application{ID: "../../../.bashrc\n", DisplayName: "Name\nExec=rm -rf ~\n[Desktop Action x]\u202egpj.exe",
			Description: "\x00\x1b[2J" + strings.Repeat("long ", 100), Executable: "app.exe"}),
		"opens": with(berth.Application{ID: "App", DisplayName: "Opener", Executable: "app.exe", IconPath: "Assets/Logo 44.png", Hidden: true,
			FileTypes: []string{".TXT", ".contoso", ".con toso", ".a;b", "txt", ".txt"}, Protocols: []string{"Contoso", "http", "x;y", "", "1a"}},
			berth.Application{ID: "Files", DisplayName: "Files", Executable: "files.exe", IconPath: "../../etc/x.png", FileTypes: []string{".contoso"}}),
		"nothing to start": with(berth.Application{ID: "Ext", DisplayName: "Extension"}),
	}
}

// entryHost makes entries as a host does whose machine knows the type of text files.
func entryHost() *Host {
	return &Host{options: Options{StateDir: "/var/lib/berth", Launcher: "wine"}, types: map[string]string{".txt": "text/plain"}}
}

func TestDesktopEntries(t *testing.T) {
	h := entryHost()
	for name, p := range desktopCases() {
		t.Run(name, func(t *testing.T) {
			list, err := h.entries(p, "c2")
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			for _, e := range list {
				got.WriteString("# " + e.file + "\n")
				got.Write(e.content)
				if full, session, ok := parseEntry(e.content); !ok || full != appV1 || session != "c2" {
					t.Errorf("reads back as %q %q %v", full, session, ok)
				}
			}
			golden := filepath.Join("testdata", strings.ReplaceAll(name, " ", "-")+".golden")
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || !bytes.Equal(want, got.Bytes()) {
				t.Errorf("%s: %v\ngot:\n%s\nwant:\n%s", golden, err, got.Bytes(), want)
			}
		})
	}
}

// TestOracle asks the tool of freedesktop.org.
func TestOracle(t *testing.T) {
	tool, err := exec.LookPath("desktop-file-validate")
	if err != nil {
		t.Skip("skipped: desktop-file-validate (package desktop-file-utils) is not installed")
	}
	h := entryHost()
	for name, p := range desktopCases() {
		list, err := h.entries(p, "c2")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			path := filepath.Join(t.TempDir(), e.file)
			if err := os.WriteFile(path, e.content, 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(tool, path).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", name, err, out)
			}
		}
	}
}

func TestProgramsOutside(t *testing.T) {
	h := entryHost()
	for _, exe := range []string{`..\..\bin\sh`, "/bin/sh", `VFS\..\..\x`, "a\nb", "..", "\xff.exe", `\bin\sh`} {
		p := berth.PlannedPackage{FullName: appV1, FamilyName: familyOf(appV1), Applications: []berth.Application{{ID: "A", Executable: exe}}}
		if list, err := h.entries(p, "c2"); err == nil {
			t.Errorf("%q: %s", exe, list[0].content)
		}
	}
}

func TestEntryNames(t *testing.T) {
	seen := map[string]string{}
	for _, id := range []string{"A", "a", "A_", "A/", "A ", "Ä", "Ö", strings.Repeat("x", 90), strings.Repeat("x", 91), strings.Repeat("x", 92), "../A"} {
		name := entryName("F_8wekyb3d8bbwe", id)
		if other, ok := seen[name]; ok {
			t.Errorf("%q and %q are both %s", id, other, name)
		}
		seen[name] = id
		if len(name) > 255 || filepath.Base(name) != name {
			t.Errorf("%q: %s", id, name)
		}
	}
}

// FuzzDesktopEntry writes an entry of anything and reads the file as the specification says: it must have the keys that
// were written, once each, and its Exec must give the words that were meant.
func FuzzDesktopEntry(f *testing.F) {
	for _, p := range desktopCases() {
		for _, a := range p.Applications {
			f.Add(a.ID, a.DisplayName, a.Description, a.Executable)
		}
	}
	h := entryHost()
	f.Fuzz(func(t *testing.T, id, name, comment, exe string) {
		p := berth.PlannedPackage{FullName: appV1, FamilyName: familyOf(appV1),
			Applications: []berth.Application{{ID: id, DisplayName: name, Description: comment, Executable: exe}}}
		list, err := h.entries(p, "c2")
		if err != nil {
			return
		}
		keys := readKeys(t, list[0].content)
		if keys[keyPackage] != appV1 || keys[keySession] != "c2" || keys["Type"] != "Application" {
			t.Errorf("%q", list[0].content)
		}
		if exe == "" {
			return
		}
		program, _ := programPath(h.packagePath(appV1), p.Applications[0])
		if words := readExec(t, keys["Exec"]); len(words) != 2 || words[0] != "wine" || words[1] != program {
			t.Errorf("Exec=%s reads as %q, want %q", keys["Exec"], words, program)
		}
	})
}

// readKeys is a strict reader of sections 3 and 4 of the specification.
func readKeys(t *testing.T, content []byte) map[string]string {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	if lines[0] != "[Desktop Entry]" || !utf8.Valid(content) {
		t.Fatalf("%q", content)
	}
	keys := map[string]string{}
	for _, l := range lines[1:] {
		k, v, ok := strings.Cut(l, "=")
		if _, twice := keys[k]; !ok || twice || strings.ContainsFunc(l, unicode.IsControl) {
			t.Errorf("line %q", l)
		}
		var plain strings.Builder
		for i := 0; i < len(v); i++ {
			if v[i] != '\\' {
				plain.WriteByte(v[i])
				continue
			}
			if i++; i >= len(v) || v[i] != '\\' {
				t.Fatalf("escape in %q", l)
			}
			plain.WriteByte('\\')
		}
		keys[k] = plain.String()
	}
	return keys
}

// readExec splits a command as section 7 says.
func readExec(t *testing.T, s string) []string {
	t.Helper()
	var words []string
	for s = strings.TrimLeft(s, " "); s != ""; s = strings.TrimLeft(s, " ") {
		read := readBare
		if s[0] == '"' {
			read = readQuoted
		}
		word, length := read(t, s)
		s = s[length:]
		if strings.Contains(strings.ReplaceAll(word, "%%", ""), "%") {
			t.Errorf("field code in %q", word)
		}
		words = append(words, strings.ReplaceAll(word, "%%", "%"))
	}
	return words
}

func readQuoted(t *testing.T, s string) (word string, length int) {
	i := 1
	for ; s[i] != '"'; i++ {
		switch {
		case s[i] == '\\':
			i++
		case strings.IndexByte("`$", s[i]) >= 0:
			t.Fatalf("%q stands unescaped in %q", s[i], s)
		}
		word += s[i : i+1]
	}
	return word, i + 1
}

func readBare(t *testing.T, s string) (word string, length int) {
	word, _, _ = strings.Cut(s, " ")
	if strings.ContainsAny(word, "\"'\\><~|&;$*?#()`=") {
		t.Fatalf("a reserved character stands unquoted in %q", s)
	}
	return word, len(word)
}
