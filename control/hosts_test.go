package control_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"berth"
	"berth/control"
	"berth/wire"
)

func TestEnroll(t *testing.T) {
	f := newFarm(t)
	f.pool("Pool A", berth.KindVDI)
	m := f.enroll("VDI-01", berth.KindVDI, "Pool A")
	v, err := f.Host(f.owner, "main", "vdi-01")
	if err != nil || v.ID != m.id || v.Pool != "Pool A" || !v.Inherit || v.Kind != berth.KindVDI || v.Facts.Build != 19045 {
		t.Errorf("the host: %+v, %v", v, err)
	}
	if e := f.audit()[0]; e.Action != "enrol host" || e.Face != "agent" || !strings.HasPrefix(e.Actor, "enrolment key") {
		t.Errorf("the audit: %+v", e)
	}
	f.wantChanges() // a host is there at once, as no draft
}

func TestEnrollRefusals(t *testing.T) {
	f := newFarm(t)
	f.pool("Pool A", berth.KindRDSH)
	used := f.key("main", wire.CreateEnrollKey{Kind: berth.KindRDSH})
	_, err := f.tryEnroll(used.Text, "h1")
	f.must(err)
	expired := f.key("main", wire.CreateEnrollKey{Kind: berth.KindRDSH, Hours: 1})
	f.clock.pass(2 * time.Hour)
	revoked := f.key("main", wire.CreateEnrollKey{Kind: berth.KindRDSH})
	f.must(f.Revoke(f.owner, revoked.ID))
	token, err := f.CreateToken(f.owner, wire.CreateToken{Name: "t", Role: berth.RoleOwner})
	f.must(err)
	good := f.key("main", wire.CreateEnrollKey{Kind: berth.KindRDSH, MaxUses: -1})
	foreign := newFarm(t).key("main", wire.CreateEnrollKey{Kind: berth.KindRDSH})
	orphan := f.key("main", wire.CreateEnrollKey{Kind: berth.KindRDSH, Pool: "Pool A"})
	f.must(f.RemovePool(f.owner, "main", "Pool A"))
	f.apply()
	tests := map[string]struct {
		key, name string
		want      berth.Kind
	}{
		"used up":          {used.Text, "h2", berth.Unauthenticated},
		"expired":          {expired.Text, "h2", berth.Unauthenticated},
		"revoked":          {revoked.Text, "h2", berth.Unauthenticated},
		"of another farm":  {foreign.Text, "h2", berth.Unauthenticated},
		"a token":          {token.Text, "h2", berth.Unauthenticated},
		"wrong secret":     {good.Text[:len(good.Text)-52] + used.Text[len(used.Text)-52:], "h2", berth.Unauthenticated},
		"nonsense":         {"please", "h2", berth.Unauthenticated},
		"nothing":          {"", "h2", berth.Unauthenticated},
		"pool is gone":     {orphan.Text, "h2", berth.Conflict},
		"no name":          {good.Text, "", berth.Invalid},
		"spaces":           {good.Text, "   ", berth.Invalid},
		"a folder upwards": {good.Text, "..", berth.Invalid},
		"a path":           {good.Text, "a/b", berth.Invalid},
		"too long":         {good.Text, strings.Repeat("h", 65), berth.Invalid},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := f.tryEnroll(tt.key, tt.name)
			wantKind(t, err, tt.want)
		})
	}
	for what, r := range map[string]wire.EnrollRequest{
		"protocol of tomorrow": {Protocol: wire.Protocol + 1, Key: good.Text, Name: "h2", CSR: request(t)},
		"no protocol":          {Key: good.Text, Name: "h2", CSR: request(t)},
		"no request":           {Protocol: wire.Protocol, Key: good.Text, Name: "h2"},
		"a broken request":     {Protocol: wire.Protocol, Key: good.Text, Name: "h2", CSR: []byte("MII")},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := f.Enroll(context.Background(), r)
			wantKind(t, err, berth.Invalid)
		})
	}
	if views, _ := f.Hosts(f.owner, "main", "", 0); len(views) != 1 {
		t.Errorf("%d hosts after refusals, want 1", len(views))
	}
	keys, err := f.Credentials(f.owner, berth.CredentialEnroll, "main")
	f.must(err)
	for _, k := range keys {
		if (k.ID == good.ID || k.ID == orphan.ID) && k.Uses != 0 {
			t.Errorf("a refused enrolment used the key %s", k.Name)
		}
	}
	for _, name := range []string{"h", "2", "pc.example.org"} {
		if _, err := f.tryEnroll(good.Text, name); err != nil {
			t.Errorf("host %q: %v", name, err)
		}
	}
}

// TestEnrollAgain: the host keeps what administrators set about it, its old certificate opens nothing any more.
func TestEnrollAgain(t *testing.T) {
	f := newFarm(t)
	f.add("1")
	f.pool("Pool A", berth.KindRDSH)
	f.pool("Pool B", berth.KindRDSH)
	old := f.enroll("h1", berth.KindRDSH, "Pool A")
	f.must(f.SetHostPool(f.owner, "main", "h1", "Pool B"))
	f.assign(hostOf("h1"), exactly("1"))
	f.apply()
	again := f.enroll("H1", berth.KindRDSH, "")
	if again.id != old.id || again.serial == old.serial {
		t.Errorf("host %s became %s, certificate %s became %s", old.id, again.id, old.serial, again.serial)
	}
	_, err := f.Sync(context.Background(), old.id, old.serial, old.request(nil, 0))
	wantKind(t, err, berth.Unauthenticated)
	again.settle()
	f.wantStatuses("h1", "1: Ready")
	if v, err := f.Host(f.owner, "main", "h1"); err != nil || v.Pool != "Pool B" {
		t.Errorf("pool %q, %v", v.Pool, err)
	}
	f.enroll("h1", berth.KindRDSH, "Pool A")
	if v, _ := f.Host(f.owner, "main", "h1"); v.Pool != "Pool A" {
		t.Errorf("with a key for a pool: %q", v.Pool)
	}
	f.enroll("h1", berth.KindVDI, "")
	if v, _ := f.Host(f.owner, "main", "h1"); v.Pool != "" || v.Kind != berth.KindVDI {
		t.Errorf("as another kind: %+v", v)
	}
	f.apply() // the host is in no pool that could be in the way
}

func TestRemoveHost(t *testing.T) {
	f := newFarm(t)
	m := f.enroll("h1", berth.KindRDSH, "")
	f.must(f.RemoveHost(f.owner, "main", "H1"))
	wantKind(t, f.RemoveHost(f.owner, "main", "h1"), berth.NotFound)
	_, err := f.Host(f.owner, "main", "h1")
	wantKind(t, err, berth.NotFound)
	_, err = f.Assignments(f.owner, "main", hostOf("h1"))
	wantKind(t, err, berth.NotFound)
	_, err = f.Sync(context.Background(), m.id, m.serial, m.request(nil, 0))
	wantKind(t, err, berth.Unauthenticated)
	_, err = f.Statuses(f.owner, "main", control.StatusQuery{Host: "h1"})
	wantKind(t, err, berth.NotFound)
	wantKind(t, f.RetryHost(f.owner, "main", "h1"), berth.NotFound)
}

func TestSyncRefusals(t *testing.T) {
	f := newFarm(t)
	one, two := f.enroll("h1", berth.KindRDSH, ""), f.enroll("h2", berth.KindRDSH, "")
	ask := func(id, serial string, protocol int) error {
		r := one.request(nil, 0)
		r.Protocol = protocol
		_, err := f.Sync(context.Background(), id, serial, r)
		return err
	}
	wantKind(t, ask(one.id, two.serial, wire.Protocol), berth.Unauthenticated)
	wantKind(t, ask("nobody", one.serial, wire.Protocol), berth.Unauthenticated)
	wantKind(t, ask(one.id, one.serial, wire.Protocol+1), berth.Invalid)
	wantKind(t, ask(one.id, one.serial, 0), berth.Invalid)
	f.must(ask(one.id, one.serial, wire.Protocol))
}

// TestSyncAnswers: equal digests are equal plans; a host that holds the right plan is not sent it again.
func TestSyncAnswers(t *testing.T) {
	f := newFarm(t)
	f.add("1", "Production")
	f.assign(rdsh, byTag)
	f.apply()
	one, two := f.enroll("h1", berth.KindRDSH, ""), f.enroll("h2", berth.KindRDSH, "")
	one.sync(nil)
	two.sync(nil)
	if one.held.Digest != two.held.Digest || !slices.Equal(planNames(one.plan), planNames(two.plan)) {
		t.Errorf("two hosts alike hold %s and %s", one.held.Digest, two.held.Digest)
	}
	digest := one.held.Digest
	f.add("2")
	f.apply() // nothing for these hosts
	if out := one.sync(nil); out.Plan != nil || out.Digest != digest || out.Generation <= two.held.Generation {
		t.Errorf("an apply that does not concern the host: %+v", out)
	}
	f.assign(hostOf("h2"), exactly("2"))
	f.apply()
	if out := one.sync(nil); out.Plan != nil || out.Digest != digest {
		t.Errorf("an apply for another host: %+v", out)
	}
	if out := two.sync(nil); out.Plan == nil || out.Digest == digest {
		t.Errorf("an apply for the host: %+v", out)
	}
	// A host that comes from the future, since the database was restored, gets the plan of now.
	r := one.request(nil, 0)
	r.Generation = 1000
	if out, err := f.Sync(context.Background(), one.id, one.serial, r); err != nil || out.Plan == nil || out.Generation >= 1000 {
		t.Errorf("after a restore: %+v, %v", out, err)
	}
	nexts := map[int]bool{}
	for range 50 {
		out := one.sync(nil)
		if out.Next < 24 || out.Next > 36 || out.Protocol != wire.Protocol {
			t.Fatalf("answer to a poll: %+v", out)
		}
		nexts[out.Next] = true
	}
	if len(nexts) < 3 {
		t.Errorf("polls without jitter: %v", nexts)
	}
}

// wait asks for news in the background.
func (m *machine) wait(ctx context.Context) <-chan wire.SyncResponse {
	answered := make(chan wire.SyncResponse, 1)
	r := m.request(nil, 50)
	go func() {
		defer close(answered)
		if out, err := m.f.Sync(ctx, m.id, m.serial, r); err == nil {
			answered <- out
		}
	}()
	return answered
}

func silent(t *testing.T, answered <-chan wire.SyncResponse, why string) {
	t.Helper()
	select {
	case out := <-answered:
		t.Fatalf("%s woke the host: %+v", why, out)
	case <-time.After(150 * time.Millisecond):
	}
}

func heard(t *testing.T, answered <-chan wire.SyncResponse, why string) (out wire.SyncResponse) {
	t.Helper()
	select {
	case out = <-answered:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s did not wake the host", why)
	}
	return out
}

// TestSyncWaits: the wait ends with an apply or a retry of this site, and with nothing else.
func TestSyncWaits(t *testing.T) {
	f := newFarm(t)
	_, err := f.CreateSite(f.owner, berth.Site{Name: "Other"})
	f.must(err)
	f.add("1")
	m := f.enroll("h1", berth.KindRDSH, "")
	m.sync(nil)
	answered := m.wait(context.Background())
	f.assign(rdsh, exactly("1"))
	silent(t, answered, "a draft")
	_, err = f.AddPool(f.owner, "other", berth.Pool{Name: "Pool A", Kind: berth.KindRDSH}, true)
	f.must(err)
	silent(t, answered, "an apply in another site")
	f.apply()
	out := heard(t, answered, "an apply")
	if out.Plan == nil || len(out.Plan.Packages) != 1 {
		t.Errorf("woken with %+v", out)
	}
	m.keep(out)

	answered = m.wait(context.Background())
	other := f.enroll("h2", berth.KindRDSH, "")
	m.keep(heard(t, answered, "an enrolment, which is applied at once"))
	answered = m.wait(context.Background())
	f.must(f.RetryHost(f.owner, "main", "h2"))
	silent(t, answered, "a retry of another host")
	f.must(f.RetryHost(f.owner, "main", "H1"))
	if out = heard(t, answered, "a retry"); out.Retry != 1 || out.Plan != nil {
		t.Errorf("woken with %+v", out)
	}
	other.sync(nil)

	f.must(f.RetryHost(f.owner, "main", "h1")) // while the host is not waiting
	m.keep(out)
	if out = heard(t, m.wait(context.Background()), "a retry asked for between two requests"); out.Retry != 2 {
		t.Errorf("woken with %+v", out)
	}
	m.keep(out)

	ctx, cancel := context.WithCancel(context.Background())
	answered = m.wait(ctx)
	silent(t, answered, "nothing")
	cancel() // the server stops
	if out = heard(t, answered, "the end of the request"); out.Plan != nil || out.Generation != m.held.Generation {
		t.Errorf("ended with %+v", out)
	}
}

// TestSyncWaitEnds: a certificate that loses its force while it waits gets no plan, and an absurd wait no end that is absurd.
func TestSyncWaitEnds(t *testing.T) {
	f := newFarm(t)
	m := f.enroll("h1", berth.KindRDSH, "")
	m.sync(nil)
	for what, end := range map[string]func(){
		"enrolling again": func() { f.enroll("h1", berth.KindRDSH, "") },
		"removing it":     func() { f.must(f.RemoveHost(f.owner, "main", "h1")) },
	} {
		m = f.enroll("h1", berth.KindRDSH, "")
		m.sync(nil)
		failed := make(chan error, 1)
		go func() {
			_, err := f.Sync(context.Background(), m.id, m.serial, m.request(nil, 50))
			failed <- err
		}()
		time.Sleep(50 * time.Millisecond)
		end()
		select {
		case err := <-failed:
			wantKind(t, err, berth.Unauthenticated)
		case <-time.After(10 * time.Second):
			t.Fatalf("%s did not end the wait", what)
		}
	}
	m = f.enroll("h1", berth.KindRDSH, "")
	m.sync(nil)
	ctx := t.Context()
	r := m.request(nil, 1<<62)
	answered := make(chan wire.SyncResponse, 1)
	go func() {
		out, _ := f.Sync(ctx, m.id, m.serial, r)
		answered <- out
	}()
	silent(t, answered, "a wait beyond all measure")
}

// TestRestart: what was acknowledged is there after the database was opened anew; plans and digests are the same.
func TestRestart(t *testing.T) {
	f := newFarm(t)
	f.add("1")
	f.assign(rdsh, exactly("1"))
	f.apply()
	m := f.enroll("h1", berth.KindRDSH, "")
	m.settle("ada")
	audit := len(f.audit())
	f.must(f.store.Close())
	f.open()
	if out := m.sync(nil); out.Plan != nil || out.Digest != m.held.Digest {
		t.Errorf("after a restart: %+v", out)
	}
	f.wantStatuses("h1", "1: In use")
	if got := len(f.audit()); got != audit {
		t.Errorf("%d entries in the audit, %d before", got, audit)
	}
}
