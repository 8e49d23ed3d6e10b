package control

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"berth"
	"berth/auth"
	"berth/wire"
)

// Limits of tasks: how many run at once, for each reads as fast as a share gives; how many wait; what is kept, and how long.
const (
	tasksAtOnce  = 2
	mostOpen     = 100
	mostTasks    = 200 // of one site, that ended
	taskLife     = 30 * 24 * time.Hour
	mostTaskLine = 500
)

// tasks are those under way in this process.
type tasks struct {
	slots chan struct{}
	wait  sync.WaitGroup

	mu      sync.Mutex
	stopped bool
	cancel  map[string]context.CancelCauseFunc // by id
}

func newTasks() *tasks {
	return &tasks{slots: make(chan struct{}, tasksAtOnce), cancel: map[string]context.CancelCauseFunc{}}
}

// Causes for which a task is ended before its time.
var (
	errCanceled = errors.New("canceled by an administrator")
	errStopping = errors.New("the server was stopped")
)

// work of a task: what it does, with the task to log to.
type taskWork func(ctx context.Context, log func(string)) (result any, err error)

// StartTask begins work that goes on while nobody waits. Wrong requests are refused at once; what goes wrong on the way
// is in the task.
func (s *Service) StartTask(ctx context.Context, site string, r wire.StartTask) (t berth.Task, err error) {
	if err := s.mayRead(ctx, site); err != nil {
		return t, err
	}
	do, subject, err := s.taskWork(ctx, site, r)
	if err != nil {
		return t, err
	}
	if t.ID, err = s.id(); err != nil {
		return t, err
	}
	err = s.change(ctx, need{site, berth.RoleContributor}, func(w *work) error {
		t.Site, t.Kind, t.Subject, t.State, t.By, t.AskedAt = w.site.Name, r.Kind, subject, berth.TaskQueued, w.who.Name, w.at
		t.Log = []berth.TaskLine{}
		if err := w.sweepTasks(); err != nil {
			return err
		}
		if r.Kind == berth.TaskBuild { // the one kind that writes without another entry in the audit
			if err := w.AppendAudit(berth.AuditEntry{At: w.at, Site: berth.Fold(w.site.Name), Actor: w.who.Name, Face: w.who.Face,
				Action: "build image", Kind: "image", Key: subject, After: raw(r.Build)}); err != nil {
				return err
			}
		}
		w.events = append(w.events, taskEvent(t))
		return w.PutTask(t)
	})
	if err != nil {
		return t, err
	}
	return t, s.run(ctx, t, do)
}

func taskEvent(t berth.Task) wire.Event {
	return wire.Event{Kind: wire.EventTask, Key: t.ID, Action: string(t.Kind), By: t.By, State: string(t.State)}
}

// sweepTasks removes tasks that ended long ago, or too many; too many open ones are refused.
func (w *work) sweepTasks() error {
	all, err := w.Tasks(berth.TaskQuery{Site: berth.Fold(w.site.Name)})
	if err != nil {
		return err
	}
	open, ended := 0, 0
	for _, t := range all {
		if !t.State.Over() {
			open++
			continue
		}
		if ended++; ended < mostTasks && w.at.Sub(t.EndedAt) < taskLife {
			continue
		}
		if err := w.DeleteTask(t.ID); err != nil {
			return err
		}
	}
	if open >= mostOpen {
		return berth.Errorf(berth.Conflict, "%d tasks wait or run in the site already", open).On("task").With("wait for some of them, or cancel them")
	}
	return nil
}

// run lets the task go on after the request has been answered, on behalf of the same caller.
func (s *Service) run(ctx context.Context, t berth.Task, do taskWork) error {
	who, _ := auth.From(ctx)
	own, cancel := context.WithCancelCause(auth.With(context.WithoutCancel(ctx), who))
	s.tasks.mu.Lock()
	defer s.tasks.mu.Unlock()
	if s.tasks.stopped {
		cancel(errStopping)
		return berth.Errorf(berth.Unavailable, "the server is stopping").With("try again when it runs again")
	}
	s.tasks.cancel[t.ID] = cancel
	s.tasks.wait.Go(func() {
		defer cancel(nil)
		s.runTask(own, t, do)
	})
	return nil
}

func (s *Service) runTask(ctx context.Context, t berth.Task, do taskWork) {
	defer func() {
		s.tasks.mu.Lock()
		defer s.tasks.mu.Unlock()
		delete(s.tasks.cancel, t.ID)
	}()
	k := &taskKeeper{service: s, task: t}
	var result any
	err := context.Cause(ctx)
	select {
	case s.tasks.slots <- struct{}{}:
		defer func() { <-s.tasks.slots }()
		if err == nil {
			k.began()
			result, err = do(ctx, k.log)
		}
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	k.ended(result, err)
}

// taskKeeper writes down how far a task is.
type taskKeeper struct {
	service *Service
	mu      sync.Mutex
	task    berth.Task
}

func (k *taskKeeper) began() {
	k.put(func(t *berth.Task) { t.State, t.BeganAt = berth.TaskRunning, k.service.now() })
}

func (k *taskKeeper) log(line string) {
	k.put(func(t *berth.Task) {
		if len(t.Log) < mostTaskLine {
			t.Log = append(t.Log, berth.TaskLine{At: k.service.now(), Message: line})
		}
	})
}

func (k *taskKeeper) ended(result any, err error) {
	k.put(func(t *berth.Task) {
		t.State, t.EndedAt = berth.TaskDone, k.service.now()
		switch {
		case errors.Is(err, errCanceled):
			t.State = berth.TaskCanceled
		case err != nil:
			t.State, t.Failure = berth.TaskFailed, taskFailure(err)
		}
		if err == nil && result != nil {
			t.Result = raw(result)
		}
	})
}

// put changes the task, in the store and for those who listen. It has no caller who could be told of a failure.
func (k *taskKeeper) put(fn func(*berth.Task)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	fn(&k.task)
	t := k.task
	t.Log = slices.Clone(t.Log)
	s := k.service
	if err := s.store.Update(context.Background(), func(tx berth.Tx) error { return tx.PutTask(t) }); err != nil {
		s.log.Error("a task is not written down", "task", t.ID, "error", err)
		return
	}
	s.hub.tell(t.Site, s.now(), taskEvent(t))
}

// taskFailure is an error as it is shown; what is Berth's own fault is in the log alone.
func taskFailure(err error) *berth.TaskFailure {
	kind := berth.ErrorKind(err)
	e, ok := errors.AsType[*berth.Error](err)
	switch {
	case errors.Is(err, errStopping):
		return &berth.TaskFailure{Kind: berth.Unavailable.String(), Message: "the server was stopped before it was done", Remedy: "start it again"}
	case !ok || kind == berth.Internal:
		return &berth.TaskFailure{Kind: kind.String(), Message: "something went wrong inside the server", Remedy: "see the server's log"}
	}
	plain := *e
	plain.Code, plain.Remedy = "", ""
	return &berth.TaskFailure{Kind: kind.String(), Message: plain.Error(), Code: e.Code, Remedy: e.Remedy}
}

// Tasks returns the site's tasks, newest first; before: only those behind the task of that id.
func (s *Service) Tasks(ctx context.Context, site string, q berth.TaskQuery) (page wire.Page[berth.Task], err error) {
	err = s.view(ctx, site, func(w *work) error {
		q.Site = berth.Fold(w.site.Name)
		limit := q.Limit
		if limit > 0 {
			q.Limit = limit + 1
		}
		page.Items, err = w.Tx.Tasks(q)
		if limit > 0 && len(page.Items) > limit {
			page.Items = page.Items[:limit]
			page.Next = page.Items[limit-1].ID
		}
		return err
	})
	return page, err
}

// Task returns one task of the site.
func (s *Service) Task(ctx context.Context, site, id string) (t berth.Task, err error) {
	err = s.view(ctx, site, func(w *work) error {
		t, err = w.siteTask(id)
		return err
	})
	return t, err
}

func (w *work) siteTask(id string) (berth.Task, error) {
	t, err := w.Tx.Task(id)
	if err == nil && berth.Fold(t.Site) != berth.Fold(w.site.Name) {
		return berth.Task{}, berth.Errorf(berth.NotFound, "site %s has no task %q", w.site.Name, id).On("task")
	}
	return t, err
}

// CancelTask ends a task that waits or runs; what it has made so far is taken back. One that is over stays as it is.
func (s *Service) CancelTask(ctx context.Context, site, id string) (t berth.Task, err error) {
	err = s.change(ctx, need{site, berth.RoleContributor}, func(w *work) error {
		if t, err = w.siteTask(id); err != nil {
			return err
		}
		if t.State.Over() {
			return berth.Errorf(berth.Conflict, "the task is %s already", t.State).On("task").With("there is nothing to cancel")
		}
		return w.AppendAudit(berth.AuditEntry{At: w.at, Site: berth.Fold(w.site.Name), Actor: w.who.Name, Face: w.who.Face,
			Action: "cancel task", Kind: "task", Key: t.ID, After: raw(map[string]string{"kind": string(t.Kind), "subject": t.Subject})})
	})
	if err != nil {
		return t, err
	}
	s.tasks.mu.Lock()
	cancel := s.tasks.cancel[id]
	s.tasks.mu.Unlock()
	if cancel != nil {
		cancel(errCanceled)
	}
	return t, nil
}

// Stop ends the tasks under way and waits for them, as long as the context lets it. No further task begins.
func (s *Service) Stop(ctx context.Context) {
	s.tasks.mu.Lock()
	s.tasks.stopped = true
	for _, cancel := range s.tasks.cancel {
		cancel(errStopping)
	}
	s.tasks.mu.Unlock()
	done := make(chan struct{})
	go func() { s.tasks.wait.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// endLostTasks marks tasks that were under way when the server died.
func (s *Service) endLostTasks(ctx context.Context) error {
	return s.store.Update(ctx, func(tx berth.Tx) error {
		lost, err := tx.Tasks(berth.TaskQuery{Open: true})
		for _, t := range lost {
			t.State, t.EndedAt, t.Failure = berth.TaskFailed, s.now(), taskFailure(errStopping)
			if err := tx.PutTask(t); err != nil {
				return err
			}
		}
		return err
	})
}
