package share

import (
	"encoding/pem"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"berth"
)

// asksWith returns the Authorization of each request since it was asked last.
func (s *site) asksWith() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	auth := s.auth
	s.auth = nil
	return auth
}

// TestAuthorityOfAServer reads from a server whose certificate only the login's file vouches for.
func TestAuthorityOfAServer(t *testing.T) {
	content := []byte("the content of an image")
	s := newSite(t, content)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		logins []Login
		sent   string // the Authorization that the server gets
		fails  string
	}{
		"none":              {fails: "certificate"},
		"of another server": {logins: []Login{{Server: "elsewhere", CA: ca}}, fails: "certificate"},
		"without a user":    {logins: []Login{{Server: strings.ToUpper(u.Host), CA: ca}}},
		"with a user":       {logins: []Login{{Server: u.Host, User: "berth", Password: "secret", CA: ca}}, sent: "Basic YmVydGg6c2VjcmV0"},
	} {
		t.Run(name, func(t *testing.T) {
			s.asksWith() // forget those before
			o, err := New(Options{Anywhere: true, Logins: c.logins})
			if err != nil {
				t.Fatal(err)
			}
			f, err := o.Open(t.Context(), s.URL+"/images/a.vhdx")
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Fatalf("%v, want an error about %q", err, c.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = f.Close() }()
			got := make([]byte, len(content))
			if _, err := f.ReadAt(got, 0); err != nil || string(got) != string(content) {
				t.Errorf("%q, %v", got, err)
			}
			if auth := s.asksWith(); len(auth) == 0 || auth[0] != c.sent {
				t.Errorf("the server was asked with %q, want %q", auth, c.sent)
			}
		})
	}
}

// TestAuthorityThatIsNone needs an error before anything is opened.
func TestAuthorityThatIsNone(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("not a certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{empty, empty + ".absent"} {
		_, err := New(Options{Logins: []Login{{Server: "web.example", CA: file}}})
		if e, ok := errors.AsType[*berth.Error](err); !ok || e.Kind != berth.Invalid || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "web.example") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestAuthorityIsNoSignIn keeps a server that has an https authority alone a guest's over SMB.
func TestAuthorityIsNoSignIn(t *testing.T) {
	o := &Opener{logins: []Login{{Server: "files", CA: "ca.pem"}}}
	if l, known := o.login("files"); known || l.User != "Guest" {
		t.Errorf("%+v, %t", l, known)
	}
}
