package store

import (
	"context"
	"errors"
	"os"

	"berth"
)

// CopySQLite writes a copy of the database file at path to a new file, as it is at one moment, while a server may work with
// it: readers do not stand in the way of the writer, and the copy is one consistent read.
func CopySQLite(ctx context.Context, path, to string) error {
	if _, err := os.Stat(path); err != nil {
		return berth.Errorf(berth.NotFound, "there is no database %s: %w", path, err).On("data").With("name the data folder of a server")
	}
	db, err := connect(path)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", to)
	if err = errors.Join(err, db.Close()); err != nil {
		return berth.Errorf(berth.Unavailable, "database %s cannot be copied to %s: %w", path, to, err)
	}
	return os.Chmod(to, 0o600)
}

// CheckSQLite reads a whole database file and says whether it is sound.
func CheckSQLite(ctx context.Context, path string) error {
	db, err := connect(path, "_pragma", "query_only(1)")
	if err != nil {
		return err
	}
	var verdict string
	err = db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict)
	if err = errors.Join(err, db.Close()); err != nil {
		return berth.Errorf(berth.Invalid, "%s is no sound database: %w", path, err)
	}
	if verdict != "ok" {
		return berth.Errorf(berth.Invalid, "the database %s is damaged: %s", path, verdict)
	}
	return nil
}
