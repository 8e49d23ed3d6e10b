-- Pre-flights: what administrators asked hosts to try, and what came of it. The document is the whole, in JSON.

-- +goose Up
CREATE TABLE preflights (
	id       TEXT NOT NULL PRIMARY KEY,
	host     TEXT NOT NULL,
	document TEXT NOT NULL
);
CREATE INDEX preflights_by_host ON preflights (host, id);
