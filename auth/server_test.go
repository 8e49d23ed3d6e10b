package auth

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"berth"
)

func issueServer(t *testing.T, a *Authority, names ...string) tls.Certificate {
	t.Helper()
	return must(a.IssueServer(names))(t)
}

func TestIssueServer(t *testing.T) {
	a, _ := openAuthority(t, t.TempDir())
	c := issueServer(t, a, "Berth.Example.ORG.", "10.0.0.7", "[::1]", "*.example.org", "WIN_SRV", "10.0.0.7")
	if c.Leaf == nil || len(c.Certificate) != 2 || !bytes.Equal(c.Certificate[1], a.CertificateDER()) {
		t.Fatalf("the chain has %d certificates, want the server's and the authority's", len(c.Certificate))
	}
	for _, name := range []string{"berth.example.org", "10.0.0.7", "::1", "other.example.org", "win_srv"} {
		_, err := c.Leaf.Verify(x509.VerifyOptions{Roots: a.Pool(), DNSName: name, CurrentTime: noon, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
		if err != nil {
			t.Errorf("as %s: %v", name, err)
		}
	}
	if err := c.Leaf.VerifyHostname("example.com"); err == nil {
		t.Error("the certificate is good for any name")
	}
	if len(c.Leaf.IPAddresses) != 2 || c.Leaf.IsCA {
		t.Errorf("addresses %v, CA %v", c.Leaf.IPAddresses, c.Leaf.IsCA)
	}
	if id, err := a.VerifyHost(c.Leaf); err == nil {
		t.Errorf("the server's certificate is taken for host %q", id)
	}
}

func TestServerCertificateIsKept(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(a *Authority, c *clock) error
		names  []string
		same   bool
	}{
		"nothing":        {nil, []string{"a.example", "10.0.0.7"}, true},
		"order and case": {nil, []string{"10.0.0.7", "A.Example"}, true},
		"30 days left":   {func(_ *Authority, c *clock) error { c.at = noon.Add(serverLife - serverRenewal); return nil }, []string{"a.example", "10.0.0.7"}, true},
		"less than 30 left": {func(_ *Authority, c *clock) error {
			c.at = noon.Add(serverLife - serverRenewal + time.Second)
			return nil
		}, []string{"a.example", "10.0.0.7"}, false},
		"clock set back":     {func(_ *Authority, c *clock) error { c.at = noon.AddDate(0, 0, -1); return nil }, []string{"a.example", "10.0.0.7"}, false},
		"one name more":      {nil, []string{"a.example", "10.0.0.7", "b.example"}, false},
		"one name less":      {nil, []string{"a.example"}, false},
		"other address":      {nil, []string{"a.example", "10.0.0.8"}, false},
		"no key":             {func(a *Authority, _ *clock) error { return os.Remove(filepath.Join(a.dir, "server.key")) }, []string{"a.example", "10.0.0.7"}, false},
		"no certificate":     {func(a *Authority, _ *clock) error { return os.Remove(filepath.Join(a.dir, "server.crt")) }, []string{"a.example", "10.0.0.7"}, false},
		"broken certificate": {func(a *Authority, _ *clock) error { return os.Truncate(filepath.Join(a.dir, "server.crt"), 99) }, []string{"a.example", "10.0.0.7"}, false},
		"crash between the files": {func(a *Authority, _ *clock) error {
			_, err := createKey(filepath.Join(a.dir, "server.key"), a.random)
			return err
		}, []string{"a.example", "10.0.0.7"}, false},
		"other authority": {func(a *Authority, _ *clock) error {
			return errors.Join(os.Remove(filepath.Join(a.dir, "ca.key")), os.Remove(filepath.Join(a.dir, "ca.crt")))
		}, []string{"a.example", "10.0.0.7"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			a, _ := openAuthority(t, dir)
			before := issueServer(t, a, "a.example", "10.0.0.7")
			clock := &clock{noon}
			if tt.change != nil {
				if err := tt.change(a, clock); err != nil {
					t.Fatal(err)
				}
			}
			again := must(OpenAuthority(dir, a.random, clock.now))(t)
			after := issueServer(t, again, tt.names...)
			if same := bytes.Equal(before.Certificate[0], after.Certificate[0]); same != tt.same {
				t.Errorf("same certificate: %v, want %v", same, tt.same)
			}
			if err := after.Leaf.CheckSignatureFrom(again.cert); err != nil {
				t.Error(err)
			}
			if third := issueServer(t, again, tt.names...); !bytes.Equal(after.Certificate[0], third.Certificate[0]) {
				t.Error("the certificate changes with every call")
			}
		})
	}
}

func TestServerNames(t *testing.T) {
	a, _ := openAuthority(t, t.TempDir())
	for _, names := range [][]string{
		nil, {""}, {" "}, {"good.example", ""}, {"berth:8443"}, {"a..b"}, {"-a.example"}, {"a-.example"}, {"a b"}, {"bücher.example"}, {"https://berth"},
		{"*"}, {"*.*.example"}, {"a.*.example"}, {strings.Repeat("a", 64) + ".example"}, {strings.Repeat("abc.", 70) + "example"}, {"fe80::1%eth0"},
	} {
		if _, err := a.IssueServer(names); berth.ErrorKind(err) != berth.Invalid {
			t.Errorf("%q: %v", names, err)
		}
	}
}

// TestHandshake runs mutual TLS over a real connection, as agents and the server do.
func TestHandshake(t *testing.T) {
	dir, foreignDir := t.TempDir(), t.TempDir()
	a := must(OpenAuthority(dir, rand.Reader, time.Now))(t)
	foreign := must(OpenAuthority(foreignDir, rand.Reader, time.Now))(t)
	server := &tls.Config{Certificates: []tls.Certificate{issueServer(t, a, "berth.example")}, ClientCAs: a.Pool(), ClientAuth: tls.RequireAndVerifyClientCert}
	for name, tt := range map[string]struct {
		client  tls.Certificate
		trusted *Authority
		ok      bool
	}{
		"enrolled host":         {hostPair(t, a), a, true},
		"host of another farm":  {hostPair(t, foreign), a, false},
		"server's certificate":  {server.Certificates[0], a, false},
		"no certificate":        {tls.Certificate{}, a, false},
		"server not trusted":    {hostPair(t, a), foreign, false},
		"host's by a host's CA": {hostPair(t, foreign), foreign, false},
	} {
		t.Run(name, func(t *testing.T) {
			id, err := handshake(t, server, &tls.Config{Certificates: []tls.Certificate{tt.client}, RootCAs: tt.trusted.Pool(), ServerName: "berth.example"})
			if (err == nil) != tt.ok || (id == hostID) != tt.ok {
				t.Errorf("host %q, %v; want success: %v", id, err, tt.ok)
			}
		})
	}
}

func hostPair(t *testing.T, a *Authority) tls.Certificate {
	t.Helper()
	key := ecKey(t)
	der, _, err := a.IssueHost(request(t, key), hostID)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// handshake returns the host that the server saw, and what went wrong on either side.
func handshake(t *testing.T, server, client *tls.Config) (id string, err error) {
	t.Helper()
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	defer listener.Close()
	type seen struct {
		id  string
		err error
	}
	result := make(chan seen, 1)
	go func() {
		id, err := serveOne(listener, server)
		result <- seen{id, err}
	}()
	conn, err := tls.Dial("tcp", listener.Addr().String(), client)
	if err == nil {
		_, err = io.ReadAll(conn) // with TLS 1.3 a client learns of a refusal when it reads
		_ = conn.Close()
	}
	s := <-result
	return s.id, errors.Join(err, s.err)
}

func serveOne(listener net.Listener, config *tls.Config) (string, error) {
	raw, err := listener.Accept()
	if err != nil {
		return "", err
	}
	conn := tls.Server(raw, config)
	defer conn.Close()
	if err := conn.Handshake(); err != nil {
		return "", err
	}
	return HostID(conn.ConnectionState().PeerCertificates[0])
}
