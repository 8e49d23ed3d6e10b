package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"berth"
	"berth/store/storetest"
)

func TestSQLite(t *testing.T) {
	paths := map[*testing.T]string{} // the same test opens the same file again
	storetest.Run(t, func(t *testing.T) berth.Store {
		if paths[t] == "" {
			paths[t] = filepath.Join(t.TempDir(), "berth.db")
		}
		return openAt(t, paths[t])
	})
}

// openAt opens the database and closes it with the test.
func openAt(t *testing.T, path string) *Store {
	t.Helper()
	s, err := OpenSQLite(t.Context(), path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func putSites(names ...string) func(berth.Tx) error {
	return func(tx berth.Tx) error {
		for _, name := range names {
			if err := tx.PutSite(berth.Site{Name: name}); err != nil {
				return err
			}
		}
		return nil
	}
}

func siteNames(t *testing.T, s *Store) (names []string) {
	t.Helper()
	err := s.View(t.Context(), func(tx berth.Tx) error {
		all, err := tx.Sites()
		for _, site := range all {
			names = append(names, site.Name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestConnections reads back what the promises of the package rest on.
func TestConnections(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "a.db"))
	for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": busyMilliseconds} {
		var got string
		if err := s.writer.QueryRow("PRAGMA " + name).Scan(&got); err != nil || got != want {
			t.Errorf("writer: %s is %q, want %q (%v)", name, got, want, err)
		}
		if err := s.readers.QueryRow("PRAGMA " + name).Scan(&got); err != nil || got != want {
			t.Errorf("readers: %s is %q, want %q (%v)", name, got, want, err)
		}
	}
	if _, err := s.readers.Exec(`DELETE FROM sites`); err == nil {
		t.Error("a connection for reading can write")
	}
	var verdict string
	if err := s.writer.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity check: %q, %v", verdict, err)
	}
}

// TestIndexes asks the planner: a query that reads a whole table is slow only when it is too late.
func TestIndexes(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "a.db"))
	for statement, want := range map[string]string{
		selectObjects + ` WHERE site = 's' AND kind = 'k' AND item > 'a' AND item >= 'p' AND item < 'q' ORDER BY item, kind`: "sqlite_autoindex_objects_1",
		selectObjects + ` WHERE site = 's' AND drafted ORDER BY item, kind`:                                                  "objects_drafted",
		selectHosts + ` WHERE site = 's' AND host > 'a' ORDER BY host LIMIT 10`:                                              "sqlite_autoindex_hosts_2",
		`SELECT id FROM audit WHERE site = 's' AND kind = 'k' AND item = 'i' AND id < 9 ORDER BY id DESC`:                    "audit_by_object",
		selectCredentials + ` WHERE kind = 'k' ORDER BY name, id`:                                                            "credentials_by_kind",
	} {
		var id, parent, unused int
		var plan string
		if err := s.writer.QueryRow("EXPLAIN QUERY PLAN "+statement).Scan(&id, &parent, &unused, &plan); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(plan, "SEARCH") || !strings.Contains(plan, want) {
			t.Errorf("%s\n\tis done by %q, want a search by %s", statement, plan, want)
		}
	}
}

func TestFilesArePrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: Windows has no file modes; the folder's access list counts there")
	}
	path := filepath.Join(t.TempDir(), "data", "100% & #1?.db") // a name that is none in a URL
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := openAt(t, path)
	if err := s.Update(t.Context(), putSites("main")); err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"", "-wal", "-shm", "-lock"} {
		info, err := os.Stat(path + end)
		if err != nil {
			t.Error(err)
		} else if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", path+end, info.Mode())
		}
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 4 {
		t.Errorf("files beside the database: %v", entries)
	}
}

func TestMigrationHappensOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "er", "berth.db")
	files, err := migrations.ReadDir("migrations/sqlite")
	if err != nil {
		t.Fatal(err)
	}
	for run, want := range []int{len(files), 0} {
		var log bytes.Buffer
		s, err := OpenSQLite(t.Context(), path, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(log.String(), "database migrated"); got != want {
			t.Errorf("run %d logged %d migrations, want %d:\n%s", run, got, want, log.String())
		}
		if err := s.Update(t.Context(), putSites(fmt.Sprint("site", run))); err != nil {
			t.Fatal(err)
		}
		if got := siteNames(t, s); len(got) != run+1 {
			t.Errorf("run %d sees sites %v", run, got)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNewerDatabaseIsRefused lets a Berth of the future migrate the file, then opens it with this one.
func TestNewerDatabaseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "berth.db")
	s := openAt(t, path)
	if err := s.Update(t.Context(), putSites("main")); err != nil {
		t.Fatal(err)
	}
	first, err := migrations.ReadFile("migrations/sqlite/00001_tables.sql")
	if err != nil {
		t.Fatal(err)
	}
	future := fstest.MapFS{
		"00001_tables.sql": {Data: first},
		"90001_future.sql": {Data: []byte("-- +goose Up\nALTER TABLE sites ADD COLUMN mood TEXT NOT NULL DEFAULT 'good';\n")},
	}
	if err := errors.Join(s.migrateTo(t.Context(), future), s.Close()); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = OpenSQLite(t.Context(), path, slog.New(slog.DiscardHandler))
	if berth.ErrorKind(err) != berth.Conflict || !strings.Contains(err.Error(), "90001") || !strings.Contains(err.Error(), path) {
		t.Errorf("a newer database is opened with %v", err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the newer database was changed")
	}
}

// TestBrokenMigration: the statements of a migration that fails are all taken back.
func TestBrokenMigration(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "berth.db"))
	first, _ := migrations.ReadFile("migrations/sqlite/00001_tables.sql")
	broken := fstest.MapFS{
		"00001_tables.sql": {Data: first},
		"90000_broken.sql": {Data: []byte("-- +goose Up\nCREATE TABLE half (a TEXT);\nCREATE TABLE sites (a TEXT);\n")},
	}
	if err := s.migrateTo(t.Context(), broken); err == nil {
		t.Fatal("a broken migration was accepted")
	}
	if _, err := s.writer.Exec(`SELECT * FROM half`); err == nil {
		t.Error("half of a migration was kept")
	}
}

func TestNoDatabase(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "letter.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("Dear database, ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{text: "no database", folder: folder, filepath.Join(text, "below.db"): "cannot be opened"} {
		s, err := OpenSQLite(t.Context(), path, slog.New(slog.DiscardHandler))
		if err == nil {
			t.Errorf("%s was opened: %v", path, s.Close())
		} else if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %q in it", path, err, want)
		}
	}
}

// TestFullDisk fills the database to a page limit, which SQLite reports as it reports a full disk.
func TestFullDisk(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "berth.db"))
	if err := s.Update(t.Context(), putSites("main")); err != nil {
		t.Fatal(err)
	}
	limit(t, s, 60)
	big := strings.Repeat("x", 1<<20)
	err := s.Update(t.Context(), func(tx berth.Tx) error {
		_ = tx.PutSite(berth.Site{Name: "small"})
		_ = tx.PutSite(berth.Site{Name: "big", Location: big})
		_ = tx.PutSite(berth.Site{Name: "later"})
		return nil
	})
	if berth.ErrorKind(err) != berth.Unavailable || !strings.Contains(err.Error(), "room") {
		t.Errorf("a full disk is reported as %v", err)
	}
	if got := siteNames(t, s); len(got) != 1 {
		t.Errorf("sites after the failure: %v", got)
	}
	limit(t, s, 1<<20)
	if err := s.Update(t.Context(), putSites("again")); err != nil {
		t.Errorf("after making room: %v", err)
	}
}

func limit(t *testing.T, s *Store, pages int) {
	t.Helper()
	if _, err := s.writer.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
		t.Fatal(err)
	}
}

// TestLocked holds the file's lock from outside, as a backup does. Reading goes on.
func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "berth.db")
	s := openAt(t, path)
	if _, err := s.writer.Exec("PRAGMA busy_timeout = 50"); err != nil {
		t.Fatal(err)
	}
	other, err := connect(path, "_txlock", "immediate")
	if err != nil {
		t.Fatal(err)
	}
	held, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), putSites("main")); berth.ErrorKind(err) != berth.Unavailable {
		t.Errorf("a locked database is reported as %v", err)
	}
	siteNames(t, s)
	if err := errors.Join(held.Rollback(), other.Close()); err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), putSites("main")); err != nil {
		t.Errorf("after the lock was let go: %v", err)
	}
}

// TestWaitingEndsWithTheCaller: an Update that queues behind another gives up when its caller does.
func TestWaitingEndsWithTheCaller(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "berth.db"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := s.Update(t.Context(), func(berth.Tx) error { return s.Update(ctx, putSites("main")) })
	if !errors.Is(err, context.DeadlineExceeded) || berth.ErrorKind(err) != berth.Unavailable {
		t.Errorf("the one who waited got %v", err)
	}
}

func TestBehind(t *testing.T) {
	top := string(rune(0x10FFFF))
	for prefix, want := range map[string]string{"": "", "a": "b", "az": "a{", "a" + top: "b", top + top: "", "퟿": "\ue000"} {
		if got := behind(prefix); got != want {
			t.Errorf("behind %q is %q, want %q", prefix, got, want)
		}
	}
}

func TestOneServerAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "berth.db")
	first, err := OpenSQLite(t.Context(), path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSQLite(t.Context(), path, slog.New(slog.DiscardHandler)); berth.ErrorKind(err) != berth.Conflict {
		t.Errorf("second server: %v, want a Conflict", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := OpenSQLite(t.Context(), path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("after the first was closed: %v", err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}

// TestSearchOfOldRows: what was written before there were columns to search by is found too.
func TestSearchOfOldRows(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "berth.db"))
	err := s.Update(t.Context(), func(tx berth.Tx) error {
		doc := func(v any) []byte { b, _ := json.Marshal(v); return b }
		p := doc(berth.Package{FullName: "A.App_1", DisplayName: "Notes", Publisher: "CN=X", Enabled: true, Tags: []berth.TagID{berth.TagCustom}})
		h := doc(berth.HostConfig{Name: "h1", Pool: "Pool A"})
		return errors.Join(
			tx.PutObject(berth.Object{Ref: berth.NewRef("main", berth.ObjectPackage, "A.App_1"), Name: "A.App_1", Draft: p, Drafted: true}),
			tx.PutObject(berth.Object{Ref: berth.NewRef("main", berth.ObjectPackage, "B.App_1"), Name: "B.App_1", Applied: p, Drafted: true}),
			tx.PutObject(berth.Object{Ref: berth.NewRef("main", berth.ObjectHost, "h1"), Name: "h1", Applied: h, Draft: h}),
			tx.PutHost(berth.Host{ID: "1", Site: "main", Name: "h1", Kind: berth.KindVDI, Facts: berth.Facts{Architecture: "arm64", Build: 7}}))
	})
	if err != nil {
		t.Fatal(err)
	}
	columns := func() string {
		t.Helper()
		var out strings.Builder
		for _, q := range []string{`SELECT item || '|' || listed || '|' || search || '|' || tags || '|' || enabled || '|' || pool || '|' || own FROM objects ORDER BY item`,
			`SELECT host || '|' || architecture || '|' || build FROM hosts`} {
			rows, err := s.writer.Query(q)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = rows.Close() }() // at the end of the test; few are open
			for rows.Next() {
				var line string
				if err := rows.Scan(&line); err != nil {
					t.Fatal(err)
				}
				out.WriteString(line + "\n")
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
		}
		return out.String()
	}
	want := columns()
	file, err := migrations.ReadFile("migrations/sqlite/00002_search.sql")
	if err != nil {
		t.Fatal(err)
	}
	// The migration is gone through again, over the rows that are there: the columns must come out the same.
	undo := `DROP INDEX objects_alone; DROP INDEX objects_search; DROP INDEX objects_by_pool; DROP INDEX hosts_outline; DROP INDEX audit_by_site;`
	for _, column := range []string{"listed", "search", "tags", "enabled", "pool", "own"} {
		undo += "ALTER TABLE objects DROP COLUMN " + column + ";"
	}
	undo += "ALTER TABLE hosts DROP COLUMN architecture; ALTER TABLE hosts DROP COLUMN build;"
	if _, err := s.writer.Exec(undo + string(file)); err != nil {
		t.Fatal(err)
	}
	if got := columns(); got != want {
		t.Errorf("the migration makes\n%swriting makes\n%s", got, want)
	}
}
