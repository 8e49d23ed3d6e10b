package berth_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

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

// TestEveryErrorSaysWhatToDo sends an error of every kind, with and without a remedy of its own, through the faces: what
// happened, where, the platform's code and what to do come out of each.
func TestEveryErrorSaysWhatToDo(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	for _, k := range berth.Kinds {
		for _, remedy := range []string{"", "put it back"} {
			e := berth.Errorf(k, `image \\files\apps\notes.vhdx cannot be opened`).On("imagePath").With(remedy)
			e.Code = "0x80070002"
			if e.Advice() == "" || (remedy != "" && e.Advice() != remedy) {
				t.Errorf("kind %s, remedy %q: advice %q", k, remedy, e.Advice())
			}
			p := api.Problem(log, e)
			status, _ := api.HTTPStatus(k)
			if p.Status != status || p.Kind != k.String() || p.Title == "" || p.Detail == "" || p.Remedy == "" {
				t.Errorf("kind %s: problem %+v", k, p)
			}
			shown, azure := shownFailure(t, e), arm.MessageOf(e)
			if k == berth.Internal { // what is Berth's own fault is for the log
				continue
			}
			if p.Detail != e.Message || p.Code != e.Code || p.Field != e.Field || p.Remedy != e.Advice() {
				t.Errorf("kind %s: problem %+v", k, p)
			}
			for _, part := range []string{e.Message, e.Code, e.Advice()} {
				if !strings.Contains(shown, part) || !strings.Contains(azure, part) {
					t.Errorf("kind %s: %q is not in the command line's %q, or not in Azure's %q", k, part, shown, azure)
				}
			}
		}
	}
}

// shownFailure is what a command that fails so writes to standard error.
func shownFailure(t *testing.T, err error) string {
	t.Helper()
	var errs bytes.Buffer
	fail := &cobra.Command{Use: "fail", RunE: func(*cobra.Command, []string) error { return err }}
	root := cli.New(cli.Options{In: strings.NewReader(""), Out: io.Discard, Err: &errs, Env: func(string) string { return "" }, Commands: func() []*cobra.Command { return []*cobra.Command{fail} }})
	want, _ := cli.ExitCode(berth.ErrorKind(err))
	if code := cli.Run(t.Context(), root, []string{"fail"}); code != want || code == 0 {
		t.Errorf("exit code %d for %v", code, err)
	}
	return errs.String()
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
