-- Tasks: work on images that went on while nobody waited for it. The document is the whole, in JSON; the number rises with
-- every task, so that pages of them have an order. An open task has not ended.

-- +goose Up
CREATE TABLE tasks (
	number   INTEGER PRIMARY KEY AUTOINCREMENT,
	id       TEXT NOT NULL UNIQUE,
	site     TEXT NOT NULL,
	open     BOOLEAN NOT NULL,
	document TEXT NOT NULL
);
CREATE INDEX tasks_by_site ON tasks (site, number);
CREATE INDEX tasks_open ON tasks (number) WHERE open;
