package berth_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"berth"
	"berth/store"
)

func openStore(t *testing.T) berth.Store {
	t.Helper()
	s, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "berth.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// inOne runs fn in one transaction on a new store.
func inOne(t *testing.T, fn func(tx berth.Tx)) {
	t.Helper()
	if err := openStore(t).Update(context.Background(), func(tx berth.Tx) error { fn(tx); return nil }); err != nil {
		t.Fatal(err)
	}
}

type editing struct {
	t  *testing.T
	tx berth.Tx
}

func (e editing) write(edit berth.Edit) (now, before berth.Object) {
	e.t.Helper()
	edit.Ref, edit.Name = berth.NewRef("Main", berth.ObjectPool, "Pool One"), "Pool One"
	edit.At, edit.By = asked, "ada"
	now, before, err := berth.Write(e.tx, edit)
	if err != nil {
		e.t.Fatal(err)
	}
	return now, before
}

func pool(inherit bool) berth.Pool {
	return berth.Pool{Name: "Pool One", Kind: berth.KindAVD, Inherit: inherit}
}

func TestWriteDrafts(t *testing.T) {
	inOne(t, func(tx berth.Tx) {
		e := editing{t, tx}
		now, before := e.write(berth.Edit{Draft: pool(true)})
		if !now.Drafted || now.Applied != nil || now.Revision != 1 || before.Revision != 0 || now.Key != "pool one" {
			t.Errorf("first draft: %+v", now)
		}
		if c, ok := now.Change(); !ok || c.Action != "create" {
			t.Errorf("change: %+v, %v", c, ok)
		}
		now, _ = e.write(berth.Edit{Draft: pool(true), Applied: pool(true), Generation: 5})
		if now.Drafted || now.AppliedGeneration != 5 || now.Revision != 2 {
			t.Errorf("applied at once: %+v", now)
		}
		if now, _ = e.write(berth.Edit{Draft: pool(false)}); !now.Drafted {
			t.Errorf("a draft that differs is no draft: %+v", now)
		}
		if c, _ := now.Change(); c.Action != "update" {
			t.Errorf("change: %+v", c)
		}
		if now, _ = e.write(berth.Edit{Draft: pool(true)}); now.Drafted {
			t.Errorf("a draft that equals what is applied is a draft: %+v", now)
		}
		if now, _ = e.write(berth.Edit{Draft: nil}); !now.Drafted || now.Draft != nil || now.Applied == nil {
			t.Errorf("drafted deletion: %+v", now)
		}
		if c, _ := now.Change(); c.Action != "delete" {
			t.Errorf("change: %+v", c)
		}
	})
}

// TestWriteAppliesAlone applies one value while another stays a draft.
func TestWriteAppliesAlone(t *testing.T) {
	inOne(t, func(tx berth.Tx) {
		e := editing{t, tx}
		ref := berth.NewRef("main", berth.ObjectPool, "POOL ONE")
		e.write(berth.Edit{Draft: pool(false), Applied: pool(true), Generation: 3})
		o, err := tx.Object(ref)
		if err != nil || !o.Drafted || o.AppliedGeneration != 3 {
			t.Fatalf("%+v, %v", o, err)
		}
		applied, err := berth.Load[berth.Pool](tx, berth.Applied, ref)
		if err != nil || !applied.Inherit {
			t.Errorf("applied: %+v, %v", applied, err)
		}
		drafted, err := berth.Load[berth.Pool](tx, berth.Draft, ref)
		if err != nil || drafted.Inherit {
			t.Errorf("drafted: %+v, %v", drafted, err)
		}
		e.write(berth.Edit{Draft: nil, Applied: nil, Generation: 4})
		if _, err := tx.Object(ref); !berth.IsNotFound(err) {
			t.Errorf("an object in neither view is still there: %v", err)
		}
	})
}

func TestWriteRefusesOldRevisions(t *testing.T) {
	inOne(t, func(tx berth.Tx) {
		e := editing{t, tx}
		e.write(berth.Edit{Draft: pool(true)})
		e.write(berth.Edit{Draft: pool(false), Expect: 1})
		for _, expect := range []int64{1, 3, -1} {
			_, _, err := berth.Write(tx, berth.Edit{Ref: berth.NewRef("main", berth.ObjectPool, "pool one"), Draft: pool(true), Expect: expect})
			if berth.ErrorKind(err) != berth.Precondition {
				t.Errorf("revision %d: %v", expect, err)
			}
		}
		if got, err := berth.Load[berth.Pool](tx, berth.Draft, berth.NewRef("main", berth.ObjectPool, "pool one")); err != nil || got.Inherit {
			t.Errorf("a refused edit was kept: %+v, %v", got, err)
		}
	})
}

// TestWriteKeepsFamily: hosts find a package by its family until its deletion is applied.
func TestWriteKeepsFamily(t *testing.T) {
	inOne(t, func(tx berth.Tx) {
		ref := berth.NewRef("main", berth.ObjectPackage, "Contoso.Notes_1.0.0.0_x64__abc")
		p := berth.Package{FullName: "Contoso.Notes_1.0.0.0_x64__abc", FamilyName: "Contoso.Notes_abc"}
		edit := berth.Edit{Ref: ref, Name: p.FullName, Family: p.FamilyName, Draft: p, Applied: p, Generation: 2, At: asked}
		if _, _, err := berth.Write(tx, edit); err != nil {
			t.Fatal(err)
		}
		if _, _, err := berth.Write(tx, berth.Edit{Ref: ref, Name: "CONTOSO", At: asked.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		q := berth.ObjectQuery{Site: "main", Kind: berth.ObjectPackage, Family: "contoso.notes_ABC"}
		found, err := berth.LoadAll[berth.Package](tx, berth.Applied, q)
		if err != nil || len(found) != 1 {
			t.Errorf("applied packages of the family: %v, %v", found, err)
		}
		if found, err = berth.LoadAll[berth.Package](tx, berth.Draft, q); err != nil || len(found) != 0 {
			t.Errorf("drafted packages of the family: %v, %v", found, err)
		}
		if o, _ := tx.Object(ref); o.Name != p.FullName {
			t.Errorf("the name became %q", o.Name)
		}
	})
}

func TestLoad(t *testing.T) {
	inOne(t, func(tx berth.Tx) {
		ref := berth.NewRef("main", berth.ObjectSettings, "settings")
		if _, err := berth.Load[berth.Settings](tx, berth.Draft, ref); !berth.IsNotFound(err) {
			t.Errorf("a missing object: %v", err)
		}
		if got, err := berth.LoadOr(tx, berth.Draft, ref, berth.DefaultSettings()); err != nil || !got.Enabled {
			t.Errorf("otherwise: %+v, %v", got, err)
		}
		if err := tx.PutObject(berth.Object{Ref: ref, Draft: []byte(`"text"`), Drafted: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := berth.LoadOr(tx, berth.Draft, ref, berth.Settings{}); err == nil || berth.ErrorKind(err) != berth.Internal {
			t.Errorf("a damaged document: %v", err)
		}
		if _, err := berth.LoadAll[berth.Settings](tx, berth.Draft, berth.ObjectQuery{Site: "main"}); err == nil {
			t.Error("a damaged document among others is passed over")
		}
	})
}
