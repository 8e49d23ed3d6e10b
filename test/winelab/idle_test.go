//go:build linux

package winelab

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"berth"
	"berth/client"
	"berth/imaging"
	"berth/wire"
)

// TestIdle measures what the service costs while nothing happens, with as many packages staged as WINELAB_IDLE says, and a
// worker in one session. Wine maps programs otherwise than Windows: memory is an upper bound at best.
func TestIdle(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("WINELAB_IDLE"))
	if err != nil || n < 1 {
		t.Skip("skipped: measuring takes minutes of quiet; WINELAB_IDLE=50 asks for it with 50 packages")
	}
	b := newBench(t)
	image, names := b.many(n)
	b.enroll()
	b.install()
	for _, name := range names {
		p, err := b.client.AddPackage(t.Context(), wire.AddPackage{ImagePath: image, FullName: name})
		b.must(err)
		_, err = b.client.TagPackage(t.Context(), p.FullName, wire.TagPackage{Tag: production, Move: true})
		b.must(err)
		_, err = b.client.Assign(t.Context(), client.Holder{Kind: "defaults", Name: string(berth.KindRDSH)}, wire.Assign{Family: p.FamilyName, Tag: production})
		b.must(err)
	}
	begin := time.Now()
	b.apply()
	until(t, "all are staged", func() (bool, any) { s := strings.Count(b.state(), "staged/"); return s == n, s })
	t.Logf("%d packages staged in %s", n, time.Since(begin).Round(time.Millisecond))
	b.signIn(1, users[0])
	until(t, "all are registered", func() (bool, any) { r := strings.Count(b.state(), "registered/"); return r == n, r })
	time.Sleep(20 * time.Second) // what was just done settles
	verbs := []string{"service", "session-worker"}
	var before []usage
	for _, verb := range verbs {
		before = append(before, spent(t, b.agents(verb)[0]))
	}
	at := time.Now()
	time.Sleep(time.Minute)
	for i, verb := range verbs {
		after, took := spent(t, b.agents(verb)[0]), time.Since(at)
		t.Logf("%s: %.1f MiB resident, %.1f of them its own, %.3f %% of a core, %d wake-ups a minute, %d threads", verb, after.resident, after.own,
			100*(after.cpu-before[i].cpu).Seconds()/took.Seconds(), after.switches-before[i].switches, after.threads)
	}
	begin = time.Now()
	b.endSession(1)
	t.Logf("%d packages let go of at sign-out in %s, %d stay registered", n, time.Since(begin).Round(time.Millisecond), strings.Count(b.state(), "registered/"))
	b.signOut(1)
}

// many makes an image with n packages, each a family of its own.
func (b *bench) many(n int) (image string, names []string) {
	b.t.Helper()
	s := b.newSigner()
	var packages []string
	for i := range n {
		folder := filepath.Join(b.dir, "packages", fmt.Sprintf("tool-%02d", i))
		b.must(writePackage(folder, "1.0.0.0"))
		path := filepath.Join(folder, "AppxManifest.xml")
		text, err := os.ReadFile(path)
		b.must(err)
		b.must(os.WriteFile(path, []byte(strings.Replace(string(text), `Name="Contoso.Notes"`, fmt.Sprintf(`Name="Contoso.Tool%02d"`, i), 1)), 0o644))
		b.must(s.sign(folder, folder+".msix"))
		packages = append(packages, folder+".msix")
	}
	image = filepath.Join(b.dir, "images", "tools.vhdx")
	img, err := b.library().Build(b.t.Context(), imaging.BuildOptions{Packages: packages, Out: image})
	b.must(err)
	for _, p := range img.Packages {
		names = append(names, p.FullName)
		b.must(os.WriteFile(b.fake("signers", p.FullName), []byte(s.thumbprint+"\n"), 0o644))
	}
	b.knows(image, uuid.NewString(), image)
	return image, names
}

// usage is what a process has used.
type usage struct {
	cpu      time.Duration
	resident float64 // MiB
	own      float64 // MiB of it that are no file's
	switches int     // of all threads, because they waited
	threads  int
}

func spent(t *testing.T, pid int) (u usage) {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(stat)[strings.LastIndexByte(string(stat), ')')+2:])
	const hertz = 100 // of the kernel's accounts, proc(5): utime and stime are fields 14 and 15
	for _, f := range fields[11:13] {
		ticks, err := strconv.Atoi(f)
		if err != nil {
			t.Fatal(err)
		}
		u.cpu += time.Duration(ticks) * time.Second / hertz
	}
	u.resident = number(t, fmt.Sprintf("/proc/%d/status", pid), "VmRSS:") / 1024
	u.own = number(t, fmt.Sprintf("/proc/%d/status", pid), "RssAnon:") / 1024
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	u.threads = len(tasks)
	for _, task := range tasks {
		u.switches += int(number(t, task, "voluntary_ctxt_switches:"))
	}
	return u
}

// number reads a value of a file of /proc; 0 when the thread has ended.
func number(t *testing.T, path, name string) float64 {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			v, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	return 0
}
