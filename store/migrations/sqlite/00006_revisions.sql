-- The audit knows which revision of an object an edit made, so that a second editor can be shown what changed since the
-- revision that was seen. 0: no edit of an object, or of before this was kept.

-- +goose Up
ALTER TABLE audit ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
