// Package client is the Go client of the native API. Errors are *berth.Error as the server made them; a server that
// cannot be reached is Unavailable.
package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"berth"
	"berth/wire"
)

// Options say how to reach a server.
type Options struct {
	Server      string // https://host:port
	Token       string
	CA          []byte // PEM; whom to trust as the server. Empty: the system's certificates
	Fingerprint string // "sha256:…" of a certificate of the server's chain, instead of CA
	Site        string // the site of operations that do not name one
	Face        string // cli or console: how the audit names the way in

	Told func(Exchange) // is told of every request once it was answered, or not; may be nil
}

// Client talks to one server.
type Client struct {
	Options
	base     *url.URL
	http     *http.Client
	revision int64 // see At

	rehearsing bool // see Rehearsing
}

// At returns a client whose edits are those of somebody who saw the object at that revision: the server refuses an edit of
// an older one as Precondition, and tells what others changed since. 0 stands for any revision.
func (c *Client) At(revision int64) *Client {
	at := *c
	at.revision = revision
	return &at
}

// New returns a client. Nothing is sent yet.
func New(o Options) (*Client, error) {
	base, err := url.Parse(strings.TrimSuffix(o.Server, "/"))
	if err != nil || base.Scheme != "https" || base.Host == "" {
		return nil, berth.Errorf(berth.Invalid, "%q is no address of a server", o.Server).On("server").With("use the form https://HOST:PORT")
	}
	config, err := o.tls()
	if err != nil {
		return nil, err
	}
	t := &http.Transport{TLSClientConfig: config, Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second}
	return &Client{Options: o, base: base, http: &http.Client{Transport: listening{t, o.Told}, Timeout: 5 * time.Minute}}, nil
}

func (o Options) tls() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	switch {
	case len(o.CA) > 0:
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(o.CA) {
			return nil, berth.Errorf(berth.Invalid, "the CA file holds no certificate in PEM form").On("caFile")
		}
	case o.Fingerprint != "":
		// The chain is checked by VerifyConnection instead, against the fingerprint that the server printed at its start.
		c.InsecureSkipVerify = true
		c.VerifyConnection = func(s tls.ConnectionState) error { return o.matches(s) }
	}
	return c, nil
}

// matches believes the server's own certificate by its fingerprint. An authority is believed only if the server's
// certificate really is by it and bears the server's name: anybody can present a known authority beside a certificate of
// his own.
func (o Options) matches(s tls.ConnectionState) error {
	fingerprint, leaf := o.Fingerprint, s.PeerCertificates[0]
	server, err := url.Parse(o.Server) // the connection knows no name for a server that is reached by its address
	if err != nil {
		return err
	}
	if fingerprintOf(leaf) == berth.Fold(fingerprint) {
		return nil
	}
	pinned := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), DNSName: server.Hostname()}
	found := false
	for _, cert := range s.PeerCertificates[1:] {
		pinned.Intermediates.AddCert(cert)
		if fingerprintOf(cert) == berth.Fold(fingerprint) {
			pinned.Roots.AddCert(cert)
			found = true
		}
	}
	if !found {
		return berth.Errorf(berth.Unavailable, "no certificate of the server has the fingerprint %s", fingerprint).
			With("compare it with the one that the server prints at its start")
	}
	if _, err := leaf.Verify(pinned); err != nil {
		return berth.Errorf(berth.Unavailable, "the server presents the certificate with the fingerprint %s, and its own is not good by it: %w",
			fingerprint, err).With("use a name of the server's certificate, or the fingerprint of that certificate itself")
	}
	return nil
}

func fingerprintOf(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// List is an answer of several objects.
type List[T any] struct {
	Items []T `json:"items"`
}

// call sends in, where it is not nil, and reads the answer into out, where it is not nil.
func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	var reader io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(b)
	}
	resp, err := c.Raw(ctx, method, "/api/v1"+path, reader)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode/100 != 2 {
		return problem(resp)
	}
	if c.rehearsing && method != http.MethodGet {
		return c.rehearsed(resp)
	}
	if out == nil || resp.StatusCode == http.StatusNoContent {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return berth.Errorf(berth.Unavailable, "the answer of %s was cut off or is no JSON: %v", c.base.Host, err)
	}
	return nil
}

// Raw sends a request with the client's sign-in and returns the answer whatever its status. The caller closes the body.
func (c *Client) Raw(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base.String()+path, body)
	if err != nil {
		return nil, berth.Errorf(berth.Invalid, "request %s %s: %v", method, path, err)
	}
	if c.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.Token)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.revision != 0 && method != http.MethodGet {
		r.Header.Set("If-Match", strconv.Quote(strconv.FormatInt(c.revision, 10)))
	}
	if c.rehearsing && method != http.MethodGet {
		r.Header.Set(dryRunHeader, "true")
	}
	if c.Face != "" {
		r.Header.Set("X-Berth-Face", c.Face)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	return resp, nil
}

func (c *Client) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if ours, ok := errors.AsType[*berth.Error](err); ok {
		return ours
	}
	e := berth.Errorf(berth.Unavailable, "server %s cannot be reached: %w", c.base.Host, errors.Unwrap(err))
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return e.With("trust the server's certificate: --ca FILE, or --fingerprint as the server prints it")
	}
	return e.With("check the address and that the server is running")
}

// problem reads an error of the server.
func problem(resp *http.Response) error {
	var p wire.Problem
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&p); err != nil || p.Detail == "" {
		return berth.Errorf(berth.Unavailable, "the server answered %s", resp.Status)
	}
	kind := berth.KindOf(p.Kind)
	if resp.StatusCode == http.StatusUnprocessableEntity {
		kind = berth.Invalid
	}
	return &berth.Error{Kind: kind, Message: p.Detail, Field: p.Field, Code: p.Code, Remedy: p.Remedy, Meanwhile: p.Meanwhile}
}

// get, list and send are the shapes of nearly every operation.
func get[T any](ctx context.Context, c *Client, path string) (t T, err error) {
	err = c.call(ctx, http.MethodGet, path, nil, &t)
	return t, err
}

func list[T any](ctx context.Context, c *Client, path string) ([]T, error) {
	l, err := get[List[T]](ctx, c, path)
	return l.Items, err
}

func send[T any](ctx context.Context, c *Client, method, path string, in any) (t T, err error) {
	err = c.call(ctx, method, path, in, &t)
	return t, err
}

// at builds a path below the client's site from its parts, escaped.
func (c *Client) at(parts ...string) string {
	escaped := []string{"/sites", url.PathEscape(c.Site)}
	for _, part := range parts {
		escaped = append(escaped, url.PathEscape(part))
	}
	return strings.Join(escaped, "/")
}

// query appends the parameters that are not empty.
func query(path string, pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	if len(v) == 0 {
		return path
	}
	return fmt.Sprintf("%s?%s", path, v.Encode())
}
