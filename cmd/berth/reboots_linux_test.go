package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// reboots lets the machine start anew at every stage of a package's life: at once, when the effect can be seen, and
// somewhere in between.
func (f *statusFarm) reboots() {
	home := filepath.Join(f.dir, "homes", "carol", ".local/share/applications")
	entries := func() bool {
		l, _ := filepath.Glob(filepath.Join(home, "berth-Contoso.Draw_*.desktop"))
		return len(l) > 0
	}
	attached := func() bool {
		_, err := os.Stat(filepath.Join(f.dir, "state/h1/packages", draw20, "AppxManifest.xml"))
		return err == nil
	}
	steps := []struct {
		do   string
		seen func() bool // its effect
	}{
		{"berth assign add Contoso.Draw --host h1 --tag Production --apply", attached},
		{"open_session c1 carol", entries},
		{"close_session c1", func() bool { return !entries() }},
		{"berth assign remove Contoso.Draw --host h1 --apply", func() bool { return !attached() }},
	}
	rounds := 0
	for _, when := range []string{"at once", "when it can be seen", "in between"} {
		for i, s := range steps {
			f.at = s.do + ", reboot " + when
			f.sh(s.do)
			switch when {
			case "in between":
				time.Sleep(rand.N(400 * time.Millisecond))
			case "when it can be seen":
				f.waits(s.seen)
			}
			f.reboot()
			rounds++
			if i == 1 { // the session went with the machine, and its entries go
				f.sh("open_session c1 carol")
			}
			f.waits(s.seen)
		}
		f.gone(draw20)
	}
	f.t.Logf("%d starts of the machine", rounds)
	f.sh("berth assign remove Contoso.Notes --host h1 --apply")
	f.gone(notes11)
	f.until(`ls "$STATE/h1/packages" "$STATE/h1/sessions"; find "$HOMES" -name 'berth-*'; berth host show h1; echo end`, "!Contoso", "!.json\n", "!berth-", "!leftover", "end")
	f.waits(func() bool { return f.mounts("h1") == 0 })
}

// reboot ends all processes of the host, takes its mounts away, and lets its sessions be those of an earlier start of the
// machine; then the agent starts.
func (f *statusFarm) reboot() {
	f.t.Helper()
	state := filepath.Join(f.dir, "state", "h1")
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(line, []byte("\x00agent\x00")) || !bytes.Contains(append(line, 0), []byte("\x00"+state+"\x00")) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil && pid != os.Getpid() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	f.sh(`wait "$(cat agent.pid)" || true`)
	f.waits(func() bool {
		for _, point := range f.points("h1") {
			_ = syscall.Unmount(point, syscall.MNT_DETACH)
		}
		return len(f.points("h1")) == 0
	})
	f.sh(`rm -f "$STATE/h1/supervisor.sock"
for s in "$STATE"/h1/sessions/*.json; do [ ! -e "$s" ] || sed -i -E 's/"boot":"[^"]*"/"boot":"00000000-0000-4000-8000-000000000000"/' "$s"; done
run_agent`)
}

// waits polls for a condition on the machine.
func (f *statusFarm) waits(holds func() bool) {
	f.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.t.Fatalf("%s: it never came to that:\n%s\n%s", f.at, f.sh("berth host packages h1"), f.sh("tail -20 agent.log"))
		}
	}
}

// points are the mount points of a host.
func (f *statusFarm) points(host string) (list []string) {
	f.t.Helper()
	for _, line := range f.mountLines(host) {
		list = append(list, strings.Fields(line)[4])
	}
	return list
}

func (f *statusFarm) mounts(host string) int { return len(f.mountLines(host)) }

// mountOf is the mount of a package, by the number that the system gave to it: one that was made anew has another.
func (f *statusFarm) mountOf(host, fullName string) string {
	f.t.Helper()
	for _, line := range f.mountLines(host) {
		if strings.HasSuffix(strings.Fields(line)[4], "/packages/"+fullName) {
			return strings.Fields(line)[0]
		}
	}
	return ""
}

func (f *statusFarm) mountLines(host string) (list []string) {
	f.t.Helper()
	b, err := os.ReadFile("/proc/self/mountinfo")
	f.must(err)
	for line := range strings.Lines(string(b)) {
		if strings.Contains(line, fmt.Sprintf(" %s/packages/", filepath.Join(f.dir, "state", host))) {
			list = append(list, line)
		}
	}
	return list
}
