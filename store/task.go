package store

import (
	"encoding/json"
	"fmt"

	"berth"
)

// Task returns the task of that id; see berth.TaskStore.
func (t *tx) Task(id string) (berth.Task, error) {
	missing := berth.Errorf(berth.NotFound, "there is no task with the id %q", id).On("task").With("tasks that ended long ago are not kept")
	return first(t, scanTask, missing, `SELECT document FROM tasks WHERE id = ?`, id)
}

// Tasks returns those that fit, newest first; see berth.TaskStore.
func (t *tx) Tasks(q berth.TaskQuery) ([]berth.Task, error) {
	var where conditions
	if q.Site != "" {
		where.add("site = ?", berth.Fold(q.Site))
	}
	if q.Open {
		where.add("open")
	}
	if q.Before != "" {
		where.add("number < (SELECT number FROM tasks WHERE id = ?)", q.Before)
	}
	clause := where.clause("number DESC", q.Limit)
	return list(t, scanTask, `SELECT document FROM tasks`+clause, where.args...)
}

// PutTask creates or replaces the task; see berth.TaskStore.
func (t *tx) PutTask(k berth.Task) error {
	doc, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("task %s: %w", k.ID, err)
	}
	return t.exec("writing task "+k.ID, `INSERT INTO tasks (id, site, open, document) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET site = excluded.site, open = excluded.open, document = excluded.document`,
		k.ID, berth.Fold(k.Site), !k.State.Over(), string(doc))
}

// DeleteTask removes the task; see berth.TaskStore.
func (t *tx) DeleteTask(id string) error {
	return t.exec("removing task "+id, `DELETE FROM tasks WHERE id = ?`, id)
}

func scanTask(r row) (k berth.Task, err error) {
	var doc []byte
	if err := r.Scan(&doc); err != nil {
		return k, err
	}
	if err := json.Unmarshal(doc, &k); err != nil {
		return k, fmt.Errorf("stored task: %w", err)
	}
	return k, nil
}
