-- Users that the owner of a site made are that owner's to manage; empty: the farm's.

-- +goose Up
ALTER TABLE users ADD COLUMN home TEXT NOT NULL DEFAULT '';
