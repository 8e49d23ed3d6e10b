package share

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"time"

	"berth"
)

// mostRedirects bounds how often a server may send on to another address.
const mostRedirects = 5

// mostHeaders bounds the bytes of the headers of an answer.
const mostHeaders = 64 << 10

// parseURL recognises a path that is a URL. Of those, only https is read.
func parseURL(s string) (u *url.URL, is bool, err error) {
	scheme, _, found := strings.Cut(s, "://")
	if !found || !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") {
		return nil, false, nil
	}
	if strings.EqualFold(scheme, "http") {
		return nil, true, berth.Errorf(berth.Invalid, "%s is not read: over http anybody on the way can read and alter the file", s).On("imagePath").
			With("serve it by https")
	}
	u, err = url.Parse(s)
	switch {
	case err != nil || u.Host == "":
		return nil, true, berth.Errorf(berth.Invalid, "%q is no URL of a file", s).On("imagePath").With("write it as https://server/path/image.vhdx")
	case u.User != nil: // it would be in every log and message
		return nil, true, berth.Errorf(berth.Invalid, "the URL of an image must not hold a user or password").On("imagePath").
			With("configure a login for the server " + u.Host)
	}
	u.Fragment = ""
	return u, true, nil
}

// webRoot is a URL below which files may be opened.
type webRoot struct{ host, path string }

func webRootOf(u *url.URL) webRoot {
	return webRoot{hostPort(u), strings.TrimSuffix(path.Clean("/"+u.Path), "/") + "/"}
}

// hostPort is the host in lower case with its port, so that hosts can be compared.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "443"
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// allowsURL tells whether a URL is below a configured one. A path that climbs, also when that is hidden in escapes, is below
// nothing.
func (o *Opener) allowsURL(u *url.URL) bool {
	if o.anywhere {
		return true
	}
	p := u.Path // unescaped
	if strings.Contains(p, `\`) || path.Clean("/"+p) != strings.TrimSuffix("/"+strings.TrimPrefix(p, "/"), "/") {
		return false
	}
	for _, root := range o.web {
		if hostPort(u) == root.host && strings.HasPrefix(path.Clean("/"+p)+"/", root.path) {
			return true
		}
	}
	return false
}

// webClient makes the client for https. Its connections are kept for as long as the Opener is.
func (o *Opener) webClient(tlsConfig *tls.Config) *http.Client {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: min(dialTimeout, o.patience)}).DialContext,
		TLSClientConfig:       tlsConfig,
		TLSHandshakeTimeout:   o.patience,
		ResponseHeaderTimeout: o.patience,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true, // parts of a file are asked for, not of its compressed form
		IdleConnTimeout:       time.Minute,

		MaxResponseHeaderBytes: mostHeaders,
	}
	return &http.Client{Transport: &signer{t, o, o.ownAuthorities(t)}, CheckRedirect: o.checkRedirect}
}

// ownAuthorities are transports for servers whose certificates are checked against a file, by host and port.
func (o *Opener) ownAuthorities(common *http.Transport) map[string]*http.Transport {
	own := map[string]*http.Transport{}
	for i, pool := range o.authorities {
		t := common.Clone()
		t.TLSClientConfig.RootCAs = pool
		own[o.logins[i].webHost()] = t
	}
	return own
}

// readAuthorities reads the files of authorities that logins name, by the place of the login.
func readAuthorities(logins []Login) (map[int]*x509.CertPool, error) {
	pools := map[int]*x509.CertPool{}
	for i, l := range logins {
		if l.CA == "" {
			continue
		}
		b, err := os.ReadFile(l.CA)
		pool := x509.NewCertPool()
		if err == nil && !pool.AppendCertsFromPEM(b) {
			err = errors.New("it holds no certificate in PEM form")
		}
		if err != nil {
			return nil, berth.Errorf(berth.Invalid, "the authority of the server %s: %s cannot be used: %w", l.Server, l.CA, err).On("ca").
				With("name a file with the authority's certificate, which begins with -----BEGIN CERTIFICATE-----")
		}
		pools[i] = pool
	}
	return pools, nil
}

// checkRedirect follows a server to https only, not for ever, and in a server never out of the roots.
func (o *Opener) checkRedirect(req *http.Request, via []*http.Request) error {
	switch {
	case len(via) > mostRedirects:
		return fmt.Errorf("the server sends on to other addresses more than %d times", mostRedirects)
	case req.URL.Scheme != "https":
		return fmt.Errorf("the server sends on to %s, which is not https", req.URL.Redacted())
	case !o.allowsURL(req.URL):
		return fmt.Errorf("the server sends on to %s, which is not below a configured image root", req.URL.Redacted())
	}
	return nil
}

// signer gives each host the login that is configured for it, and no other one.
type signer struct {
	http.RoundTripper
	opener *Opener
	own    map[string]*http.Transport // of servers with an authority of their own
}

// RoundTrip implements http.RoundTripper.
func (s *signer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context()) // a RoundTripper must not change what it is given
	req.Header.Del("Authorization")
	if l, known := s.opener.webLogin(req.URL); known && l.User != "" {
		req.SetBasicAuth(l.User, l.Password)
	}
	if own := s.own[hostPort(req.URL)]; own != nil {
		return own.RoundTrip(req)
	}
	return s.RoundTripper.RoundTrip(req)
}

// webLogin finds the login of a server: by its name, with its port unless that is 443.
func (o *Opener) webLogin(u *url.URL) (Login, bool) {
	for _, l := range o.logins {
		if l.webHost() == hostPort(u) {
			return l, true
		}
	}
	return Login{}, false
}

// webHost is the server as hostPort writes it.
func (l Login) webHost() string {
	host := strings.ToLower(l.Server)
	if _, _, err := net.SplitHostPort(host); err != nil {
		host = net.JoinHostPort(host, "443")
	}
	return host
}

// openWeb opens a file behind an https URL. Its first bytes are asked for at once: the answer tells whether the server can
// give parts of files at all, how long the file is, and how to recognise it later.
func (o *Opener) openWeb(ctx context.Context, name string, u *url.URL) (*File, error) {
	if !o.allowsURL(u) {
		return nil, o.outside(name)
	}
	f := &webFile{opener: o, name: name, url: u, at: u}
	f.ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, f.cancel)
	first := make([]byte, aheadBlock)
	n, err := f.begin(first)
	if !stop() && ctx.Err() != nil {
		err = errors.Join(ctx.Err(), err)
	}
	if err != nil {
		f.cancel()
		return nil, explain(name, "opened", err)
	}
	file, ahead := remoteAhead(f, name, f.size, f.close)
	file.Stamp = cmp.Or(f.etag, f.modified)
	ahead.put(0, first[:n])
	return file, nil
}
