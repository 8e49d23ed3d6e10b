package berth_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"berth"
	"berth/api"
	"berth/arm"
	"berth/cli"
)

func TestKindsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for i, k := range berth.Kinds {
		if int(k) != i {
			t.Errorf("kind %s has the number %d in the place of %d: the order is part of the protocol", k, k, i)
		}
		if k.String() == "" || seen[k.String()] || berth.KindOf(k.String()) != k {
			t.Errorf("kind %d: the name %q is missing, taken or does not lead back", k, k)
		}
		seen[k.String()] = true
	}
	if after := berth.Kind(len(berth.Kinds)); after.String() != "" {
		t.Errorf("kind %s is not in the list of kinds", after)
	}
	if berth.KindOf("novel") != berth.Internal {
		t.Error("an unknown name is not internal")
	}
}

// TestFacesKnowEveryKind walks the three tables that translate kinds.
func TestFacesKnowEveryKind(t *testing.T) {
	faces := map[string]func(berth.Kind) (string, bool){
		"native statuses": func(k berth.Kind) (string, bool) { s, ok := api.HTTPStatus(k); return fmt.Sprint(s), ok && s >= 400 },
		"exit codes":      func(k berth.Kind) (string, bool) { c, ok := cli.ExitCode(k); return fmt.Sprint(c), ok && c > 0 },
		"Azure's codes": func(k berth.Kind) (string, bool) {
			e, ok := arm.CloudErrorOf(k)
			return e.Code, ok && e.Status >= 400 && e.Code != ""
		},
	}
	for name, translate := range faces {
		for _, k := range berth.Kinds {
			if got, ok := translate(k); !ok {
				t.Errorf("%s: kind %s is translated to %q", name, k, got)
			}
		}
		if got, ok := translate(berth.Kind(len(berth.Kinds))); ok {
			t.Errorf("%s: a kind that there is not is translated to %q", name, got)
		}
	}
	for _, k := range berth.Kinds { // the statuses of two faces of one server must not differ
		native, _ := api.HTTPStatus(k)
		if azure, _ := arm.CloudErrorOf(k); azure.Status != native {
			t.Errorf("kind %s: status %d natively, %d for Azure's clients", k, native, azure.Status)
		}
	}
}

func TestError(t *testing.T) {
	cause := errors.New("disk on fire")
	e := berth.Errorf(berth.Unavailable, "share %s: %w", "files", cause)
	full := e.With("put it out").On("imagePath")
	full.Code = "EIO"
	if got, want := full.Error(), "share files: disk on fire (EIO); put it out"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if e.Remedy != "" || e.Field != "" || full.Field != "imagePath" {
		t.Error("With and On change the error that they were called on, or lose what they say")
	}
	wrapped := fmt.Errorf("outer: %w", full)
	if !errors.Is(wrapped, cause) || berth.ErrorKind(wrapped) != berth.Unavailable || berth.IsNotFound(wrapped) {
		t.Error("the kind or the cause is lost in the chain")
	}
	if berth.ErrorKind(io.EOF) != berth.Internal || (&berth.Error{Err: io.EOF}).Error() != "EOF" {
		t.Error("an error of nobody's kind is not internal, or says nothing")
	}
	if !berth.IsNotFound(fmt.Errorf("x: %w", berth.Errorf(berth.NotFound, "gone"))) {
		t.Error("NotFound is not recognised in a chain")
	}
}

func TestRoles(t *testing.T) {
	order := []berth.Role{"", berth.RoleReader, berth.RoleContributor, berth.RoleOwner}
	for i, r := range order {
		for j, want := range order {
			if got := r.Includes(want); got != (j > 0 && i >= j) {
				t.Errorf("%q includes %q: %v", r, want, got)
			}
		}
	}
	if r, err := berth.ParseRole(" Owner "); r != berth.RoleOwner || err != nil {
		t.Errorf("got %q, %v", r, err)
	}
	if _, err := berth.ParseRole("god"); berth.ErrorKind(err) != berth.Invalid {
		t.Errorf("got %v", err)
	}
	if k, err := berth.ParseHostKind("AVD"); k != berth.KindAVD || err != nil || !slices.Contains(berth.HostKinds, k) {
		t.Errorf("got %q, %v", k, err)
	}
	if _, err := berth.ParseHostKind("mainframe"); berth.ErrorKind(err) != berth.Invalid {
		t.Errorf("got %v", err)
	}
}
