package storetest

import (
	"strings"

	"berth"
)

var taskTests = map[string]func(*bench){
	"missing":   taskMissing,
	"roundTrip": taskRoundTrip,
	"pages":     taskPages,
}

func taskMissing(b *bench) {
	b.view(func(tx berth.Tx) error {
		_, err := tx.Task("t1")
		b.missing(err, "t1")
		all, err := tx.Tasks(berth.TaskQuery{})
		b.equal("number of tasks", len(all), 0)
		return err
	})
	b.update(func(tx berth.Tx) error { return tx.DeleteTask("t1") })
}

func taskRoundTrip(b *bench) {
	task := berth.Task{ID: "t1", Site: "Main", Kind: berth.TaskVerify, Subject: `\\files\a's.vhdx`, State: berth.TaskQueued, By: "olga",
		AskedAt: moment(1), Log: []berth.TaskLine{{At: moment(1), Message: "waits"}}}
	b.update(func(tx berth.Tx) error { return tx.PutTask(task) })
	task.State, task.EndedAt, task.Result = berth.TaskFailed, moment(2), []byte(`{"ok":false}`)
	task.Failure = &berth.TaskFailure{Kind: "invalid", Message: "broken", Code: "0x1", Remedy: "mend it"}
	b.update(func(tx berth.Tx) error { return tx.PutTask(task) })
	b.reopen() // they survive a restart
	b.view(func(tx berth.Tx) error {
		got, err := tx.Task("t1")
		b.equal("task", got, task)
		return err
	})
	b.update(func(tx berth.Tx) error { return tx.DeleteTask("t1") })
	b.view(func(tx berth.Tx) error {
		_, err := tx.Task("t1")
		b.missing(err, "t1")
		return nil
	})
}

// taskPages: newest first, a page behind a task, one site, open ones alone; a task that is written again keeps its place.
func taskPages(b *bench) {
	put := func(id, site string, state berth.TaskState) {
		b.update(func(tx berth.Tx) error { return tx.PutTask(berth.Task{ID: id, Site: site, State: state}) })
	}
	put("d", "main", berth.TaskRunning)
	put("a", "main", berth.TaskDone)
	put("c", "lab", berth.TaskQueued)
	put("b", "Main", berth.TaskQueued)
	put("d", "main", berth.TaskCanceled)
	for want, q := range map[string]berth.TaskQuery{
		"b c a d": {}, "b a d": {Site: "MAIN"}, "b": {Site: "main", Open: true}, "a d": {Site: "main", Before: "b"},
		"b a": {Site: "main", Limit: 2}, "b c": {Open: true}, "": {Site: "main", Before: "d"},
	} {
		b.view(func(tx berth.Tx) error {
			tasks, err := tx.Tasks(q)
			var ids []string
			for _, t := range tasks {
				ids = append(ids, t.ID)
			}
			b.equal("tasks", strings.Join(ids, " "), want)
			return err
		})
	}
}
