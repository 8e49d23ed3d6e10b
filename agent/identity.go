package agent

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"time"

	"berth"
)

// identity is who the host is towards the server, in one file so that it is there whole or not at all.
type identity struct {
	HostID      string    `json:"hostId"`
	Site        string    `json:"site"`
	Name        string    `json:"name"`
	Server      string    `json:"server"` // https://host[:port]
	EnrolledAt  time.Time `json:"enrolledAt"`
	Key         []byte    `json:"key"`         // PKCS#8, DER; on Windows encrypted for this machine
	Certificate []byte    `json:"certificate"` // DER
	CA          []byte    `json:"ca"`          // DER of the server's authority
	ExtraCAs    [][]byte  `json:"extraCas,omitempty"`
	Fingerprint string    `json:"fingerprint,omitempty"` // sha256 in hex of the server's certificate or authority, when enrolled by it
	SystemRoots bool      `json:"systemRoots,omitempty"`
}

func loadIdentity(stateDir string) (identity, error) {
	var id identity
	path := filepath.Join(stateDir, identityFile)
	err := readJSON(path, &id)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return id, notEnrolled(stateDir)
	case err != nil:
		return id, berth.Errorf(berth.Internal, "cannot read the identity of this host: %w", err).With("enrol the host again, with force")
	}
	return id, nil
}

func notEnrolled(stateDir string) error {
	return berth.Errorf(berth.NotFound, "this host is not enrolled: there is no %s", filepath.Join(stateDir, identityFile)).
		With("make an enrolment key on the server and enrol the host with it")
}

// client returns a client that shows the host's certificate and believes the server that it was enrolled with.
func (id identity) client(o Options) (*http.Client, error) {
	plain, err := unseal(id.Key)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(plain)
	if err != nil {
		return nil, berth.Errorf(berth.Internal, "the key of this host is damaged: %w", err).With("enrol the host again, with force")
	}
	t := trust{server: id.Server, fingerprint: id.Fingerprint, system: id.SystemRoots, now: o.Now}
	for _, der := range append([][]byte{id.CA}, id.ExtraCAs...) {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, berth.Errorf(berth.Internal, "an authority of the server is damaged: %w", err).With("enrol the host again, with force")
		}
		t.extra = append(t.extra, c)
	}
	cfg, err := t.config()
	if err != nil {
		return nil, err
	}
	cfg.Certificates = []tls.Certificate{{Certificate: [][]byte{id.Certificate}, PrivateKey: key}}
	return newClient(cfg), nil
}

// expiry tells when the host's certificate is about to end although it should have been renewed, in time to do something
// about it, and when it is out of force, by its age or by a wrong clock.
func (id identity) expiry(now time.Time) string {
	c, err := x509.ParseCertificate(id.Certificate)
	if err != nil {
		return "the certificate of this host is damaged; enrol the host again, with force"
	}
	switch left := c.NotAfter.Sub(now); {
	case now.Before(c.NotBefore):
		return fmt.Sprintf("the clock of this host says %s, which is before its certificate begins (%s); set the clock",
			now.UTC().Format(time.RFC3339), c.NotBefore.UTC().Format(time.RFC3339))
	case left > c.NotAfter.Sub(c.NotBefore)/6:
		return ""
	case left < 0:
		return fmt.Sprintf("the certificate of this host ended %s; check the clock of the host, and if it is right, enrol the host again, with force",
			c.NotAfter.UTC().Format(time.RFC3339))
	}
	return fmt.Sprintf("the certificate of this host ends %s; enrol the host again, with force", c.NotAfter.UTC().Format(time.RFC3339))
}
