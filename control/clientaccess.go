package control

import (
	"context"
	"slices"

	"berth"
	"berth/auth"
)

// SignInClient is AuthenticateClient for token endpoints: it names the secret that was used, and writes sign-ins and
// refusals into the audit.
func (s *Service) SignInClient(ctx context.Context, id, text string) (p auth.Principal, secretID string, err error) {
	p, err = s.AuthenticateClient(ctx, id, text)
	if err != nil {
		if berth.ErrorKind(err) == berth.Unauthenticated {
			s.refusedStranger(ctx, berth.AuditEntry{Actor: "client " + brief(id), Face: faceAzure, Action: "sign in", Kind: kindClient,
				Key: brief(id), Refused: err.Error()})
		}
		return p, "", err
	}
	if secretID, _, err = auth.ParseSecret(text); err != nil {
		return p, "", err
	}
	p.Face = faceAzure
	s.audit(ctx, berth.AuditEntry{Actor: p.Name, Face: faceAzure, Action: "sign in", Kind: kindClient, Key: p.Name,
		After: raw(map[string]string{"secret": secretID})})
	return p, secretID, nil
}

// faceAzure is how the audit calls Azure's interface.
const faceAzure = "arm"

// ClientOf returns the service principal that has an access token for one of its secrets, with the roles of now. One that
// was disabled, or whose secret was removed, is Unauthenticated at once, however long the token would last.
func (s *Service) ClientOf(ctx context.Context, id, secretID string) (auth.Principal, error) {
	var c berth.APIClient
	err := s.store.View(ctx, func(tx berth.Tx) (err error) { c, err = tx.Client(id); return err })
	if err != nil && !berth.IsNotFound(err) {
		return auth.Principal{}, err
	}
	has := slices.ContainsFunc(c.Secrets, func(k berth.ClientSecret) bool { return k.ID == secretID && s.now().Before(k.ExpiresAt) })
	if err != nil || c.ID != berth.Fold(id) || c.Disabled || !has {
		return auth.Principal{}, berth.Errorf(berth.Unauthenticated, "the client of the access token is disabled, or its secret is gone").
			With("sign in with another secret: `berth client secret`")
	}
	return auth.Principal{ID: c.ID, Name: c.Name, Kind: auth.KindApplication, Grants: c.Roles}, nil
}
