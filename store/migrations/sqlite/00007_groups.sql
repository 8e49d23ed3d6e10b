-- Groups of hosts that are alike as far as plans and statuses go (berth.GroupOf), and how many hosts are in each: what is
-- counted over a farm is counted over its groups. Hosts from before get theirs when the database is opened.

-- +goose Up
ALTER TABLE hosts ADD COLUMN grp TEXT NOT NULL DEFAULT '';
CREATE INDEX hosts_by_group ON hosts (site, grp, host);
CREATE INDEX hosts_by_sight ON hosts (site, last_seen, grp);
CREATE TABLE host_groups (
	site  TEXT NOT NULL,
	grp   TEXT NOT NULL,
	hosts BIGINT NOT NULL,
	PRIMARY KEY (site, grp)
);
CREATE INDEX objects_alone ON objects (site, item) WHERE kind = 'host' AND (own OR drafted);
DROP INDEX hosts_outline;
CREATE INDEX hosts_outline ON hosts (site, host, kind, name, architecture, build, grp);
