package winhost

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"berth"
	"berth/agent"
)

// record is what the state folder says of one package: written before the package is worked on, removed when nothing of
// it is left on the machine.
type record struct {
	Package berth.PlannedPackage `json:"package"`
	Volume  string               `json:"volume,omitempty"`  // GUID of the image's volume, once it was attached
	Link    string               `json:"link,omitempty"`    // the junction through which it was staged, where it was
	Copy    string               `json:"copy,omitempty"`    // the copy of the image on this host that is attached; empty: the image on the share
	Content string               `json:"content,omitempty"` // size and time of the file that is attached
	// Foreign: the framework was on the machine before Berth needed it, and stays when Berth does not need it any more.
	Foreign bool `json:"foreign,omitempty"`
	// By is the package that serves in the place of a framework: that itself, or a newer version of it.
	By string `json:"by,omitempty"`
	// Frameworks are those that the package needs, as they were on the machine when it was staged.
	Frameworks []string `json:"frameworks,omitempty"`
}

// ledger is what the state folder says of one user: in which session packages were registered by Berth. It tells a
// registration of a session that runs from one that an earlier session left behind.
type ledger struct {
	User     string            `json:"user"`
	Packages map[string]string `json:"packages"` // folded full name -> session id
}

// has tells whether anything was registered in a session.
func (l ledger) has(session string) bool {
	return slices.Contains(slices.Collect(maps.Values(l.Packages)), session)
}

// mostRecordBytes bounds a file of the state folder.
const mostRecordBytes = 4 << 20

// records keeps packages and users in the state folder.
type records struct{ dir string }

func (r records) folder(name string) string { return filepath.Join(r.dir, name) }

// path of the record of a package. A full name has letters, digits, '.', '-' and '_' only: checkName.
func (r records) path(fullName string) string {
	return filepath.Join(r.folder("packages"), berth.Fold(fullName)+".json")
}

func (r records) make() error {
	for _, sub := range []string{"packages", "users", "links", "frameworks"} {
		if err := os.MkdirAll(r.folder(sub), 0o700); err != nil {
			return err
		}
	}
	return nil
}

// sweep removes what an agent that died left half written. It is for the start, when nobody writes.
func (r records) sweep() error {
	for _, sub := range []string{"packages", "users", "frameworks"} {
		entries, err := os.ReadDir(r.folder(sub))
		if err != nil {
			return err
		}
		for _, e := range entries {
			if sub != "frameworks" && !strings.HasPrefix(e.Name(), ".") {
				continue
			}
			if err := agent.Remove(filepath.Join(r.folder(sub), e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

func (r records) write(rec record) error {
	return agent.WriteJSON(r.path(rec.Package.FullName), 0o600, rec)
}

// read returns the record of a package, nil when there is none.
func (r records) read(fullName string) (*record, error) {
	var rec record
	err := agent.ReadJSON(r.path(fullName), mostRecordBytes, &rec)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return &rec, err
}

func (r records) remove(fullName string) error {
	if err := agent.Remove(r.path(fullName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// list returns every record, and the files that are none.
func (r records) list() (list []record, damaged []string, err error) {
	entries, err := os.ReadDir(r.folder("packages"))
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		var rec record
		path := filepath.Join(r.folder("packages"), e.Name())
		err := agent.ReadJSON(path, mostRecordBytes, &rec)
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed since
		case errors.As(err, new(*fs.PathError)) && !e.IsDir(): // it may be a good one that cannot be read now
			return nil, nil, err
		case err != nil || checkName(rec.Package.FullName) != nil || r.path(rec.Package.FullName) != path:
			if !strings.HasPrefix(e.Name(), ".") { // being written
				damaged = append(damaged, path)
			}
		default:
			list = append(list, rec)
		}
	}
	return list, damaged, nil
}

func (r records) ledger(sid string) (ledger, error) {
	l := ledger{Packages: map[string]string{}}
	err := agent.ReadJSON(r.ledgerPath(sid), mostRecordBytes, &l)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if l.Packages == nil {
		l.Packages = map[string]string{}
	}
	return l, err
}

func (r records) writeLedger(sid string, l ledger) error {
	if len(l.Packages) == 0 {
		if err := agent.Remove(r.ledgerPath(sid)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	return agent.WriteJSON(r.ledgerPath(sid), 0o600, l)
}

// users lists the security ids of those who have a ledger.
func (r records) users() ([]string, error) {
	entries, err := os.ReadDir(r.folder("users"))
	var sids []string
	for _, e := range entries {
		if sid, ok := strings.CutSuffix(e.Name(), ".json"); ok && !strings.HasPrefix(sid, ".") {
			sids = append(sids, sid)
		}
	}
	return sids, err
}

// ledgerPath names the file by the user's security id, S-1-5-….
func (r records) ledgerPath(sid string) string {
	return filepath.Join(r.folder("users"), filepath.Base(sid)+".json")
}

// checkName keeps names that are no full names of packages out of paths and calls.
func checkName(fullName string) error {
	odd := func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '.' && c != '-' && c != '_' && c != '~'
	}
	if len(fullName) > 255 || strings.Count(fullName, "_") != 4 || strings.ContainsFunc(fullName, odd) {
		return berth.Errorf(berth.Invalid, "%q is no full name of a package", fullName)
	}
	return nil
}
