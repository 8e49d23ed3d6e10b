//go:build linux

package linuxhost

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"berth"
)

// Source is what tells of sessions. What PAM tells of counts with each.
type Source string

// The sources of sessions.
const (
	SourceAuto   Source = "auto"   // the login manager where it answers, else utmp where it is
	SourceLogind Source = "logind" // systemd-logind
	SourceUtmp   Source = "utmp"   // the file of logins, utmp(5)
	SourcePAM    Source = "pam"    // OpenSession and CloseSession alone
)

// Between two looks at a source, how long one may take, and how long news are gathered before one.
const (
	betweenLooks  = 5 * time.Second
	patience      = 10 * time.Second
	gatheringNews = 50 * time.Millisecond
)

// login is a session as a source tells of it.
type login struct {
	id     string
	user   string
	uid    int64 // -1: not told
	pid    int   // its first process; 0: not told
	since  time.Time
	class  string // of logind: user, greeter, ...
	state  string // of logind: online, active or closing
	seat   string
	remote bool
}

func (l login) key() string { return l.id + " " + strconv.Itoa(l.pid) }

// logins keeps the records of sessions at what a source tells: one begins when the source shows it and nobody has recorded
// it, and ends when the source shows it no more. A source that does not answer ends nothing.
type logins struct {
	o       Options
	manager logind
	// known are sessions of the source that had a record before. One whose record ended is not begun again, though the
	// source may show it for a while: PAM, or whoever logged it off, knew better.
	known    map[string]bool
	answered bool   // the login manager did, in this process or in the one before
	last     Source // which source was used
	silent   time.Time

	stop context.CancelFunc
	done chan struct{}

	mu       sync.Mutex
	problems []string
}

// newLogins returns nil where PAM alone tells of sessions.
func newLogins(o Options) (*logins, error) {
	o.Bus, o.Utmp, o.Sessions = cmp.Or(o.Bus, systemBus()), cmp.Or(o.Utmp, "/run/utmp"), cmp.Or(o.Sessions, SourcePAM)
	o.betweenLooks, o.patience = cmp.Or(o.betweenLooks, betweenLooks), cmp.Or(o.patience, patience)
	if o.HomeOf == nil {
		o.HomeOf = HomeOf
	}
	list, err := noteEnded(o.StateDir)
	if err != nil {
		return nil, err
	}
	found := slices.ContainsFunc(list, func(s Session) bool { return s.Ended.IsZero() && s.Source == SourceLogind })
	switch o.Sessions {
	case SourceAuto, SourceLogind:
	case SourceUtmp, SourcePAM:
		if err := orphaned(o.StateDir, list); err != nil {
			return nil, err
		}
		if o.Sessions == SourcePAM {
			return nil, nil
		}
	default:
		return nil, berth.Errorf(berth.Invalid, "there is no source of sessions %q", o.Sessions).On("sessions").With("use auto, logind, utmp or pam")
	}
	return &logins{o: o, known: map[string]bool{}, answered: found, manager: logind{address: o.Bus, news: make(chan struct{}, 1)}}, nil
}

// orphaned has sessions that the login manager told of end with their processes, because it is not asked any more.
func orphaned(stateDir string, list []Session) error {
	for _, s := range list {
		if !s.Ended.IsZero() || s.Source != SourceLogind {
			continue
		}
		err := alone(stateDir, func() error {
			if s.Source = ""; s.PID == 0 {
				s.Ended = time.Now()
			}
			return s.write(stateDir)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *logins) begin() {
	if l == nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	l.stop, l.done = stop, make(chan struct{})
	go func() {
		defer close(l.done)
		defer l.manager.close()
		l.run(ctx)
	}()
}

func (l *logins) end() {
	if l != nil {
		l.stop()
		<-l.done
	}
}

// run looks at the source now and then, and when it says that something changed.
func (l *logins) run(ctx context.Context) {
	for {
		l.pass(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(l.o.betweenLooks):
			continue
		case <-l.manager.news:
		}
		select { // news come in crowds
		case <-ctx.Done():
			return
		case <-time.After(gatheringNews):
		}
		select {
		case <-l.manager.news:
		default:
		}
	}
}

// pass takes one look and brings the records up to it.
func (l *logins) pass(ctx context.Context) {
	list, source, err := l.ask(ctx)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		l.report(source, err)
		return
	}
	if source != l.last {
		l.o.Log.Info("sessions come from", "source", source, "and", SourcePAM)
	} else if !l.silent.IsZero() {
		l.o.Log.Info("sessions are told again", "source", source)
	}
	l.last, l.silent = source, time.Time{}
	problems, err := l.record(ctx, list, source)
	if err != nil {
		problems = append(problems, "cannot bring the records of sessions up to date: "+err.Error())
	}
	l.set(problems)
}

// ask returns what the source tells, and which it is. A login manager that answered once is not replaced by utmp when it
// falls silent: it comes back, and the sessions it told of have not ended.
func (l *logins) ask(ctx context.Context) ([]login, Source, error) {
	if l.o.Sessions != SourceUtmp {
		ctx, cancel := context.WithTimeout(ctx, l.o.patience)
		defer cancel()
		list, err := l.manager.look(ctx)
		l.answered = l.answered || err == nil
		if l.answered || l.o.Sessions == SourceLogind {
			return list, SourceLogind, err
		}
		if !hasUtmp(l.o.Utmp) {
			return nil, SourcePAM, nil
		}
	}
	list, err := readUtmp(l.o.Utmp)
	return list, SourceUtmp, err
}

// report says that the source does not answer, with the reason found first.
func (l *logins) report(source Source, err error) {
	if !l.silent.IsZero() && l.last == source {
		return
	}
	l.last, l.silent = source, l.o.Now()
	l.o.Log.Warn("the source of sessions does not answer", "source", source, "error", err)
	l.set([]string{fmt.Sprintf("%s has not told of sessions since %s; those it told of stay as they were seen last, and new ones are known from PAM alone: %v",
		source, l.silent.UTC().Format(time.RFC3339), err)})
}

func (l *logins) set(problems []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.problems = problems
}

// findings are what is wrong with the source.
func (l *logins) findings() []string {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.problems
}

// record begins and ends sessions after the list of a source.
func (l *logins) record(ctx context.Context, list []login, source Source) (problems []string, err error) {
	records, err := noteEnded(l.o.StateDir)
	if err != nil {
		return nil, err
	}
	shown, wanted := map[string]bool{}, map[string]bool{}
	for _, one := range list {
		shown[one.key()] = true
		if r := match(records, one, source); r != nil {
			wanted[r.ID] = true
			l.known[one.key()] = l.known[one.key()] || r.Source == "" || r.Source == source
			continue
		}
		if l.known[one.key()] || one.state == "closing" {
			continue
		}
		s, err := l.open(ctx, one, source)
		if berth.ErrorKind(err) == berth.Conflict {
			continue // PAM was quicker
		}
		if err != nil {
			problems = append(problems, fmt.Sprintf("session %s of %s, which %s shows, gets no applications: %v", one.id, one.user, source, err))
			continue
		}
		records, wanted[s.ID], l.known[one.key()] = append(records, s), true, true
	}
	for key := range l.known {
		if !shown[key] {
			delete(l.known, key)
		}
	}
	for _, r := range records {
		if r.Source != source || !r.Ended.IsZero() || wanted[r.ID] {
			continue
		}
		l.o.Log.Info("a session ended", "session", r.ID, "user", r.User, "source", source)
		err = closeIf(l.o.StateDir, r.ID, func(s Session) bool { return s.Source == source && s.Since.Equal(r.Since) })
		if err != nil && !os.IsNotExist(err) && !berth.IsNotFound(err) {
			return problems, err
		}
	}
	return problems, nil
}

// open records a session that a source shows.
func (l *logins) open(ctx context.Context, one login, source Source) (Session, error) {
	s := Session{ID: one.id, User: one.user, PID: one.pid, Since: one.since, Source: source}
	home, uid, err := l.o.HomeOf(ctx, one.user)
	if err != nil {
		return s, err
	}
	if one.uid >= 0 && one.uid != uid {
		return s, berth.Errorf(berth.Precondition, "its user has the number %d, and the system knows %s as %d", one.uid, one.user, uid)
	}
	if start, err := startOf(s.PID); err != nil || start == 0 {
		s.PID = 0 // its first process has ended, the session has not
	}
	if now := time.Now(); s.Since.IsZero() || s.Since.After(now) {
		s.Since = now
	}
	s.Home = home
	if err := OpenSession(l.o.StateDir, s); err != nil {
		return s, err
	}
	l.o.Log.Info("a session began", "session", s.ID, "user", s.User, "source", source, "seat", one.seat, "remote", one.remote)
	return s, nil
}

// match finds the record of a session that a source shows. One that somebody else made counts before the source's own,
// which then goes.
func match(records []Session, one login, source Source) *Session {
	var own *Session
	for i, r := range records {
		switch {
		case !r.Ended.IsZero() || !same(r, one, source):
		case r.Source == source:
			own = &records[i]
		default:
			return &records[i]
		}
	}
	return own
}

// same tells whether a record is of the session that a source shows: by its id, which PAM has in XDG_SESSION_ID; by its
// first process; or by where a process of it is: in the control group of the session, or above the process of a login.
func same(r Session, one login, source Source) bool {
	switch {
	case r.ID == one.id:
		return true
	case r.User != one.user || r.PID <= 0 || one.pid <= 0:
		return false
	case source == SourceUtmp:
		return descends(one.pid, r.PID)
	case r.Source == source:
		return false
	}
	return r.PID == one.pid || loginSession(r.PID) == one.id
}
