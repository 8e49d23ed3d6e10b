package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"berth"
)

const selectPreflights = `SELECT document FROM preflights`

// Preflight returns the pre-flight of that id; see berth.PreflightStore.
func (t *tx) Preflight(id string) (berth.Preflight, error) {
	missing := berth.Errorf(berth.NotFound, "there is no pre-flight with the id %q", id).On("preflight")
	return first(t, scanPreflight, missing, selectPreflights+` WHERE id = ?`, id)
}

// Preflights returns those of a host, newest first; see berth.PreflightStore.
func (t *tx) Preflights(hostID string) ([]berth.Preflight, error) {
	ps, err := list(t, scanPreflight, selectPreflights+` WHERE host = ? ORDER BY id`, hostID)
	slices.SortStableFunc(ps, func(a, b berth.Preflight) int {
		if c := b.AskedAt.Compare(a.AskedAt); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return ps, err
}

// PutPreflight creates or replaces the pre-flight; see berth.PreflightStore.
func (t *tx) PutPreflight(p berth.Preflight) error {
	doc, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("pre-flight %s: %w", p.ID, err)
	}
	return t.exec("writing pre-flight "+p.ID, `INSERT INTO preflights (id, host, document) VALUES (?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET host = excluded.host, document = excluded.document`, p.ID, p.HostID, string(doc))
}

// DeletePreflight removes the pre-flight; see berth.PreflightStore.
func (t *tx) DeletePreflight(id string) error {
	return t.exec("removing pre-flight "+id, `DELETE FROM preflights WHERE id = ?`, id)
}

func scanPreflight(r row) (p berth.Preflight, err error) {
	var doc []byte
	if err := r.Scan(&doc); err != nil {
		return p, err
	}
	if err := json.Unmarshal(doc, &p); err != nil {
		return p, fmt.Errorf("stored pre-flight: %w", err)
	}
	return p, nil
}
