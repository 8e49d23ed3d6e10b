package agent

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"berth"
)

// mostAnswer bounds what is read of an answer.
const mostAnswer = 64 << 20

// newClient returns a client that speaks TLS with the configuration, follows no redirect (a key or facts must not go
// elsewhere), and keeps one connection.
func newClient(t *tls.Config) *http.Client {
	t.MinVersion = tls.VersionTLS12
	return &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
			TLSClientConfig:     t,
			TLSHandshakeTimeout: 10 * time.Second,
			ForceAttemptHTTP2:   true,
			MaxIdleConnsPerHost: 2,
			IdleConnTimeout:     2 * time.Minute,
			HTTP2:               &http.HTTP2Config{SendPingTimeout: 20 * time.Second, PingTimeout: 10 * time.Second},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// post sends a message as JSON and reads the answer, or the problem, into an error.
func post(ctx context.Context, c *http.Client, url string, message, answer any) error {
	body, err := json.Marshal(message)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.Do(req)
	if err != nil {
		return offline(req.URL.Host, err)
	}
	defer func() { _ = resp.Body.Close() }() // all that is of use was read, or failed to be
	data, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer+1))
	switch {
	case err != nil:
		return offline(req.URL.Host, err)
	case len(data) > mostAnswer:
		return berth.Errorf(berth.Internal, "the answer of %s is longer than %d bytes", req.URL.Host, mostAnswer)
	case resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated:
		return problem(resp, data)
	}
	if err := json.Unmarshal(data, answer); err != nil {
		return berth.Errorf(berth.Internal, "the answer of %s cannot be read: %w", req.URL.Host, err).
			With("check that the address is that of a Berth server")
	}
	return nil
}

// problem reads an RFC 9457 problem; an answer that is none, as from a proxy, is told by its status.
func problem(resp *http.Response, data []byte) error {
	var p struct {
		Title, Detail, Code, Remedy, Kind, Field string
	}
	media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || !strings.HasSuffix(media, "json") || json.Unmarshal(data, &p) != nil {
		return &berth.Error{Kind: berth.Unavailable, Err: errors.New("no problem document"),
			Message: fmt.Sprintf("%s answered %q to %s", resp.Request.URL.Host, resp.Status, resp.Request.URL.Path),
			Remedy:  "check that the address is that of a Berth server"}
	}
	return &berth.Error{Kind: berth.KindOf(p.Kind), Message: cmp.Or(p.Detail, p.Title, resp.Status),
		Code: p.Code, Remedy: p.Remedy, Field: p.Field}
}
