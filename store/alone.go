package store

import (
	"context"
	"database/sql"
	"errors"

	"berth"
)

// alone takes the database for this process, through an exclusive lock on an empty database beside it: two servers on one
// file would each miss what the other wakes its waiting agents for. The system gives the lock back when the process ends,
// however it ends.
func alone(ctx context.Context, path string) (*sql.DB, error) {
	if err := private(path + "-lock"); err != nil {
		return nil, berth.Errorf(berth.Unavailable, "database %s cannot be taken: %w", path, err)
	}
	db, err := connect(path + "-lock")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // the lock is the connection's
	db.SetConnMaxLifetime(0)
	for _, statement := range []string{"PRAGMA busy_timeout = 2000", "PRAGMA journal_mode = MEMORY", "BEGIN EXCLUSIVE"} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			taken := berth.Errorf(berth.Conflict, "another server works with database %s", path).
				With("stop it first, or name another data folder")
			taken.Err = err
			return nil, errors.Join(taken, db.Close())
		}
	}
	return db, nil
}
