package share

import (
	"context"
	"fmt"
	"net"
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
	Password string `json:"password"`
}

// uncPath is \\server\share\path taken apart; the path is without leading separator and may be empty in a prefix.
type uncPath struct{ server, share, path string }

// parseUNC reads \\server\share\path, also written with slashes.
func parseUNC(s string) (u uncPath, ok bool) {
	s = strings.ReplaceAll(s, `/`, `\`)
	rest, ok := strings.CutPrefix(s, `\\`)
	if !ok || strings.HasPrefix(rest, `?\`) || strings.HasPrefix(rest, `.\`) {
		return u, false
	}
	u.server, rest, _ = strings.Cut(rest, `\`)
	u.share, u.path, _ = strings.Cut(rest, `\`)
	u.path = strings.TrimSuffix(u.path, `\`)
	return u, u.server != "" && u.share != ""
}

// String gives the path in Windows' form.
func (u uncPath) String() string {
	return strings.TrimSuffix(`\\`+u.server+`\`+u.share+`\`+u.path, `\`)
}

// allowsUNC tells whether the path is below a configured prefix. Names compare without regard to case, as on Windows, and
// a path that climbs is below nothing.
func (o *Opener) allowsUNC(u uncPath) bool {
	for part := range strings.SplitSeq(u.path, `\`) {
		if part == ".." || part == "." {
			return false
		}
	}
	for _, root := range o.unc {
		if strings.HasPrefix(berth.Fold(u.String())+`\`, berth.Fold(root.String())+`\`) {
			return true
		}
	}
	return false
}

const dialTimeout = 15 * time.Second

// openSMB connects, signs in and opens the file; the connection lives as long as the file.
func (o *Opener) openSMB(ctx context.Context, u uncPath) (*File, error) {
	if u.path == "" {
		return nil, berth.Errorf(berth.Invalid, "%s names a share, not a file on it", u).On("imagePath")
	}
	login := o.login(u.server)
	d := net.Dialer{Timeout: dialTimeout}
	conn, err := d.DialContext(ctx, "tcp", login.Address)
	if err != nil {
		return nil, explain(u.String(), err)
	}
	session, err := (&smb2.Dialer{Initiator: &smb2.NTLMInitiator{User: login.User, Password: login.Password, Domain: login.Domain}}).
		DialConn(ctx, conn, login.Address)
	if err != nil {
		_ = conn.Close()
		return nil, explain(u.String(), fmt.Errorf("sign in to %s as %q: %w", u.server, login.User, err))
	}
	hangUp := func() error { _ = session.Logoff(); return conn.Close() }
	mount, err := session.Mount(u.share)
	if err != nil {
		_ = hangUp()
		return nil, explain(u.String(), fmt.Errorf("share %s: %w", u.share, err))
	}
	return o.smbFile(u, mount, hangUp)
}

func (o *Opener) smbFile(u uncPath, mount *smb2.Share, hangUp func() error) (*File, error) {
	f, err := mount.Open(u.path)
	if err != nil {
		_ = hangUp()
		return nil, explain(u.String(), err)
	}
	fi, err := f.Stat()
	if err == nil && fi.IsDir() {
		err = errNotRegular
	}
	if err != nil {
		_ = f.Close()
		_ = hangUp()
		return nil, explain(u.String(), err)
	}
	return &File{ReaderAt: f, Path: u.String(), Size: fi.Size(), close: func() error {
		_ = f.Close()
		return hangUp()
	}}, nil
}

// login returns the configured login of the server; without one it is a guest's.
func (o *Opener) login(server string) Login {
	l := Login{Server: server, User: "Guest"}
	for _, c := range o.logins {
		if berth.Fold(c.Server) == berth.Fold(server) {
			l = c
		}
	}
	if l.Address == "" {
		l.Address = net.JoinHostPort(server, "445")
	}
	return l
}
