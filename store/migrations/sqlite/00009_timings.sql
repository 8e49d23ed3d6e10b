-- How long the phases of packages take on each host: one row for each, replaced by what the host tells next.

-- +goose Up
CREATE TABLE timings (
	host      TEXT NOT NULL,
	package   TEXT NOT NULL, -- folded
	phase     TEXT NOT NULL,
	full_name TEXT NOT NULL,
	runs      INTEGER NOT NULL,
	failed    INTEGER NOT NULL,
	last_ms   REAL NOT NULL,
	median_ms REAL NOT NULL,
	most_ms   REAL NOT NULL,
	at        TEXT NOT NULL,
	PRIMARY KEY (host, package, phase)
) WITHOUT ROWID;
CREATE INDEX timings_by_package ON timings (package, phase, median_ms);
