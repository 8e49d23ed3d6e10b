package control_test

import (
	"context"
	"testing"
	"time"

	"berth"
	"berth/wire"
)

// seeTask reads a task as the owner.
func (f *farm) seeTask(id string) (berth.Task, error) {
	return f.Service.Task(f.owner, "main", id)
}

// until polls: tasks go on by themselves.
func (f *farm) until(what string, is func() bool) {
	f.t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			f.t.Fatalf("a minute has passed and not: %s", what)
		}
	}
}

// slow is a folder whose images open only once they are let, or when whoever opens them gives up.
type slow struct{ open chan struct{} }

func (s slow) Roots() []string { return []string{"/images"} }

func (s slow) List(context.Context, string) ([]berth.ImageEntry, bool, error) { return nil, false, nil }

func (s slow) Survey(ctx context.Context, path string) (berth.Image, error) {
	select {
	case <-s.open:
		return berth.Image{Path: path, Format: "vhd", Notes: []string{}}, nil
	case <-ctx.Done():
		return berth.Image{}, berth.Errorf(berth.Unavailable, "given up: %w", ctx.Err())
	}
}

func (s slow) CheckNew(path string) error {
	if path == "/elsewhere.vhdx" {
		return berth.Errorf(berth.Forbidden, "%s is not below a configured image root", path)
	}
	return nil
}

func (s slow) Make(ctx context.Context, b berth.BuildImage) (berth.Image, error) {
	return s.Survey(ctx, b.Out)
}

func slowFarm(t *testing.T) (*farm, slow) {
	f, s := newFarm(t), slow{make(chan struct{})}
	f.images = s
	f.must(f.store.Close())
	f.open()
	t.Cleanup(func() { f.Stop(context.Background()) })
	return f, s
}

var inspect = wire.StartTask{Kind: berth.TaskInspect, Path: "/images/a.vhd"}

// TestTaskTurns: two run, the third waits; one that is cancelled makes room; all are over in the end, and each was heard of.
func TestTaskTurns(t *testing.T) {
	f, s := slowFarm(t)
	events, done, err := f.Listen(f.owner, "main")
	f.must(err)
	defer done()
	ids := []string{f.task(inspect), f.task(inspect), f.task(inspect)}
	in := func(id string, state berth.TaskState) func() bool {
		return func() bool { k, err := f.seeTask(id); f.must(err); return k.State == state }
	}
	running := func() (n int) {
		page, err := f.Tasks(f.owner, "main", berth.TaskQuery{Open: true})
		f.must(err)
		for _, k := range page.Items {
			if k.State == berth.TaskRunning {
				n++
			}
		}
		return n
	}
	f.until("two run", func() bool { return running() == 2 })
	var waiting, one string
	for _, id := range ids {
		if in(id, berth.TaskQueued)() {
			waiting = id
		} else {
			one = id
		}
	}
	_, err = f.CancelTask(f.owner, "main", one)
	f.must(err)
	f.until("the cancelled one is over", in(one, berth.TaskCanceled))
	f.until("the third runs", in(waiting, berth.TaskRunning))
	_, err = f.CancelTask(f.owner, "main", one)
	wantKind(t, err, berth.Conflict)
	close(s.open)
	for _, id := range ids {
		if k := f.ended(id); id != one && (k.State != berth.TaskDone || k.BeganAt.IsZero() || k.EndedAt.IsZero() || len(k.Result) == 0) {
			t.Errorf("%+v", k)
		}
	}
	over := map[string]bool{}
	for len(over) < len(ids) {
		select {
		case e := <-events:
			if e.Kind == wire.EventTask && berth.TaskState(e.State).Over() {
				over[e.Key] = true
			}
		case <-time.After(time.Minute):
			t.Fatalf("heard of the end of %v only", over)
		}
	}
}

// TestTaskRefusals: what can be known to be wrong is refused before anything begins.
func TestTaskRefusals(t *testing.T) {
	f, _ := slowFarm(t)
	for name, tt := range map[string]struct {
		ask  wire.StartTask
		kind berth.Kind
	}{
		"kind": {wire.StartTask{Kind: "dance"}, berth.Invalid}, "no path": {wire.StartTask{Kind: berth.TaskInspect}, berth.Invalid},
		"nothing to verify": {wire.StartTask{Kind: berth.TaskVerify}, berth.Invalid},
		"unknown package":   {wire.StartTask{Kind: berth.TaskVerify, Package: "x"}, berth.NotFound},
		"nothing to add":    {wire.StartTask{Kind: berth.TaskAdd}, berth.Invalid},
		"nothing to build":  {wire.StartTask{Kind: berth.TaskBuild, Build: &berth.BuildImage{Out: "/images/x.vhd"}}, berth.Invalid},
		"build elsewhere":   {wire.StartTask{Kind: berth.TaskBuild, Build: &berth.BuildImage{Packages: []string{"/images/a.msix"}, Out: "/elsewhere.vhdx"}}, berth.Forbidden},
	} {
		_, err := f.StartTask(f.owner, "main", tt.ask)
		if berth.ErrorKind(err) != tt.kind {
			t.Errorf("%s: %v, want %v", name, err, tt.kind)
		}
	}
	_, err := f.StartTask(as("rita", "main", berth.RoleReader), "main", inspect)
	wantKind(t, err, berth.Forbidden)
	if page, err := f.Tasks(f.owner, "main", berth.TaskQuery{}); err != nil || len(page.Items) != 0 {
		t.Errorf("refused tasks are there: %+v, %v", page.Items, err)
	}
	_, err = f.CreateSite(f.owner, berth.Site{Name: "lab"})
	f.must(err)
	id := f.task(inspect)
	_, err = f.Service.Task(f.owner, "lab", id)
	wantKind(t, err, berth.NotFound)
	_, err = f.CancelTask(f.owner, "lab", id)
	wantKind(t, err, berth.NotFound)
}

// TestTaskOfDeadServer: tasks that died with a server are over after the next start; a server that is stopped ends its own.
func TestTaskOfDeadServer(t *testing.T) {
	f, _ := slowFarm(t)
	id := f.task(inspect)
	f.until("it runs", func() bool { k, err := f.seeTask(id); f.must(err); return k.State == berth.TaskRunning })
	f.Stop(context.Background())
	if k := f.ended(id); k.State != berth.TaskFailed || k.Failure.Remedy == "" {
		t.Errorf("stopped: %+v", k)
	}
	_, err := f.StartTask(f.owner, "main", inspect)
	wantKind(t, err, berth.Unavailable)
	f.must(f.store.Update(context.Background(), func(tx berth.Tx) error {
		return tx.PutTask(berth.Task{ID: "dead", Site: "Main", State: berth.TaskRunning, AskedAt: f.clock.now()})
	}))
	f.must(f.store.Close())
	f.open()
	if _, _, err := f.Begin(context.Background(), berth.Site{Name: "Main"}); err != nil {
		t.Fatal(err)
	}
	if k := f.ended("dead"); k.State != berth.TaskFailed {
		t.Errorf("dead: %+v", k)
	}
}

// TestTaskPages reads tasks in pages, and sweeps away those that ended long ago.
func TestTaskPages(t *testing.T) {
	f, s := slowFarm(t)
	close(s.open)
	var ids []string
	for range 5 {
		id := f.task(inspect)
		f.ended(id)
		ids = append([]string{id}, ids...)
	}
	var got []string
	q := berth.TaskQuery{Limit: 2}
	for {
		page, err := f.Tasks(f.owner, "main", q)
		f.must(err)
		for _, k := range page.Items {
			got = append(got, k.ID)
		}
		if q.Before = page.Next; page.Next == "" {
			break
		}
	}
	if len(got) != 5 || got[0] != ids[0] || got[4] != ids[4] {
		t.Errorf("got %v, want %v", got, ids)
	}
	f.clock.pass(31 * 24 * time.Hour)
	f.ended(f.task(inspect))
	if page, err := f.Tasks(f.owner, "main", berth.TaskQuery{}); err != nil || len(page.Items) != 1 {
		t.Errorf("%d tasks are left, %v", len(page.Items), err)
	}
}

func TestOverview(t *testing.T) {
	f := newFarm(t)
	f.add("1", "Production")
	f.assign(rdsh, byTag)
	f.apply()
	good, bad := f.enroll("good", berth.KindRDSH, ""), f.enroll("bad", berth.KindRDSH, "")
	good.settle()
	bad.sync(nil)
	bad.sync(&berth.Facts{Architecture: "x64", Build: 17763, At: f.clock.now(), Packages: []berth.PackageFacts{{FullName: notesOne, FamilyName: family,
		Failure: &berth.Failure{Phase: berth.PhaseAttach, Code: "ENOENT", Message: "no such file"}}}})
	f.add("2")
	o, err := f.Overview(as("rita", "main", berth.RoleReader), "main")
	f.must(err)
	if o.Packages != (wire.OverviewPackages{Total: 2, Enabled: 2, Families: 1}) || o.Status.Hosts != 2 || o.Status.ByStatus["Ready"] != 1 || o.Status.ByStatus["Not found"] != 1 {
		t.Errorf("%+v %+v", o.Packages, o.Status)
	}
	if o.NeedAttention != 1 || len(o.Attention) != 1 || o.Attention[0].Host != "bad" || o.Notices[berth.NoticeOldWindows] != 1 {
		t.Errorf("attention: %+v, notices %v", o.Attention, o.Notices)
	}
	if o.Pending.Count != 1 || o.Pending.By[0] != "olga" || len(o.Audit) == 0 || o.Audit[0].Action != "add package" || !o.Enabled {
		t.Errorf("%+v", o)
	}
	_, err = f.Overview(as("eve", "lab", berth.RoleOwner), "main")
	wantKind(t, err, berth.Forbidden)
}
