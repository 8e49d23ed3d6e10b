package client

import (
	"net/http"
	"time"
)

// Exchange is a request and how it was answered, for somebody who wants to see what goes over the wire. Secrets are left out.
type Exchange struct {
	Method string
	URL    string
	Status int // 0: not answered
	Took   time.Duration
	Sent   http.Header
	Got    http.Header
	Err    error // why it was not answered
}

// listening is a transport that tells of what it carries.
type listening struct {
	http.RoundTripper
	told func(Exchange)
}

// RoundTrip carries the request.
func (l listening) RoundTrip(r *http.Request) (*http.Response, error) {
	if l.told == nil {
		return l.RoundTripper.RoundTrip(r)
	}
	begin := time.Now()
	resp, err := l.RoundTripper.RoundTrip(r)
	e := Exchange{Method: r.Method, URL: r.URL.Redacted(), Took: time.Since(begin), Sent: plainHeader(r.Header), Err: err}
	if resp != nil {
		e.Status, e.Got = resp.StatusCode, plainHeader(resp.Header)
	}
	l.told(e)
	return resp, err
}

// plainHeader leaves out what somebody else could sign in with.
func plainHeader(h http.Header) http.Header {
	h = h.Clone()
	for _, name := range []string{"Authorization", "Cookie", "Set-Cookie"} {
		if h.Get(name) != "" {
			h.Set(name, "(left out)")
		}
	}
	return h
}
