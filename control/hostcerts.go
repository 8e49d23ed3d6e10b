package control

import (
	"context"
	"crypto/x509"
	"fmt"
	"time"

	"berth"
	"berth/auth"
	"berth/wire"
)

// expiryOf reads when a certificate ends that the authority has just issued.
func expiryOf(der []byte) (time.Time, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return time.Time{}, fmt.Errorf("the certificate just issued: %w", err)
	}
	return cert.NotAfter, nil
}

// RenewHost certifies a new key of a host that has a certificate in force. The one that it came with stays in force until
// the host has shown the new one, so that an answer that was lost costs nothing. Asking again replaces the new one.
func (s *Service) RenewHost(ctx context.Context, hostID, serial string, r wire.RenewRequest) (out wire.RenewResponse, err error) {
	if err := checkProtocol(r.Protocol); err != nil {
		return out, err
	}
	if after, ok := s.guard.renewal.Take(hostID); !ok {
		return out, auth.TooMany("renew the certificate", after)
	}
	err = s.store.Update(ctx, func(tx berth.Tx) error {
		h, err := knownHost(tx, hostID, serial)
		if err != nil {
			return err
		}
		h.TakeUp(serial)
		out.CA = s.authority.CertificateDER()
		if out.Certificate, h.NextSerial, err = s.authority.IssueHost(r.CSR, h.ID); err != nil {
			return err
		}
		if h.NextExpiresAt, err = expiryOf(out.Certificate); err != nil {
			return err
		}
		if err := tx.PutHost(h); err != nil {
			return err
		}
		return tx.AppendAudit(berth.AuditEntry{At: s.now(), Site: berth.Fold(h.Site), Actor: "host " + h.Name, Face: "agent",
			Action: "renew host certificate", Kind: string(berth.ObjectHost), Key: berth.Fold(h.Name), After: raw(hostCertificate(h))})
	})
	if err != nil {
		s.hostRefused(ctx, hostID, serial, err)
		return wire.RenewResponse{}, err
	}
	return out, nil
}

// RevokeHost ends the certificates of a host at once. Unlike RemoveHost it forgets nothing: enrolled anew, with a new key,
// the host is what it was.
func (s *Service) RevokeHost(ctx context.Context, site, name string) error {
	err := s.update(ctx, site, func(w *work) error {
		h, err := w.host(name)
		if err != nil {
			return err
		}
		before := raw(hostCertificate(h))
		if h.RevokedAt.IsZero() {
			h.RevokedAt = w.at
		}
		h.NextSerial, h.NextExpiresAt = "", time.Time{}
		if err := w.PutHost(h); err != nil {
			return err
		}
		return w.note("revoke host certificate", w.ref(berth.ObjectHost, name), before, raw(hostCertificate(h)))
	})
	if err == nil {
		s.bell.ring(site) // an agent that waits is told at once
	}
	return err
}

func hostCertificate(h berth.Host) wire.HostCertificate {
	return wire.HostCertificate{Serial: h.Serial, ExpiresAt: h.ExpiresAt, RevokedAt: h.RevokedAt, Renewing: h.NextSerial != ""}
}

// hostRefused writes down that a host came with a certificate of ours that is not in force.
func (s *Service) hostRefused(ctx context.Context, hostID, serial string, why error) {
	if berth.ErrorKind(why) != berth.Unauthenticated {
		return
	}
	e := berth.AuditEntry{Actor: "host " + hostID, Face: "agent", Action: "refused", Kind: string(berth.ObjectHost), Key: hostID, Refused: why.Error()}
	err := s.store.View(ctx, func(tx berth.Tx) error {
		h, err := tx.Host(hostID)
		if err == nil {
			e.Site, e.Actor, e.Key = berth.Fold(h.Site), "host "+h.Name, berth.Fold(h.Name)
		}
		return err
	})
	if err != nil && !berth.IsNotFound(err) {
		s.log.ErrorContext(ctx, "audit of a refusal", "error", err)
		return
	}
	s.refusedKnown(ctx, hostID+" "+serial, e)
}

// AgentRefused writes down that somebody came to an agent's endpoint without a certificate of a host, as far as strangers may.
func (s *Service) AgentRefused(ctx context.Context, why error) {
	s.refusedStranger(ctx, berth.AuditEntry{Actor: "somebody", Face: "agent", Action: "refused", Kind: string(berth.ObjectHost), Refused: why.Error()})
}

// keyUsed writes down which key let a host in: names of keys are not unique, ids are.
func (w *work) keyUsed(key berth.Credential, host string) error {
	return w.AppendAudit(berth.AuditEntry{At: w.at, Site: berth.Fold(w.site.Name), Actor: w.who.Name, Face: w.who.Face,
		Action: "use " + string(key.Kind), Kind: string(key.Kind), Key: key.ID, After: raw(map[string]any{"host": host, "uses": key.Uses})})
}

// enrolmentRefused writes down a refusal: of a key that is known, in its site; of any other, as far as strangers may.
func (s *Service) enrolmentRefused(ctx context.Context, key berth.Credential, host string, why error) {
	kind := berth.ErrorKind(why)
	if kind == berth.Internal || kind == berth.Unavailable {
		return // nobody was refused; the log has it
	}
	e := berth.AuditEntry{Site: key.Site, Actor: "somebody", Face: "agent", Action: "enrol host", Kind: string(berth.CredentialEnroll),
		Key: key.ID, After: raw(map[string]any{"host": host}), Refused: why.Error()}
	if key.ID == "" {
		s.refusedStranger(ctx, e)
		return
	}
	e.Actor = "enrolment key " + key.Name
	s.refusedKnown(ctx, key.ID, e)
}
