//go:build linux

package linuxhost

import (
	"bufio"
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"berth"
)

// Where the types of files are told: those of the machine, and below a home those of a user (Shared MIME-info Database
// specification 0.22, section 2).
const (
	machineTypes = "/usr/share/mime/globs2"
	userTypes    = ".local/share/mime"
)

// mostTypes bounds the extensions and links of one application that are told to the desktop.
const mostTypes = 200

// refreshLimit is for the programs that bring the desktop's caches up to date.
const refreshLimit = 20 * time.Second

// readTypes reads which type the machine gives to an extension (section 2.3, globs2: weight:type:pattern, best first).
// A machine without the database knows none.
func readTypes(file string) map[string]string {
	types := map[string]string{}
	data, err := os.ReadFile(file)
	if err != nil {
		return types
	}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		parts := strings.SplitN(lines.Text(), ":", 4)
		if len(parts) < 3 || strings.HasPrefix(parts[0], "#") {
			continue
		}
		ext, ok := strings.CutPrefix(parts[2], "*")
		if !ok || !plainExtension(ext) || types[ext] != "" {
			continue
		}
		types[ext] = parts[1]
	}
	return types
}

// plainExtension is one that can stand in a pattern and in the name of a type as it is.
func plainExtension(ext string) bool {
	rest, ok := strings.CutPrefix(ext, ".")
	return ok && rest != "" && len(rest) <= 32 && !strings.ContainsFunc(rest, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '+'
	})
}

// plainScheme is a scheme of RFC 3986, section 3.1, in small letters.
func plainScheme(s string) bool {
	return s != "" && len(s) <= 64 && s[0] >= 'a' && s[0] <= 'z' && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '+' && r != '-' && r != '.'
	})
}

// opens lists the types of what an application opens: for the key MimeType of its entry (Desktop Entry Specification,
// section 6). Extensions that the machine has no type for get one of ours.
func (h *Host) opens(a berth.Application) []string {
	var list []string
	for _, ext := range a.FileTypes {
		if ext = strings.ToLower(ext); plainExtension(ext) && len(list) < mostTypes {
			list = append(list, h.typeOf(ext))
		}
	}
	for _, scheme := range a.Protocols {
		if scheme = strings.ToLower(scheme); plainScheme(scheme) && len(list) < mostTypes {
			list = append(list, "x-scheme-handler/"+scheme)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (h *Host) typeOf(ext string) string {
	if t := h.types[ext]; t != "" {
		return t
	}
	return "application/x-berth-" + ext[1:]
}

// mimeInfo is a file of types (section 2.1).
type mimeInfo struct {
	XMLName xml.Name   `xml:"http://www.freedesktop.org/standards/shared-mime-info mime-info"`
	Types   []mimeType `xml:"mime-type"`
}

type mimeType struct {
	Type    string `xml:"type,attr"`
	Comment string `xml:"comment"`
	Glob    struct {
		Pattern string `xml:"pattern,attr"`
	} `xml:"glob"`
}

// typesOf makes the file that tells of the types of ours that a package needs; nil when it needs none.
func (h *Host) typesOf(p berth.PlannedPackage) ([]byte, error) {
	var info mimeInfo
	seen := map[string]bool{}
	for _, a := range p.Applications {
		for _, ext := range a.FileTypes {
			ext = strings.ToLower(ext)
			if !plainExtension(ext) || h.types[ext] != "" || seen[ext] || len(info.Types) >= mostTypes {
				continue
			}
			seen[ext] = true
			t := mimeType{Type: h.typeOf(ext), Comment: fmt.Sprintf("%s file of %s", ext, text(p.DisplayName, p.FamilyName))}
			t.Glob.Pattern = "*" + ext
			info.Types = append(info.Types, t)
		}
	}
	if len(info.Types) == 0 {
		return nil, nil
	}
	data, err := xml.MarshalIndent(info, "", " ")
	return append([]byte(xml.Header), data...), err
}

// typesName is the file in a home that tells of a family's types.
func typesName(family string) string {
	return path.Join(userTypes, "packages", strings.TrimSuffix(entryName(family, "types"), ".desktop")+".xml")
}

// refresh has the desktop's own programs read entries and types of a home anew, as the user whose it is: nothing of theirs
// is run with more rights. Where they are not installed a desktop reads the files itself, or at the next login.
func (h *Host) refresh(u *home, dir string, types bool) {
	h.run(u, "update-desktop-database", "-q", filepath.Join(dir, applications))
	if types {
		h.run(u, "update-mime-database", filepath.Join(dir, userTypes))
	}
}

func (h *Host) run(u *home, program string, args ...string) {
	tool, err := exec.LookPath(program)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), refreshLimit)
	defer cancel()
	c := exec.CommandContext(ctx, tool, args...)
	c.Env, c.Dir = []string{"PATH=/usr/bin:/bin", "LANG=C.UTF-8"}, "/"
	if u.uid >= 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(u.uid), Gid: uint32(u.gid)}}
	}
	if out, err := c.CombinedOutput(); err != nil {
		h.options.Log.Debug("the desktop's caches were not brought up to date", "program", program, "error", err, "said", string(out[:min(len(out), 500)]))
	}
}
