package agent_test

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"berth"
	"berth/agent"
)

func enrolled(t *testing.T, p *plane) string {
	t.Helper()
	dir := t.TempDir()
	if err := agent.Enroll(t.Context(), agent.EnrollOptions{Server: p.server.URL, Key: "one-time", Name: "host", StateDir: dir, Fingerprint: hash(p.ca)}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestEnrollTrust(t *testing.T) {
	p := newPlane(t)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.ca.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	stranger, _ := authority(t, "Stranger")
	tests := map[string]struct {
		change func(*agent.EnrollOptions)
		kind   berth.Kind
		want   string // part of the error; "" is success
	}{
		"fingerprint of the certificate": {func(o *agent.EnrollOptions) { o.Fingerprint = hash(p.leaf()) }, 0, ""},
		"fingerprint of the authority":   {func(o *agent.EnrollOptions) { o.Fingerprint = strings.ToUpper(hash(p.ca)) }, 0, ""},
		"fingerprint of another":         {func(o *agent.EnrollOptions) { o.Fingerprint = hash(stranger) }, berth.Unauthenticated, "has the fingerprint"},
		"no fingerprint":                 {func(o *agent.EnrollOptions) { o.Fingerprint = "sha256:00" }, berth.Invalid, "is no fingerprint"},
		"file of authorities":            {func(o *agent.EnrollOptions) { o.CAFile = ca }, 0, ""},
		"missing file of authorities":    {func(o *agent.EnrollOptions) { o.CAFile = ca + "x" }, berth.Invalid, "no such file"},
		"system roots do not know it":    {func(*agent.EnrollOptions) {}, berth.Unavailable, "unknown authority"},
		"no TLS":                         {func(o *agent.EnrollOptions) { o.Server = "http://example.org" }, berth.Invalid, "not the address"},
		"no key":                         {func(o *agent.EnrollOptions) { o.Key = "" }, berth.Invalid, "no enrolment key"},
		"used key": {func(o *agent.EnrollOptions) { o.Key, o.CAFile = "old", ca }, berth.Forbidden,
			"the enrolment key is used up (keyUsed); make a new one"},
		"nobody there": {func(o *agent.EnrollOptions) { o.Server = "127.0.0.1:1" }, berth.Unavailable, "does not answer"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := agent.EnrollOptions{Server: p.server.URL, Key: "one-time", Name: "host", StateDir: filepath.Join(t.TempDir(), "state")}
			tt.change(&o)
			err := agent.Enroll(t.Context(), o)
			info, statErr := os.Stat(filepath.Join(o.StateDir, "identity.json"))
			if tt.want == "" {
				if err != nil || statErr != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("enrol: %v; identity: %v %v", err, info, statErr)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || kindWithin(err) != tt.kind {
				t.Errorf("got %v (%v), want %q (%v)", err, kindWithin(err), tt.want, tt.kind)
			}
			if statErr == nil {
				t.Error("a failed enrolment left an identity")
			}
		})
	}
}

// kindWithin finds the innermost kind: what the transport wraps is what happened.
func kindWithin(err error) berth.Kind {
	kind := berth.ErrorKind(err)
	for err != nil {
		if e, ok := errors.AsType[*berth.Error](err); ok {
			kind, err = e.Kind, e.Unwrap()
			continue
		}
		err = errors.Unwrap(err)
	}
	return kind
}

// TestPresentedAuthorityIsNotEnough has a server present the true authority beside a certificate of its own making.
func TestPresentedAuthorityIsNotEnough(t *testing.T) {
	p, thief := newPlane(t), newPlane(t)
	chain := thief.server.TLS.Certificates[0]
	chain.Certificate = [][]byte{chain.Certificate[0], p.ca.Raw}
	thief.server.TLS.Certificates = []tls.Certificate{chain}
	err := agent.Enroll(t.Context(), agent.EnrollOptions{Server: thief.server.URL, Key: "one-time", Name: "host", StateDir: t.TempDir(), Fingerprint: hash(p.ca)})
	if err == nil || !strings.Contains(err.Error(), "x509") {
		t.Fatalf("a certificate that does not chain to the known authority was taken: %v", err)
	}
}

func TestEnrollOnce(t *testing.T) {
	p := newPlane(t)
	dir := enrolled(t, p)
	o := agent.EnrollOptions{Server: p.server.URL, Key: "one-time", Name: "host", StateDir: dir, Fingerprint: hash(p.ca)}
	if err := agent.Enroll(t.Context(), o); berth.ErrorKind(err) != berth.Conflict {
		t.Errorf("second enrolment: %v, want a conflict", err)
	}
	before, _ := os.ReadFile(filepath.Join(dir, "identity.json"))
	o.Force = true
	if err := agent.Enroll(t.Context(), o); err != nil {
		t.Errorf("forced: %v", err)
	}
	after, _ := os.ReadFile(filepath.Join(dir, "identity.json"))
	if string(before) == string(after) {
		t.Error("a forced enrolment kept the old key")
	}
	a := start(t, dir, nil)
	if err := agent.Enroll(t.Context(), o); berth.ErrorKind(err) != berth.Conflict {
		t.Errorf("enrolment under a running agent: %v, want a conflict", err)
	}
	a.stop()
}

func TestNotEnrolled(t *testing.T) {
	for name, dir := range map[string]string{"empty folder": t.TempDir(), "no folder": filepath.Join(t.TempDir(), "x")} {
		if _, err := agent.New(agent.Options{StateDir: dir}); berth.ErrorKind(err) != berth.NotFound {
			t.Errorf("%s: New: %v", name, err)
		}
		if _, err := agent.ReadStatus(dir); berth.ErrorKind(err) != berth.NotFound {
			t.Errorf("%s: ReadStatus: %v", name, err)
		}
	}
}
