package storetest

import "berth"

var userTests = map[string]func(*bench){
	"missing":   userMissing,
	"roundTrip": userRoundTrip,
	"sessions":  sessionsOf,
	"clients":   clientRoundTrip,
	"names":     clientNames,
}

func userMissing(b *bench) {
	b.update(func(tx berth.Tx) error {
		_, err := tx.User("Olga")
		b.missing(err, "Olga")
		_, err = tx.Session("s1")
		b.missing(err, "s1")
		_, err = tx.Client("c1")
		b.missing(err, "c1")
		b.check(tx.DeleteUser("olga"))
		b.check(tx.DeleteSession("s1"))
		return tx.DeleteClient("c1")
	})
}

func userRoundTrip(b *bench) {
	olga := berth.User{Name: "Olga", DisplayName: "Olga Ruiz", Password: "$argon2id$…", CreatedAt: moment(1).UTC(), PasswordAt: moment(2).UTC(),
		Roles: []berth.Grant{{Role: berth.RoleReader}, {Site: "main", Role: berth.RoleOwner}}}
	sam := berth.User{Name: "adam", Disabled: true}
	b.update(func(tx berth.Tx) error {
		b.check(tx.PutUser(berth.User{Name: "OLGA", Roles: []berth.Grant{{Site: "gone", Role: berth.RoleOwner}}}))
		b.check(tx.PutUser(sam))
		return tx.PutUser(olga)
	})
	b.view(func(tx berth.Tx) error {
		got, err := tx.User("oLGa")
		b.equal("user", got, olga)
		b.check(err)
		all, err := tx.Users()
		b.equal("users", all, []berth.User{sam, olga})
		return err
	})
	b.update(func(tx berth.Tx) error {
		b.check(tx.PutSession(berth.SignIn{ID: "s1", User: "olga"}))
		b.check(tx.DeleteUser("OLGA"))
		return tx.PutUser(berth.User{Name: "olga"})
	})
	b.view(func(tx berth.Tx) error {
		got, err := tx.User("olga")
		b.equal("roles after removal", len(got.Roles), 0)
		b.check(err)
		_, err = tx.Session("s1")
		b.missing(err, "s1")
		return nil
	})
}

func sessionsOf(b *bench) {
	one := berth.SignIn{ID: "s2", User: "Olga", Hash: []byte{0, 0xff}, Face: "cli", Address: "::1", CreatedAt: moment(1).UTC(), UsedAt: moment(2).UTC()}
	two := berth.SignIn{ID: "s1", User: "Sam", CreatedAt: moment(3).UTC()}
	b.update(func(tx berth.Tx) error {
		b.check(tx.PutSession(two))
		b.check(tx.PutSession(berth.SignIn{ID: "s2"}))
		return tx.PutSession(one)
	})
	b.view(func(tx berth.Tx) error {
		got, err := tx.Session("s2")
		b.check(err)
		b.equal("session", got, one)
		own, err := tx.Sessions("olga")
		b.check(err)
		b.equal("own sessions", own, []berth.SignIn{one})
		all, err := tx.Sessions("")
		b.equal("sessions", all, []berth.SignIn{one, two})
		return err
	})
	b.update(func(tx berth.Tx) error { return tx.DeleteSession("s2") })
	b.view(func(tx berth.Tx) error {
		all, err := tx.Sessions("")
		b.equal("sessions that are left", all, []berth.SignIn{two})
		return err
	})
}

func clientRoundTrip(b *bench) {
	want := berth.APIClient{ID: "c1", Name: "Pipeline", CreatedAt: moment(1).UTC(), Roles: []berth.Grant{{Site: "main", Role: berth.RoleReader}},
		Secrets: []berth.ClientSecret{
			{ID: "k1", Name: "first", Hash: []byte{1}, CreatedAt: moment(1).UTC(), ExpiresAt: moment(2).UTC()},
			{ID: "k2", Hash: []byte{2}, CreatedAt: moment(2).UTC()}}}
	other := berth.APIClient{ID: "c2", Name: "audit", Disabled: true, Secrets: []berth.ClientSecret{{ID: "k3"}}}
	b.update(func(tx berth.Tx) error {
		b.check(tx.PutClient(berth.APIClient{ID: "c1", Name: "old", Secrets: []berth.ClientSecret{{ID: "k0"}}}))
		b.check(tx.PutClient(other))
		return tx.PutClient(want)
	})
	b.view(func(tx berth.Tx) error {
		for _, name := range []string{"c1", "PIPELINE"} {
			got, err := tx.Client(name)
			b.check(err)
			b.equal("client "+name, got, want)
		}
		all, err := tx.Clients()
		b.equal("clients", all, []berth.APIClient{other, want})
		return err
	})
	b.update(func(tx berth.Tx) error {
		b.check(tx.DeleteClient("c1"))
		return tx.PutClient(berth.APIClient{ID: "c1", Name: "again"})
	})
	b.view(func(tx berth.Tx) error {
		got, err := tx.Client("c1")
		b.equal("after removal", got, berth.APIClient{ID: "c1", Name: "again"})
		return err
	})
}

// clientNames: two clients of one name are a Conflict, and an id counts more than the same text as a name.
func clientNames(b *bench) {
	b.update(func(tx berth.Tx) error {
		b.check(tx.PutClient(berth.APIClient{ID: "c1", Name: "c2"}))
		return tx.PutClient(berth.APIClient{ID: "c2", Name: "Second"})
	})
	b.kind(b.store.Update(b.Context(), func(tx berth.Tx) error { return tx.PutClient(berth.APIClient{ID: "c3", Name: "second"}) }), berth.Conflict)
	b.view(func(tx berth.Tx) error {
		got, err := tx.Client("c2")
		b.equal("by id", got.Name, "Second")
		return err
	})
}
