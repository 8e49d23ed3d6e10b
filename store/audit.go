package store

import (
	"strings"

	"berth"
)

// AppendAudit adds the entry; the database chooses its id, whatever the entry says. See berth.AuditStore.
func (t *tx) AppendAudit(e berth.AuditEntry) error {
	return t.exec("writing the audit", `
		INSERT INTO audit (at, site, item, site_name, actor, face, action, kind, item_name, before, after, refused,
			revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		moment(e.At), berth.Fold(e.Site), berth.Fold(e.Key), e.Site, e.Actor, e.Face, e.Action, e.Kind, e.Key,
		document(e.Before), document(e.After), e.Refused, e.Revision)
}

// Audit returns the entries that fit the query, newest first; see berth.AuditStore.
func (t *tx) Audit(q berth.AuditQuery) ([]berth.AuditEntry, error) {
	var where conditions
	if q.Site != "" {
		where.add("site = ?", berth.Fold(q.Site))
	}
	if q.Kind != "" {
		where.add("kind = ?", q.Kind)
	}
	if q.Key != "" {
		where.add("item = ?", berth.Fold(q.Key))
	}
	where.prefix("item", strings.ToLower(q.Prefix))
	if q.Before != 0 {
		where.add("id < ?", q.Before)
	}
	clause := where.clause("id DESC", q.Limit)
	return list(t, scanAudit, `SELECT id, at, site_name, actor, face, action, kind, item_name, before, after, refused, revision
		FROM audit`+clause, where.args...)
}

func scanAudit(r row) (e berth.AuditEntry, err error) {
	return e, r.Scan(&e.ID, momentInto{&e.At}, &e.Site, &e.Actor, &e.Face, &e.Action, &e.Kind, &e.Key,
		(*[]byte)(&e.Before), (*[]byte)(&e.After), &e.Refused, &e.Revision)
}
