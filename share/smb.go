package share

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"runtime"
	"strings"
	"time"

	"github.com/cloudsoda/go-smb2"

	"berth"
)

// Login is how to sign in to one file server.
type Login struct {
	Server   string `json:"server"`            // as it stands in UNC paths
	Address  string `json:"address,omitempty"` // host:port to connect to; empty: the server's name, port 445
	Domain   string `json:"domain,omitempty"`
	User     string `json:"user"`
	Password string `json:"password,omitempty"`

	Kerberos *Kerberos `json:"kerberos,omitempty"` // nil: NTLM

	// CA is a file in PEM form with the authority of the certificate of an https server, whom alone it is checked against;
	// empty: the system's. A login may have nothing else.
	CA string `json:"ca,omitempty"`
}

// onlyCA tells that nobody signs in by this login.
func (l Login) onlyCA() bool { return l.CA != "" && l.User == "" && l.Kerberos == nil }

// login returns the configured login of the server, and whether there is one; without one it is a guest's.
func (o *Opener) login(server string) (l Login, known bool) {
	l = Login{Server: server, User: "Guest"}
	for _, c := range o.logins {
		if berth.Fold(c.Server) == berth.Fold(server) && !c.onlyCA() {
			l, known = c, true
		}
	}
	if l.Address == "" {
		l.Address = net.JoinHostPort(server, "445")
	}
	return l, known
}

const (
	dialTimeout     = 15 * time.Second
	farewellTimeout = 2 * time.Second
)

// link is a connection with the file open on it.
type link struct {
	conn    *patientConn
	session *smb2.Session
	file    *smb2.File
	info    fs.FileInfo
	users   int // reads under way; guarded by the smbFile
}

// connect connects, signs in and opens the file. The context ends it at any of these steps.
func (o *Opener) connect(ctx context.Context, u uncPath) (*link, error) {
	login, _ := o.login(u.server)
	d := net.Dialer{Timeout: min(dialTimeout, o.patience)}
	conn, err := d.DialContext(ctx, "tcp", login.Address)
	if err != nil {
		return nil, err
	}
	l := &link{conn: &patientConn{Conn: conn, patience: o.patience}}
	// The library waits for answers without regard to the context at some steps; a closed connection ends them all.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	l.conn.ask()
	err = l.open(ctx, u, login)
	l.conn.answered()
	if !stop() && ctx.Err() != nil {
		err = errors.Join(ctx.Err(), err)
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return l, nil
}

// join signs in and connects to the share.
func (l *link) join(ctx context.Context, u uncPath, login Login) (mount *smb2.Share, err error) {
	who, done, err := login.initiator()
	if err != nil {
		return nil, &step{"sign in to " + u.server, err}
	}
	defer done()
	if l.session, err = (&smb2.Dialer{Initiator: who}).DialConn(ctx, l.conn, login.Address); err != nil {
		return nil, &step{strings.TrimSuffix(fmt.Sprintf("sign in to %s as %s", u.server, login.User), " as "), err}
	}
	if mount, err = l.session.WithContext(ctx).Mount(`\\` + u.server + `\` + u.share); err != nil {
		return nil, &step{"connect to the share " + u.share, err}
	}
	return mount, nil
}

func (l *link) open(ctx context.Context, u uncPath, login Login) (err error) {
	mount, err := l.join(ctx, u, login)
	if err != nil {
		return err
	}
	if l.file, err = mount.Open(u.path); err != nil {
		return err
	}
	// The library's finalizer would talk to the server once more, and could wait for it for ever; close is ours.
	runtime.SetFinalizer(l.file, nil)
	if l.info, err = l.file.Stat(); err == nil && l.info.IsDir() {
		err = errFolder
	}
	return err
}

// goodbye closes the file and signs off if the server listens; it never waits long. Nobody may be reading.
func (l *link) goodbye() error {
	l.conn.hurry(farewellTimeout)
	l.conn.ask()
	defer l.conn.answered()
	err := l.file.Close()
	if err == nil {
		err = l.session.Logoff()
	}
	_ = l.conn.Close() // Logoff has closed it unless it failed
	return err
}

// gone tells whether after this error nothing more will come over the connection: all but the server's own answers about
// the file.
func gone(err error) bool {
	if answer, ok := errors.AsType[*smb2.ResponseError](err); ok {
		return statuses[answer.Code].gone
	}
	return !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission)
}
