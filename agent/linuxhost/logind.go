//go:build linux

package linuxhost

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// Names of systemd-logind on the system bus; org.freedesktop.login1(5).
const (
	login1        = "org.freedesktop.login1"
	login1Path    = "/org/freedesktop/login1"
	login1Manager = login1 + ".Manager"
	login1Session = login1 + ".Session"
)

// mostLogins bounds what is taken from a source of sessions.
const mostLogins = 4096

// logind asks the login manager which sessions there are.
type logind struct {
	address string        // of the bus
	news    chan struct{} // the login manager said that something changed
	conn    *dbus.Conn
}

// look returns the sessions of people. It ends with the context, whatever the other end does.
func (l *logind) look(ctx context.Context) ([]login, error) {
	if l.conn == nil || !l.conn.Connected() {
		l.close()
		if err := l.connect(ctx); err != nil {
			return nil, fmt.Errorf("the system bus: %w", err)
		}
	}
	var all []listed
	if err := l.conn.Object(login1, login1Path).CallWithContext(ctx, login1Manager+".ListSessions", 0).Store(&all); err != nil {
		return nil, fmt.Errorf("asking %s for its sessions: %w", login1, err)
	}
	if len(all) > mostLogins {
		return nil, fmt.Errorf("%s lists %d sessions; more than %d are not believed", login1, len(all), mostLogins)
	}
	var list []login
	for _, s := range all {
		one, err := l.session(ctx, s)
		if isGone(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("asking %s for session %q: %w", login1, s.ID, err)
		}
		if isPerson(one.class) {
			list = append(list, one)
		}
	}
	return list, nil
}

// listed is a session as Manager.ListSessions tells it: a(susso).
type listed struct {
	ID   string
	UID  uint32
	User string
	Seat string
	Path dbus.ObjectPath
}

// session reads what one session is from its properties.
func (l *logind) session(ctx context.Context, s listed) (login, error) {
	var p map[string]dbus.Variant
	err := l.conn.Object(login1, s.Path).CallWithContext(ctx, "org.freedesktop.DBus.Properties.GetAll", 0, login1Session).Store(&p)
	if err != nil {
		return login{}, err
	}
	one := login{id: s.ID, user: s.User, uid: int64(s.UID), class: property[string](p, "Class"), state: property[string](p, "State"),
		seat: s.Seat, remote: property[bool](p, "Remote"), pid: int(property[uint32](p, "Leader"))}
	if at := property[uint64](p, "Timestamp"); at > 0 && at < 1<<62 { // microseconds of CLOCK_REALTIME
		one.since = time.UnixMicro(int64(at))
	}
	return one, nil
}

// property returns a property of the right type, else nothing.
func property[T any](p map[string]dbus.Variant, name string) T {
	v, _ := p[name].Value().(T)
	return v
}

// isPerson tells sessions of people from greeters, lock screens, and what runs for users in the background (pam_systemd(8)).
func isPerson(class string) bool {
	switch class {
	case "user", "user-early", "user-light", "user-early-light":
		return true
	}
	return false
}

// isGone tells that a session ended between the list and the question.
func isGone(err error) bool {
	e, ok := errors.AsType[dbus.Error](err)
	return ok && (e.Name == login1+".NoSuchSession" || e.Name == "org.freedesktop.DBus.Error.UnknownObject")
}

// connect opens the bus and asks to be told of news. The connection outlives the context, which bounds the opening alone.
func (l *logind) connect(ctx context.Context) error {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	keep := context.AfterFunc(ctx, end)
	conn, err := dbus.Connect(l.address, dbus.WithContext(life))
	if err != nil {
		keep()
		end()
		return cmp.Or(ctx.Err(), err)
	}
	for _, rule := range [][]dbus.MatchOption{
		{dbus.WithMatchSender(login1), dbus.WithMatchInterface(login1Manager), dbus.WithMatchMember("SessionNew")},
		{dbus.WithMatchSender(login1), dbus.WithMatchInterface(login1Manager), dbus.WithMatchMember("SessionRemoved")},
		{dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, login1)},
	} {
		if err = conn.AddMatchSignalContext(ctx, rule...); err != nil {
			break
		}
	}
	if err != nil || !keep() {
		end()
		return cmp.Or(err, ctx.Err())
	}
	signals := make(chan *dbus.Signal, 64)
	conn.Signal(signals)
	go hear(signals, l.news)
	l.conn = conn
	return nil
}

// hear makes one piece of news of any number of signals: the truth is the list. The connection closes the channel at its end.
func hear(signals <-chan *dbus.Signal, news chan<- struct{}) {
	for s := range signals {
		if !strings.HasPrefix(s.Name, login1Manager) && s.Name != "org.freedesktop.DBus.NameOwnerChanged" {
			continue
		}
		select {
		case news <- struct{}{}:
		default:
		}
	}
}

func (l *logind) close() {
	if l.conn != nil {
		_ = l.conn.Close() // only asked
		l.conn = nil
	}
}

// systemBus is where the system bus is unless options say otherwise: the D-Bus specification, "Well-known Message Bus
// Instances".
func systemBus() string {
	return cmp.Or(os.Getenv("DBUS_SYSTEM_BUS_ADDRESS"), "unix:path=/run/dbus/system_bus_socket")
}
