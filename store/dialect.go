package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"berth"

	"github.com/pressly/goose/v3"
)

// migrations has one folder for each dialect, because types of columns and the making of ids are not the same anywhere.
// Files that were released are never changed: a new form of the database is a new file in every folder.
//
//go:embed migrations
var migrations embed.FS

// dialect is what differs between databases. Statements are written once: with ? for arguments, ON CONFLICT … DO UPDATE
// for replacing, text for times and JSON, and order by bytes (PostgreSQL: columns of collation "C").
type dialect struct {
	name      string // of the folder below migrations
	goose     goose.Dialect
	isolation sql.IsolationLevel               // the one in which a transaction sees one state from its first statement on
	bind      func(statement string) string    // puts the database's placeholders where the ? are
	kind      func(error) (berth.Kind, string) // of a failure, and what to do about it
}

// migrate brings the database forward to the newest migration of this build. There is no way back: an older build must
// not touch what a newer one wrote, so a database from the future is refused unchanged.
func (s *Store) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations/"+s.dialect.name)
	if err != nil {
		return fmt.Errorf("migrations of %s: %w", s.dialect.name, err)
	}
	return s.migrateTo(ctx, files)
}

func (s *Store) migrateTo(ctx context.Context, files fs.FS) error {
	provider, err := goose.NewProvider(s.dialect.goose, s.writer, files,
		goose.WithDisableGlobalRegistry(true), goose.WithSlog(s.log))
	if err != nil {
		return fmt.Errorf("migrations of %s: %w", s.dialect.name, err)
	}
	now, newest, err := provider.GetVersions(ctx)
	if err != nil {
		return s.dialect.fault("reading the version of the database", err)
	}
	if now > newest {
		return berth.Errorf(berth.Conflict, "the database has version %d, this Berth knows versions up to %d: a newer Berth has used it",
			now, newest).With("run that newer Berth, or restore the backup that was made before")
	}
	done, err := provider.Up(ctx)
	if err != nil {
		return s.dialect.fault("bringing the database to its newest version", err)
	}
	for _, d := range done {
		s.log.InfoContext(ctx, "database migrated", "from", now, "to", d.Source.Version, "took", d.Duration)
	}
	return nil
}

// fault puts a failure of the database into the kinds that faces know. The database's own words stay in it as the cause.
func (d dialect) fault(doing string, err error) error {
	kind, remedy := d.kind(err)
	return berth.Errorf(kind, "store: %s: %w", doing, err).With(remedy)
}
