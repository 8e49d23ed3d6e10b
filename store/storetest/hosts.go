package storetest

import (
	"fmt"

	"berth"
)

var hostTests = map[string]func(*bench){
	"missing":   hostMissing,
	"roundTrip": hostRoundTrip,
	"replace":   hostReplace,
	"rename":    hostRename,
	"nameTaken": hostNameTaken,
	"pages":     hostPages,
	"delete":    hostDelete,
}

func hostMissing(b *bench) {
	b.view(func(tx berth.Tx) error {
		_, err := tx.Host("0f6b")
		b.missing(err, "host", "0f6b")
		_, err = tx.HostByName("Main", "Desk")
		b.missing(err, "Main", "Desk")
		all, err := tx.Hosts("Main", "", 0)
		b.equal("number of hosts", len(all), 0)
		return err
	})
}

func fullHost() berth.Host {
	return berth.Host{
		ID: "id-1", Site: "Main", Name: "Desk-1", Kind: "avd", EnrolledAt: moment(1), LastSeen: moment(2), Serial: "0a1b", Retry: 3,
		ExpiresAt: moment(8), RevokedAt: moment(9), NextSerial: "0c2d", NextExpiresAt: moment(10),
		Facts: berth.Facts{
			Hostname: "desk-1", OS: "Windows Server 2025", Build: 26100, Generation: 9, At: moment(3),
			Sessions: []berth.Session{{ID: "2", User: `DOM\ann`, Since: moment(4)}},
			Packages: []berth.PackageFacts{{
				FullName: "App_1.0.0.0_x64__abc", FamilyName: "App_abc", Attached: true, Since: moment(5),
				Sessions: []berth.Registered{{Session: "2", User: `DOM\ann`, Since: moment(6)}},
				Failure:  &berth.Failure{Phase: berth.PhaseStage, Code: "0x80073CF9", Message: "it's so", Attempts: 2, NextRetry: moment(7)},
			}},
			Problems: []string{"orphan"},
		},
	}
}

func hostRoundTrip(b *bench) {
	want := fullHost()
	bare := berth.Host{ID: "id-2", Site: "main", Name: "bare"}
	b.update(put(putHost, want, bare))
	b.view(func(tx berth.Tx) error {
		got, err := tx.Host("id-1")
		b.check(err)
		b.equal("by id", got, want)
		got, err = tx.HostByName("MAIN", "desk-1 ")
		b.check(err)
		b.equal("by name", got, want)
		got, err = tx.Host("id-2")
		b.equal("bare", got, bare)
		return err
	})
}

func hostReplace(b *bench) {
	want := fullHost()
	want.Name, want.Serial, want.Facts = "DESK-1", "0c", berth.Facts{Build: 20348}
	b.update(put(putHost, fullHost(), want))
	b.view(func(tx berth.Tx) error {
		all, err := tx.Hosts("main", "", 0)
		b.equal("hosts", all, []berth.Host{want})
		return err
	})
}

func hostRename(b *bench) {
	renamed := fullHost()
	renamed.Name = "Desk-9"
	b.update(put(putHost, fullHost(), renamed))
	b.view(func(tx berth.Tx) error {
		_, err := tx.HostByName("main", "desk-1")
		b.missing(err, "desk-1")
		got, err := tx.HostByName("main", "desk-9")
		b.equal("host", got, renamed)
		return err
	})
}

// hostNameTaken: a second host of the same name in a site is a conflict; in another site it is none.
func hostNameTaken(b *bench) {
	first := berth.Host{ID: "id-1", Site: "main", Name: "Desk"}
	b.update(put(putHost, first, berth.Host{ID: "id-2", Site: "branch", Name: "desk"}))
	err := b.store.Update(b.Context(), put(putHost, berth.Host{ID: "id-3", Site: "Main", Name: "DESK"}))
	b.kind(err, berth.Conflict)
	if err != nil && !contains(err.Error(), "DESK") {
		b.Errorf("the error does not name the host: %v", err)
	}
	b.view(func(tx berth.Tx) error {
		got, err := tx.HostByName("main", "desk")
		b.equal("host", got, first)
		return err
	})
}

func hostPages(b *bench) {
	var want, got []string
	for i := range 10 {
		name := fmt.Sprintf("Desk-%02d", i)
		want = append(want, name)
		// Ids run against names, so that an order by id is noticed.
		b.update(put(putHost, berth.Host{ID: fmt.Sprintf("id-%02d", 99-i), Site: "main", Name: name},
			berth.Host{ID: fmt.Sprintf("other-%02d", i), Site: "branch", Name: name}))
	}
	for after := ""; ; after = got[len(got)-1] {
		var page []berth.Host
		b.view(func(tx berth.Tx) (err error) {
			page, err = tx.Hosts("MAIN", after, 4)
			return err
		})
		if len(page) > 4 {
			b.Fatalf("a page of 4 has %d hosts", len(page))
		}
		if len(page) == 0 || len(got) > len(want) {
			break
		}
		for _, h := range page {
			got = append(got, h.Name)
		}
	}
	b.equal("pages", got, want)
}

func hostDelete(b *bench) {
	b.update(put(putHost, fullHost()))
	for range 2 { // removing one that is not there is no error
		b.update(func(tx berth.Tx) error { return tx.DeleteHost("id-1") })
	}
	b.view(func(tx berth.Tx) error {
		_, err := tx.Host("id-1")
		b.missing(err, "id-1")
		return nil
	})
	b.update(put(putHost, berth.Host{ID: "id-2", Site: "main", Name: "desk-1"}))
}
