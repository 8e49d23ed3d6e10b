package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"berth"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// busyMilliseconds is how long a connection waits for another process, a backup for example, to let go of the file.
const busyMilliseconds = "10000"

// OpenSQLite opens the database file at path, makes it (mode 0600, folders 0700) where there is none, and migrates it to
// the newest form. One process at a time has it: a second one is refused as Conflict. SQLite keeps two more files beside
// it, path-wal and path-shm, while it is open and after a crash: they are part of the database. The file must not lie on a network share, whose locks SQLite cannot trust.
func OpenSQLite(ctx context.Context, path string, log *slog.Logger) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", path, err)
	}
	if err := private(path); err != nil {
		return nil, berth.Errorf(berth.Unavailable, "database %s cannot be opened: %w", path, err)
	}
	s := &Store{dialect: sqliteDialect(), log: log}
	if s.alone, err = alone(ctx, path); err != nil {
		return nil, err
	}
	if s.writer, err = connect(path, "_txlock", "immediate", "_pragma", "journal_mode(WAL)"); err != nil {
		return nil, errors.Join(err, s.alone.Close())
	}
	if s.readers, err = connect(path, "_pragma", "query_only(1)"); err != nil {
		return nil, errors.Join(err, s.writer.Close(), s.alone.Close())
	}
	s.writer.SetMaxOpenConns(1)
	s.readers.SetMaxOpenConns(max(4, 2*runtime.GOMAXPROCS(0)))
	s.readers.SetMaxIdleConns(max(4, 2*runtime.GOMAXPROCS(0)))
	opened, err := open(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", path, err)
	}
	return opened, nil
}

func sqliteDialect() dialect {
	return dialect{
		name:      "sqlite",
		goose:     goose.DialectSQLite3,
		isolation: sql.LevelDefault, // every SQLite transaction is a snapshot in WAL mode
		bind:      func(statement string) string { return statement },
		kind:      sqliteKind,
	}
}

// private makes sure that the file exists and is its owner's alone; SQLite gives its companions the same mode.
func private(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

// connect prepares a pool. Each connection waits for locks, checks references and flushes the log at every commit:
// with less than FULL a commit is safe from a crash of the process but not of the machine.
func connect(path string, more ...string) (*sql.DB, error) {
	q := url.Values{"_pragma": {"busy_timeout(" + busyMilliseconds + ")", "synchronous(FULL)", "foreign_keys(1)"}}
	for i := 0; i < len(more); i += 2 {
		q.Add(more[i], more[i+1])
	}
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // C:/data becomes file:///C:/data
	}
	connector, err := sqlite.NewConnector((&url.URL{Scheme: "file", Path: slashed, RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", path, err)
	}
	return sql.OpenDB(connector), nil
}

// sqliteKind sorts SQLite's primary result codes, https://www.sqlite.org/rescode.html.
func sqliteKind(err error) (berth.Kind, string) {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return berth.Internal, ""
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CONSTRAINT:
		return berth.Conflict, ""
	case sqlite3.SQLITE_FULL:
		return berth.Unavailable, "make room on the disk of the data folder, then try again"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return berth.Unavailable, "another program holds the database; try again"
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return berth.Unavailable, "look at the disk and the permissions of the data folder"
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return berth.Internal, "the file is damaged or is no database; restore a backup"
	}
	return berth.Internal, ""
}
