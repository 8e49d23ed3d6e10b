//go:build linux

package linuxhost

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"berth"
	"berth/agent"
)

// mostRecordBytes bounds a record; one of a package with a thousand applications is smaller.
const mostRecordBytes = 4 << 20

// record is what a package is attached from. It is there before the package is, and goes after it.
type record struct {
	Package berth.PlannedPackage `json:"package"`
	Mode    Attach               `json:"mode"`
	At      time.Time            `json:"at"`
	From    string               `json:"from,omitempty"`    // the copy on this host that it is attached from; empty: the share
	Content string               `json:"content,omitempty"` // size and time of the image
}

// fullNames are package full names: name, version, architecture, resource id (~ in bundles), hash of the publisher. What
// matches has no slash and is not "." or "..", so that it can name a folder.
var fullNames = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,63}_[0-9.]{1,23}_[A-Za-z0-9]{1,16}_[A-Za-z0-9.~-]{0,64}_[A-Za-z0-9]{13}$`)
})

func checkName(fullName string) error {
	if fullNames().MatchString(fullName) {
		return nil
	}
	return &berth.Error{Kind: berth.Invalid, Code: codeManifest, Message: fmt.Sprintf("%q is not the full name of a package", fullName),
		Remedy: "remove the package from the catalogue and add it again"}
}

func (h *Host) packagePath(fullName string) string { return h.path("packages", fullName) }
func (h *Host) recordPath(fullName string) string  { return h.path("packages", fullName+".json") }

func (h *Host) writeRecord(p berth.PlannedPackage, image *Image) error {
	r := record{Package: p, Mode: h.mode, At: h.options.Now(), From: image.From, Content: image.Content}
	return coded(agent.WriteJSON(h.recordPath(p.FullName), 0o644, r), "cannot keep the record of "+p.FullName)
}

// keptRecord is a record as it was read, with the state of the file then. A record is replaced by renaming another over it,
// which has another inode.
type keptRecord struct {
	record
	inode, size uint64
	changed     unix.Timespec
}

// readRecord reads the record of a package; one that is not there is fs.ErrNotExist. One that did not change since it was
// read is not read again: an agent that looks at fifty packages every few seconds must cost nothing.
func (h *Host) readRecord(fullName string) (record, error) {
	var st unix.Stat_t
	if err := unix.Lstat(h.recordPath(fullName), &st); err != nil {
		return record{}, &fs.PathError{Op: "lstat", Path: h.recordPath(fullName), Err: err}
	}
	h.mu.Lock()
	k, ok := h.records[fullName]
	h.mu.Unlock()
	if ok && k.inode == st.Ino && k.size == uint64(st.Size) && k.changed == st.Ctim { //nolint:gosec // a size is not negative
		return k.record, nil
	}
	k = keptRecord{inode: st.Ino, size: uint64(st.Size), changed: st.Ctim} //nolint:gosec // as above
	err := agent.ReadJSON(h.recordPath(fullName), mostRecordBytes, &k.record)
	if err == nil && berth.Fold(k.Package.FullName) != berth.Fold(fullName) {
		err = fmt.Errorf("%s is a record of %q", h.recordPath(fullName), k.Package.FullName)
	}
	if err != nil {
		return k.record, err
	}
	h.mu.Lock()
	h.records[fullName] = k
	h.mu.Unlock()
	return k.record, nil
}

// listing is what lies in the folder of packages.
type listing struct {
	records map[string]record // by full name
	folders map[string]bool   // by full name
	strange []string          // anything else
}

func (h *Host) list() (listing, error) {
	l := listing{records: map[string]record{}, folders: map[string]bool{}}
	entries, err := os.ReadDir(h.path("packages")) // names and types only: a dead mount is not touched
	if err != nil {
		return l, coded(err, "cannot see the packages")
	}
	for _, e := range entries {
		name, isRecord := strings.CutSuffix(e.Name(), ".json")
		switch {
		case checkName(name) != nil:
			l.strange = append(l.strange, e.Name())
		case !isRecord:
			l.folders[name] = true
		default:
			r, err := h.readRecord(name)
			if errors.Is(err, fs.ErrNotExist) { // gone since the folder was read
				continue
			}
			if err != nil {
				h.options.Log.Warn("record cannot be read", "package", name, "error", err)
				l.strange = append(l.strange, e.Name())
				continue
			}
			l.records[name] = r
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	maps.DeleteFunc(h.records, func(name string, _ keptRecord) bool { _, there := l.records[name]; return !there })
	return l, nil
}
