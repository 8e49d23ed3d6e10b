package storetest

import (
	"time"

	"berth"
)

var credentialTests = map[string]func(*bench){
	"missing":   credentialMissing,
	"roundTrip": credentialRoundTrip,
	"byKind":    credentialsByKind,
}

func credentialMissing(b *bench) {
	b.view(func(tx berth.Tx) error {
		_, err := tx.Credential("k1")
		b.missing(err, "k1")
		all, err := tx.Credentials(berth.CredentialToken)
		b.equal("number of tokens", len(all), 0)
		return err
	})
}

func credentialRoundTrip(b *bench) {
	want := berth.Credential{
		ID: "k1", Kind: berth.CredentialEnroll, Name: "Front desk", Site: "Main", Role: berth.RoleOwner, HostKind: "avd", Pool: "Front",
		Hash: []byte{0, 1, 0xff, '\''}, Uses: 1, MaxUses: 5, CreatedAt: moment(1), ExpiresAt: moment(2),
	}
	bare := berth.Credential{ID: "k2", Kind: berth.CredentialToken}
	b.update(func(tx berth.Tx) error {
		b.check(tx.PutCredential(bare))
		return tx.PutCredential(want)
	})
	want.Uses, want.RevokedAt = 2, moment(3)
	b.update(func(tx berth.Tx) error { return tx.PutCredential(want) })
	b.view(func(tx berth.Tx) error {
		got, err := tx.Credential("k1")
		b.check(err)
		b.equal("credential", got, want)
		got, err = tx.Credential("k2")
		b.equal("bare credential", got, bare)
		// A zero time that comes back as anything else would make the credential expired or revoked.
		b.equal("use of the bare credential", got.Usable(time.Now()), nil)
		return err
	})
}

func credentialsByKind(b *bench) {
	b.update(func(tx berth.Tx) error {
		b.check(tx.PutCredential(berth.Credential{ID: "k1", Kind: berth.CredentialEnroll}))
		b.check(tx.PutCredential(berth.Credential{ID: "k2", Kind: berth.CredentialToken}))
		return tx.PutCredential(berth.Credential{ID: "k3", Kind: berth.CredentialEnroll})
	})
	b.view(func(tx berth.Tx) error {
		keys, err := tx.Credentials(berth.CredentialEnroll)
		b.check(err)
		ids := map[string]bool{}
		for _, c := range keys {
			ids[c.ID] = true
		}
		b.equal("enrolment keys", ids, map[string]bool{"k1": true, "k3": true})
		return nil
	})
}
