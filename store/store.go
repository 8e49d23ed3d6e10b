// Package store keeps everything that a server must remember in a relational database, behind berth.Store.
//
// There is one implementation. What differs between databases is held by the type dialect and by a folder of migrations;
// SQLite is the dialect there is. Its promises rest on a write-ahead log that is flushed at every commit: what Update
// acknowledged survives the death of the process and of the machine.
//
// Sites, keys and host names are found in any case: the folded form (berth.Fold) is stored beside the form that was typed.
// Times are kept to the nanosecond and come back in UTC.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"berth"
)

// Store is a berth.Store in a SQL database. It is safe for use by many goroutines.
type Store struct {
	dialect dialect
	log     *slog.Logger
	writer  *sql.DB // of SQLite: one connection, so that Updates queue here and not at the file's lock
	readers *sql.DB
	alone   *sql.DB // holds the lock that keeps other processes out
}

var _ berth.Store = (*Store)(nil)

// View runs fn on the state as it is when View is called. Writing in fn is refused.
func (s *Store) View(ctx context.Context, fn func(berth.Tx) error) error {
	return s.run(ctx, s.readers, &tx{ctx: ctx, dialect: s.dialect}, fn)
}

// Update runs fn alone, after every Update that was acknowledged before. It commits if fn returns nil, if no statement
// of fn failed and if ctx is not done by then; otherwise, and when fn panics, nothing of it is kept.
func (s *Store) Update(ctx context.Context, fn func(berth.Tx) error) error {
	return s.run(ctx, s.writer, &tx{ctx: ctx, dialect: s.dialect, writable: true}, fn)
}

// Close ends all connections. The store answers Unavailable from then on.
func (s *Store) Close() error {
	return errors.Join(s.readers.Close(), s.writer.Close(), s.alone.Close())
}

func (s *Store) run(ctx context.Context, db *sql.DB, t *tx, fn func(berth.Tx) error) error {
	begun, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: s.dialect.isolation, ReadOnly: !t.writable})
	if err != nil {
		return t.fault("beginning a transaction", err)
	}
	// After Commit this does nothing; it also takes everything back when fn panics.
	defer func() { _ = begun.Rollback() }()
	t.sql = begun
	if err := t.pin(); err != nil {
		return err
	}
	if err := fn(t); err != nil {
		return err
	}
	if t.failed != nil {
		return t.failed
	}
	if !t.writable {
		return nil
	}
	if err := begun.Commit(); err != nil {
		return t.fault("committing", err)
	}
	return nil
}

// pin takes the snapshot of a View at once: databases take it with the first statement, not when the transaction begins.
func (t *tx) pin() error {
	if t.writable {
		return nil
	}
	_, err := list(t, func(r row) (n int, err error) { return n, r.Scan(&n) }, `SELECT count(*) FROM sites WHERE site = ''`)
	return err
}

// open brings the database to the newest form, and closes it again if that fails.
func open(ctx context.Context, s *Store) (*Store, error) {
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.regroupAll(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.readers.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the database for reading: %w", err), s.Close())
	}
	return s, nil
}
