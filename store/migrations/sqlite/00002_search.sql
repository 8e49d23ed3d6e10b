-- What lists are searched and filtered by stands in columns of its own, taken from the draft (berth.Labels), with indexes
-- that hold all of it: the documents of an object, which are long, are read only where they are shown. Rows from before
-- get theirs here, with letters beyond ASCII as they were typed; they are folded when the object is written next.

-- +goose Up
ALTER TABLE objects ADD COLUMN listed BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE objects ADD COLUMN search TEXT NOT NULL DEFAULT '';
ALTER TABLE objects ADD COLUMN tags TEXT NOT NULL DEFAULT '';
ALTER TABLE objects ADD COLUMN enabled BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE objects ADD COLUMN pool TEXT NOT NULL DEFAULT '';
ALTER TABLE objects ADD COLUMN own BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE objects SET listed = draft IS NOT NULL;
UPDATE objects SET
	search = lower(concat_ws(char(10), draft ->> 'fullName', draft ->> 'displayName',
		coalesce(draft ->> 'publisherDisplayName', ''), draft ->> 'publisher')),
	tags = coalesce((SELECT ',' || group_concat(value, ',') || ',' FROM json_each(draft, '$.tags') HAVING count(*) > 0), ''),
	enabled = coalesce(draft ->> 'enabled', FALSE) AND NOT coalesce(draft ->> 'retiring', FALSE)
WHERE kind = 'package' AND draft IS NOT NULL;
UPDATE objects SET pool = lower(trim(coalesce(draft ->> 'pool', ''))), own = NOT coalesce(draft ->> 'inherit', FALSE)
WHERE kind = 'host' AND draft IS NOT NULL;
CREATE INDEX objects_search ON objects (site, kind, item, listed, family, enabled, tags, pool, own, drafted, retired, search);
CREATE INDEX objects_by_pool ON objects (site, pool, item) WHERE kind = 'host' AND pool <> '';

-- Of hosts the facts themselves say it: these columns are computed, and kept in the index alone.
ALTER TABLE hosts ADD COLUMN architecture TEXT GENERATED ALWAYS AS (coalesce(facts ->> 'architecture', '')) VIRTUAL;
ALTER TABLE hosts ADD COLUMN build BIGINT GENERATED ALWAYS AS (coalesce(facts ->> 'build', 0)) VIRTUAL;
CREATE INDEX hosts_outline ON hosts (site, host, kind, name, architecture, build);

CREATE INDEX audit_by_site ON audit (site, id);
