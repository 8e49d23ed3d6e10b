//go:build linux

package linuxhost

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"berth"
)

// Keys of ours in application entries. The Desktop Entry Specification 1.5, section 9 (Extending the format), leaves names
// that begin with X- to products.
const (
	keyPackage = "X-Berth-Package"
	keySession = "X-Berth-Session"
)

// mostText bounds a name or comment, in characters: menus show less.
const mostText = 256

// mostNamePart bounds each of the two parts of a file name, which may have 255 bytes in all.
const mostNamePart = 90

// entry is an application entry as it stands in a user's home.
type entry struct {
	file    string // name in the applications folder
	content []byte
}

// entries makes the entries of a package: one for each application that has a program. A package without any gets one that
// is hidden, so that who has it can be seen on the machine like for the others. Everything in the manifest may be hostile.
func (h *Host) entries(p berth.PlannedPackage, session string) ([]entry, error) {
	var list []entry
	for _, a := range p.Applications {
		if a.Executable == "" {
			continue
		}
		program, err := programPath(h.packagePath(p.FullName), a)
		if err != nil {
			return nil, err
		}
		list = append(list, entry{entryName(p.FamilyName, a.ID), desktopEntry([][2]string{
			{"Type", "Application"}, {"Version", "1.0"},
			{"Name", text(a.DisplayName, text(p.DisplayName, "Application"))}, {"Comment", text(a.Description, "")},
			{"Icon", h.iconOf(p.FullName, a)}, {"Exec", escape(argument(h.options.Launcher)+" "+quote(program)) + fieldCode(a)},
			{"MimeType", mimeTypes(h.opens(a))}, {"NoDisplay", map[bool]string{true: "true"}[a.Hidden]},
			{"Terminal", "false"}, {keyPackage, p.FullName}, {keySession, session},
		})})
	}
	if len(list) == 0 {
		list = append(list, entry{entryName(p.FamilyName, "-"), desktopEntry([][2]string{
			{"Type", "Application"}, {"Version", "1.0"}, {"Name", text(p.DisplayName, p.FullName)},
			{"Hidden", "true"}, {keyPackage, p.FullName}, {keySession, session},
		})})
	}
	return list, nil
}

// fieldCode has what a user opens given to the program (section 7): links as they are, files by their path.
func fieldCode(a berth.Application) string {
	switch {
	case len(a.Protocols) > 0:
		return " %u"
	case len(a.FileTypes) > 0:
		return " %f"
	}
	return ""
}

func mimeTypes(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return strings.Join(list, ";") + ";"
}

// iconOf is the application's icon in the attached package, where the manifest names one inside it.
func (h *Host) iconOf(fullName string, a berth.Application) string {
	name := path.Clean(strings.ReplaceAll(a.IconPath, `\`, "/"))
	if a.IconPath == "" || !filepath.IsLocal(name) || strings.ContainsFunc(name, unicode.IsControl) || !utf8.ValidString(name) {
		return ""
	}
	return escape(path.Join(h.packagePath(fullName), name))
}

// desktopEntry writes the keys that have a value.
func desktopEntry(keys [][2]string) []byte {
	var b bytes.Buffer
	b.WriteString("[Desktop Entry]\n")
	for _, k := range keys {
		if k[1] != "" {
			fmt.Fprintf(&b, "%s=%s\n", k[0], k[1])
		}
	}
	return b.Bytes()
}

// entryName is the file name of an application's entry. Characters that a name of the kind does not have are replaced; the
// hash of what they were keeps two such names apart.
func entryName(family, application string) string {
	safe := func(s string) string {
		clean := strings.Map(func(r rune) rune {
			if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-", r)) {
				return r
			}
			return '_'
		}, s)
		if clean == s && len(s) <= mostNamePart {
			return s
		}
		sum := sha256.Sum256([]byte(s))
		return clean[:min(len(clean), mostNamePart)] + "-" + hex.EncodeToString(sum[:4])
	}
	return "berth-" + safe(family) + "-" + safe(application) + ".desktop"
}

// programPath is where the program of an application lies in the attached package.
func programPath(packagePath string, a berth.Application) (string, error) {
	name := path.Clean(strings.ReplaceAll(a.Executable, `\`, "/"))
	if !filepath.IsLocal(name) || strings.ContainsFunc(name, unicode.IsControl) || !utf8.ValidString(name) {
		return "", &berth.Error{Kind: berth.Invalid, Code: codeManifest, Remedy: "ask the packager for a package with a proper path",
			Message: fmt.Sprintf("AppxManifest.xml names a program outside of the package: application %q, executable %q", a.ID, a.Executable)}
	}
	return path.Join(packagePath, name), nil
}

// text makes a value of type string (section 4) out of anything: one line, nothing that the format would read as more.
func text(s, otherwise string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError || unicode.Is(unicode.Cf, r) { // Cf turns the direction of text, or hides it
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > mostText {
		s = string(r[:mostText-1]) + "…"
	}
	if s == "" {
		return otherwise
	}
	return escape(s)
}

// escape writes a backslash as the format reads it in any string (section 4).
func escape(s string) string { return strings.ReplaceAll(s, `\`, `\\`) }

// argument writes one argument of Exec (section 7, The Exec key), quoted when it holds a reserved character.
func argument(s string) string {
	if s != "" && !strings.ContainsAny(s, " \t\n\"'\\><~|&;$*?#()`=%") {
		return s
	}
	return quote(s)
}

// quote writes an argument in double quotes: those characters escaped that stay special inside, and a percent sign doubled
// because it begins a field code.
func quote(s string) string {
	return `"` + strings.NewReplacer(`"`, `\"`, "`", "\\`", `$`, `\$`, `\`, `\\`, `%`, `%%`).Replace(s) + `"`
}

// parseEntry reads whose entry it is; ok is false for one that is not ours.
func parseEntry(content []byte) (fullName, session string, ok bool) {
	inside := false
	lines := bufio.NewScanner(bytes.NewReader(content))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "[") {
			inside = line == "[Desktop Entry]"
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		switch {
		case !inside:
		case strings.TrimSpace(key) == keyPackage:
			fullName = strings.TrimSpace(value)
		case strings.TrimSpace(key) == keySession:
			session = strings.TrimSpace(value)
		}
	}
	return fullName, session, checkName(fullName) == nil && sessionIDs().MatchString(session)
}
