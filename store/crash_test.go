package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"berth"
)

// childDatabase names the variable that turns the test binary into the process that is killed.
const childDatabase = "BERTH_STORE_CRASH_TEST"

func TestMain(m *testing.M) {
	if path := os.Getenv(childDatabase); path != "" {
		fmt.Fprintln(os.Stderr, countForever(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// countForever raises the counter in Update after Update and prints each number once it is acknowledged.
func countForever(path string) error {
	s, err := OpenSQLite(context.Background(), path, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	for {
		var number int64
		err := s.Update(context.Background(), func(tx berth.Tx) (err error) {
			number, err = count(tx)
			return err
		})
		if err != nil {
			return err
		}
		fmt.Println(number)
	}
}

// count writes the next number to three tables, so that half a transaction would show.
func count(tx berth.Tx) (int64, error) {
	site, err := tx.Site("main")
	if err != nil && !berth.IsNotFound(err) {
		return 0, err
	}
	number := site.Generation + 1
	return number, errors.Join(
		tx.PutSite(berth.Site{Name: "main", Generation: number}),
		tx.AppendAudit(berth.AuditEntry{Site: "main", Action: strconv.FormatInt(number, 10)}),
		tx.PutHost(berth.Host{ID: fmt.Sprintf("id-%09d", number), Site: "main", Name: fmt.Sprintf("host-%09d", number)}),
	)
}

// TestKill kills a writing process again and again at moments it cannot choose. Whatever it had printed must be there,
// and whatever is there must be whole.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "berth.db")
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	var printed int64
	for range rounds {
		printed = max(printed, writeAndKill(t, path, time.Duration(rand.IntN(150))*time.Millisecond))
		kept := verifyCount(t, path)
		if kept < printed {
			t.Fatalf("write %d was acknowledged, %d are there after the kill", printed, kept)
		}
	}
	t.Logf("%d acknowledged writes survived %d kills", printed, rounds)
	if printed < int64(rounds) {
		t.Errorf("only %d writes in %d rounds: the test shows nothing", printed, rounds)
	}
}

// writeAndKill starts the writer, waits for its first number and then a while, kills it, and returns the last number
// that it printed as a whole line.
func writeAndKill(t *testing.T, path string, while time.Duration) (last int64) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childDatabase+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var kill *time.Timer
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			break
		}
		if kill == nil {
			kill = time.AfterFunc(while, func() { _ = child.Process.Kill() })
		}
		if last, err = strconv.ParseInt(line[:len(line)-1], 10, 64); err != nil {
			t.Fatalf("the writer printed %q", line)
		}
	}
	if err := child.Wait(); err == nil || kill == nil {
		t.Fatalf("the writer ended by itself: %v", err)
	}
	return last
}

// verifyCount opens the database and returns its counter, which must agree with what the other tables hold.
func verifyCount(t *testing.T, path string) (kept int64) {
	t.Helper()
	s, err := OpenSQLite(t.Context(), path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	err = s.View(t.Context(), func(tx berth.Tx) error {
		site, err1 := tx.Site("main")
		entries, err2 := tx.Audit(berth.AuditQuery{})
		hosts, err3 := tx.Hosts("main", "", 0)
		kept = site.Generation
		if int64(len(entries)) != kept || int64(len(hosts)) != kept {
			t.Errorf("counter %d, %d audit entries, %d hosts: a write was kept in part", kept, len(entries), len(hosts))
		}
		for i, e := range entries {
			if want := strconv.FormatInt(kept-int64(i), 10); e.Action != want {
				t.Fatalf("audit entry %d is write %s, want %s", i, e.Action, want)
			}
		}
		return errors.Join(err1, err2, err3)
	})
	var verdict string
	if err := errors.Join(err, s.writer.QueryRow("PRAGMA integrity_check").Scan(&verdict), s.Close()); err != nil || verdict != "ok" {
		t.Fatalf("after the kill: %v, integrity check %q", err, verdict)
	}
	return kept
}
