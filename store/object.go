package store

import (
	"strings"
	"unicode/utf8"

	"berth"
)

const selectObjects = `SELECT site, kind, item, name, family, retired, applied, draft, drafted, revision, applied_generation,
	changed_at, changed_by FROM objects`

// Object returns the object of that ref; see berth.ObjectStore.
func (t *tx) Object(ref berth.Ref) (berth.Object, error) {
	missing := berth.Errorf(berth.NotFound, "site %s has no %s %q", ref.Site, ref.Kind, ref.Key).On(string(ref.Kind))
	return first(t, scanObject, missing, selectObjects+` WHERE site = ? AND kind = ? AND item = ?`,
		berth.Fold(ref.Site), ref.Kind, berth.Fold(ref.Key))
}

// PutObject writes the object, or removes it; see berth.ObjectStore.
func (t *tx) PutObject(o berth.Object) error {
	ref := berth.NewRef(o.Site, o.Kind, o.Key)
	if len(o.Applied) == 0 && len(o.Draft) == 0 {
		if err := t.exec("removing "+string(o.Kind)+" "+o.Key, `DELETE FROM objects WHERE site = ? AND kind = ? AND item = ?`,
			ref.Site, ref.Kind, ref.Key); err != nil {
			return err
		}
		return t.placedAnew(ref)
	}
	l := o.Labels()
	err := t.exec("writing "+string(o.Kind)+" "+o.Key, `
		INSERT INTO objects (site, kind, item, name, family, retired, applied, draft, drafted, revision,
			applied_generation, changed_at, changed_by, listed, search, tags, enabled, pool, own)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (site, kind, item) DO UPDATE SET name = excluded.name, family = excluded.family, retired = excluded.retired,
			applied = excluded.applied, draft = excluded.draft, drafted = excluded.drafted, revision = excluded.revision,
			applied_generation = excluded.applied_generation, changed_at = excluded.changed_at,
			changed_by = excluded.changed_by, listed = excluded.listed, search = excluded.search, tags = excluded.tags,
			enabled = excluded.enabled, pool = excluded.pool, own = excluded.own`,
		ref.Site, ref.Kind, ref.Key, o.Name, berth.Fold(o.Family), o.Retired, document(o.Applied), document(o.Draft), o.Drafted,
		o.Revision, o.AppliedGeneration, moment(o.ChangedAt), o.ChangedBy,
		len(o.Draft) > 0, l.Search, tagList(l.Tags), l.Enabled, l.Pool, l.Own)
	if err != nil {
		return err
	}
	return t.placedAnew(ref)
}

// placedAnew regroups a host whose configuration was written.
func (t *tx) placedAnew(ref berth.Ref) error {
	if ref.Kind != berth.ObjectHost {
		return nil
	}
	return t.regroup(ref.Site, ref.Key)
}

// Objects returns the objects that fit the query; see berth.ObjectStore.
func (t *tx) Objects(q berth.ObjectQuery) ([]berth.Object, error) {
	where := objectsOf(q)
	if q.After != "" {
		where.add("item > ?", berth.Fold(q.After))
	}
	if q.Kind != "" && q.ObjectFilter != (berth.ObjectFilter{}) {
		where = where.found(q)
	}
	clause := where.clause("item, kind", q.Limit)
	return list(t, scanObject, selectObjects+clause, where.args...)
}

// objectsOf are the conditions of a query, but for where its page begins.
func objectsOf(q berth.ObjectQuery) (where conditions) {
	where.add("site = ?", berth.Fold(q.Site))
	if q.Kind != "" {
		where.add("kind = ?", q.Kind)
	}
	if q.Family != "" {
		where.add("family = ?", berth.Fold(q.Family))
	}
	if q.Drafted {
		where.add("drafted")
	}
	if q.Retired {
		where.add("retired")
	}
	if q.Alone {
		where.add("kind = 'host' AND (own OR drafted)")
	}
	// A prefix is folded, but not trimmed: a space at its end counts.
	where.prefix("item", strings.ToLower(q.Prefix))
	where.filter(q.ObjectFilter)
	return where
}

// prefix asks for texts between the prefix and the first text behind all that begin with it. An index serves this, and
// no character of the prefix has a meaning of its own, as % and _ have for LIKE.
func (c *conditions) prefix(column, prefix string) {
	if prefix == "" {
		return
	}
	c.add(column+" >= ?", prefix)
	if end := behind(prefix); end != "" {
		c.add(column+" < ?", end)
	}
}

// behind returns the smallest text greater than all that begin with the prefix, by raising its last character by one;
// empty when there is none. Byte order is code point order in UTF-8.
func behind(prefix string) string {
	for prefix != "" {
		last, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		if last == 0xD7FF {
			last = 0xDFFF // surrogates, U+D800 to U+DFFF, are no characters
		}
		if last < utf8.MaxRune {
			return prefix + string(last+1)
		}
	}
	return ""
}

func scanObject(r row) (o berth.Object, err error) {
	return o, r.Scan(&o.Site, &o.Kind, &o.Key, &o.Name, &o.Family, &o.Retired, (*[]byte)(&o.Applied), (*[]byte)(&o.Draft), &o.Drafted,
		&o.Revision, &o.AppliedGeneration, momentInto{&o.ChangedAt}, &o.ChangedBy)
}
