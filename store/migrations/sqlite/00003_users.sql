-- Users, service principals, their roles and sessions, and what is known of the certificates of hosts.

-- +goose Up
CREATE TABLE users (
	account      TEXT NOT NULL PRIMARY KEY, -- the folded name
	name         TEXT NOT NULL,
	display_name TEXT NOT NULL,
	password     TEXT NOT NULL,
	disabled     BOOLEAN NOT NULL,
	created_at   TEXT NOT NULL,
	password_at  TEXT NOT NULL
);

CREATE TABLE clients (
	id         TEXT NOT NULL PRIMARY KEY,
	account    TEXT NOT NULL UNIQUE, -- the folded name
	name       TEXT NOT NULL,
	disabled   BOOLEAN NOT NULL,
	created_at TEXT NOT NULL
);

CREATE TABLE client_secrets (
	id         TEXT NOT NULL PRIMARY KEY,
	client     TEXT NOT NULL,
	name       TEXT NOT NULL,
	hash       BLOB,
	created_at TEXT NOT NULL,
	expires_at TEXT NOT NULL
);
CREATE INDEX client_secrets_by_client ON client_secrets (client, id);

-- A holder is a user ('user', folded name) or a client ('client', id). An empty site is every site.
CREATE TABLE roles (
	kind   TEXT NOT NULL,
	holder TEXT NOT NULL,
	site   TEXT NOT NULL,
	role   TEXT NOT NULL,
	PRIMARY KEY (kind, holder, site)
);

CREATE TABLE sessions (
	id         TEXT NOT NULL PRIMARY KEY,
	account    TEXT NOT NULL,
	name       TEXT NOT NULL,
	hash       BLOB,
	face       TEXT NOT NULL,
	address    TEXT NOT NULL,
	created_at TEXT NOT NULL,
	used_at    TEXT NOT NULL
);
CREATE INDEX sessions_by_account ON sessions (account, id);

ALTER TABLE hosts ADD COLUMN expires_at TEXT NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN revoked_at TEXT NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN next_serial TEXT NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN next_expires_at TEXT NOT NULL DEFAULT '';
