-- Columns called site, item, host and family hold folded names, by which rows are found; columns that end in _name, or
-- are called name, hold what was typed. Times are RFC 3339 text in UTC, '' for none. Documents are JSON, byte for byte.

-- +goose Up
CREATE TABLE sites (
	site            TEXT NOT NULL PRIMARY KEY,
	name            TEXT NOT NULL,
	subscription_id TEXT NOT NULL,
	location        TEXT NOT NULL,
	generation      BIGINT NOT NULL,
	created_at      TEXT NOT NULL
);

CREATE TABLE objects (
	site               TEXT NOT NULL,
	kind               TEXT NOT NULL,
	item               TEXT NOT NULL,
	name               TEXT NOT NULL,
	family             TEXT NOT NULL,
	retired            BOOLEAN NOT NULL,
	applied            TEXT,
	draft              TEXT,
	drafted            BOOLEAN NOT NULL,
	revision           BIGINT NOT NULL,
	applied_generation BIGINT NOT NULL,
	changed_at         TEXT NOT NULL,
	changed_by         TEXT NOT NULL,
	PRIMARY KEY (site, kind, item)
);
CREATE INDEX objects_by_family ON objects (site, family, item) WHERE family <> '';
CREATE INDEX objects_retired ON objects (site, item) WHERE retired;
CREATE INDEX objects_drafted ON objects (site, item) WHERE drafted;

CREATE TABLE hosts (
	id          TEXT NOT NULL PRIMARY KEY,
	site        TEXT NOT NULL,
	host        TEXT NOT NULL,
	site_name   TEXT NOT NULL,
	name        TEXT NOT NULL,
	kind        TEXT NOT NULL,
	enrolled_at TEXT NOT NULL,
	last_seen   TEXT NOT NULL,
	serial      TEXT NOT NULL,
	retry       BIGINT NOT NULL,
	facts       TEXT NOT NULL,
	UNIQUE (site, host)
);

CREATE TABLE credentials (
	id         TEXT NOT NULL PRIMARY KEY,
	kind       TEXT NOT NULL,
	name       TEXT NOT NULL,
	site       TEXT NOT NULL,
	role       TEXT NOT NULL,
	host_kind  TEXT NOT NULL,
	pool       TEXT NOT NULL,
	hash       BLOB,
	uses       BIGINT NOT NULL,
	max_uses   BIGINT NOT NULL,
	created_at TEXT NOT NULL,
	expires_at TEXT NOT NULL,
	revoked_at TEXT NOT NULL
);
CREATE INDEX credentials_by_kind ON credentials (kind, name, id);

-- AUTOINCREMENT: an id is never given twice, and always rises.
CREATE TABLE audit (
	id        INTEGER PRIMARY KEY AUTOINCREMENT,
	at        TEXT NOT NULL,
	site      TEXT NOT NULL,
	item      TEXT NOT NULL,
	site_name TEXT NOT NULL,
	actor     TEXT NOT NULL,
	face      TEXT NOT NULL,
	action    TEXT NOT NULL,
	kind      TEXT NOT NULL,
	item_name TEXT NOT NULL,
	before    TEXT,
	after     TEXT,
	refused   TEXT NOT NULL
);
CREATE INDEX audit_by_object ON audit (site, kind, item, id);
