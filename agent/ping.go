package agent

import (
	"context"
	"crypto/x509"
	"io"
	"net/http"
	"time"

	"berth"
)

// Reached is what asking the server for its health told.
type Reached struct {
	Server string        // as the host was enrolled with it
	Took   time.Duration // from the request to the answer
	At     time.Time     // the server's clock; zero when it did not say
}

// Ping asks the server that the host is enrolled with for its health, as the agent would: by the host's certificate, and
// believing the server by what the host was enrolled with. It needs no agent to run.
func Ping(ctx context.Context, stateDir string) (r Reached, err error) {
	id, err := loadIdentity(stateDir)
	if err != nil {
		return r, err
	}
	r.Server = id.Server
	c, err := id.client(Options{StateDir: stateDir, Now: time.Now})
	if err != nil {
		return r, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, id.Server+"/healthz", nil)
	if err != nil {
		return r, berth.Errorf(berth.Internal, "the address %q of the server cannot be used: %w", id.Server, err).With("enrol the host again, with force")
	}
	began := time.Now()
	resp, err := c.Do(req)
	if err != nil {
		return r, offline(req.URL.Host, err)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, mostAnswer)) // what it says is of no interest
	_ = resp.Body.Close()
	r.Took = time.Since(began)
	if resp.StatusCode != http.StatusOK {
		return r, berth.Errorf(berth.Unavailable, "server %s answers %s to a request for its health", req.URL.Host, resp.Status).
			With("check that the address is that of a Berth server, and see its log")
	}
	r.At, _ = http.ParseTime(resp.Header.Get("Date")) // zero when it is none
	return r, nil
}

// CertificateEnds tells until when the host's certificate is valid.
func CertificateEnds(stateDir string) (time.Time, error) {
	id, err := loadIdentity(stateDir)
	if err != nil {
		return time.Time{}, err
	}
	cert, err := x509.ParseCertificate(id.Certificate)
	if err != nil {
		return time.Time{}, berth.Errorf(berth.Internal, "the certificate of this host is damaged: %w", err).With("enrol the host again, with force")
	}
	return cert.NotAfter, nil
}
