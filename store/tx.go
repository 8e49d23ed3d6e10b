package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"berth"
)

// tx is one transaction. The first statement that fails spoils it: every later call returns the same failure and nothing
// is committed, even if fn drops the error. SQLite may have rolled back by itself then (when the disk is full), and
// statements that follow would be kept one by one; PostgreSQL refuses them.
type tx struct {
	ctx      context.Context
	sql      *sql.Tx
	dialect  dialect
	writable bool
	failed   error
}

var _ berth.Tx = (*tx)(nil)

// row is what a statement returned, one line of it.
type row interface{ Scan(into ...any) error }

// exec runs a statement that writes.
func (t *tx) exec(doing, statement string, args ...any) error {
	if t.failed != nil {
		return t.failed
	}
	if !t.writable {
		return fmt.Errorf("store: %s: a View cannot write", doing)
	}
	if _, err := t.sql.ExecContext(t.ctx, t.dialect.bind(statement), args...); err != nil {
		t.failed = t.fault(doing, err)
		return t.failed
	}
	return nil
}

// list runs a statement that reads and turns each row into a T.
func list[T any](t *tx, scan func(row) (T, error), statement string, args ...any) ([]T, error) {
	if t.failed != nil {
		return nil, t.failed
	}
	found, err := collect(t, scan, statement, args)
	if err != nil {
		t.failed = t.fault("reading", err)
		return nil, t.failed
	}
	return found, nil
}

func collect[T any](t *tx, scan func(row) (T, error), statement string, args []any) ([]T, error) {
	rows, err := t.sql.QueryContext(t.ctx, t.dialect.bind(statement), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	return found, rows.Err()
}

// first is list for a statement that finds one row or none; missing is the error for none.
func first[T any](t *tx, scan func(row) (T, error), missing *berth.Error, statement string, args ...any) (T, error) {
	found, err := list(t, scan, statement, args...)
	if err == nil && len(found) == 0 {
		err = missing
	}
	if err != nil {
		var none T
		return none, err
	}
	return found[0], nil
}

// fault is the dialect's, but for a caller who gave up: the database reports that in many ways, all the same to us.
func (t *tx) fault(doing string, err error) error {
	if cause := t.ctx.Err(); cause != nil {
		return berth.Errorf(berth.Unavailable, "store: %s: given up before it was done: %w", doing, cause)
	}
	if strings.Contains(err.Error(), "database is closed") { // database/sql has no exported error for it
		return berth.Errorf(berth.Unavailable, "store: %s: the server is stopping: %w", doing, err)
	}
	return t.dialect.fault(doing, err)
}

// conditions collects the parts of a WHERE clause and their arguments.
type conditions struct {
	parts []string
	args  []any
}

func (c *conditions) add(part string, args ...any) {
	c.parts = append(c.parts, part)
	c.args = append(c.args, args...)
}

// clause returns the WHERE clause, the order and the limit, as far as there are any.
func (c *conditions) clause(order string, limit int) string {
	s := ""
	if len(c.parts) > 0 {
		s = " WHERE " + strings.Join(c.parts, " AND ")
	}
	s += " ORDER BY " + order
	if limit > 0 {
		s += " LIMIT ?"
		c.args = append(c.args, limit)
	}
	return s
}

// moment lets a time be stored as RFC 3339 text in UTC, the zero time as an empty text. Text reads the same in every
// database and keeps the nanoseconds, which PostgreSQL's own type does not.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// momentInto reads what moment made.
type momentInto struct{ into *time.Time }

// Scan takes the text of a column; see sql.Scanner.
func (m momentInto) Scan(column any) (err error) {
	text, ok := column.(string)
	if !ok {
		return errors.New("a time is not stored as text")
	}
	if *m.into = (time.Time{}); text != "" {
		*m.into, err = time.Parse(time.RFC3339Nano, text)
	}
	return err
}

// document is a JSON text for a column in which NULL means that there is none.
func document(doc []byte) any {
	if len(doc) == 0 {
		return nil
	}
	return string(doc)
}
