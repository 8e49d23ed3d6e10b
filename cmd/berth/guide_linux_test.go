package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const guideFolder = "../../docs/guide"

// guideBlock is a fenced block of the guide.
type guideBlock struct {
	where string // file:line
	info  string // behind the fence: "sh", "sh exit=3", "text"
	text  string
}

// guideBlocks takes the fenced blocks out of a page.
func guideBlocks(t *testing.T, page string) (blocks []guideBlock) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(guideFolder, page))
	if err != nil {
		t.Fatal(err)
	}
	inside := false
	for i, line := range strings.Split(string(content), "\n") {
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && inside:
			inside = false
		case fence:
			inside = true
			blocks = append(blocks, guideBlock{where: fmt.Sprintf("%s:%d", page, i+1), info: info})
		case inside:
			blocks[len(blocks)-1].text += line + "\n"
		}
	}
	if inside {
		t.Fatalf("%s: the last fence is not closed", page)
	}
	return blocks
}

// guidePages are the pages with commands, in their order.
func guidePages(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob(filepath.Join(guideFolder, "[0-9]*.md"))
	if err != nil || len(pages) < 6 {
		t.Fatalf("pages of the guide: %v, %v", pages, err)
	}
	for i := range pages {
		pages[i] = filepath.Base(pages[i])
	}
	slices.Sort(pages)
	return pages
}

// TestGuide types what the guide's blocks say into one shell, page after page, as a new user would: a real server, real
// agents, images on a share that a real file server offers. Each command must succeed, or end as the block says, and print
// the lines that the guide shows.
func TestGuide(t *testing.T) {
	s := newGuideShell(t)
	for _, page := range guidePages(t) {
		ok := t.Run(strings.TrimSuffix(page, ".md"), func(t *testing.T) {
			var printed string
			for _, b := range guideBlocks(t, page) {
				switch kind, _, _ := strings.Cut(b.info, " "); kind {
				case "sh":
					printed = s.run(t, b)
				case "text":
					wantLines(t, b, printed)
				}
			}
		})
		if !ok {
			t.Fatal("the pages behind this one build on it")
		}
	}
}

// guideShell is a shell with everything in reach that the guide takes for granted.
type guideShell struct {
	dir  string
	bash *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	n    int

	smbd                        *exec.Cmd
	smbdPath, smbdConf, address string // of the file server
}

func newGuideShell(t *testing.T) *guideShell {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("skipped: bash is missing")
	}
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("skipped: openssl is missing")
	}
	closeOnExec()
	dir, err := os.MkdirTemp("", "guide") // the paths of Samba's sockets must be short
	if err != nil {
		t.Fatal(err)
	}
	s := &guideShell{dir: dir, bash: exec.Command(bash, "--norc", "--noprofile")}
	t.Cleanup(s.clean)
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(guideFolder, "example"))); err != nil {
		t.Fatal(err)
	}
	share, logins := s.fileServer(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, "bin/berth", fmt.Sprintf("#!/bin/sh\nexec %q \"$@\"\n", self), 0o755)
	s.bash.Dir = dir
	s.bash.Env = append(os.Environ(), asProgram+"=1", "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"), "XDG_CONFIG_HOME="+filepath.Join(dir, "config"),
		"LC_ALL=C.UTF-8", "DATA="+filepath.Join(dir, "server"), "LISTEN=127.0.0.1:0", "SHARE="+share, "LOGINS="+logins, "STATE="+filepath.Join(dir, "state"),
		"HOMES="+filepath.Join(dir, "homes"))
	s.bash.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that what it leaves running can be stopped with it
	s.start(t)
	return s
}

func (s *guideShell) write(t *testing.T, name, content string, mode os.FileMode) string {
	t.Helper()
	file := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	return file
}

func (s *guideShell) start(t *testing.T) {
	t.Helper()
	in, err := s.bash.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.bash.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.bash.Stderr = s.bash.Stdout
	s.in, s.out = in, bufio.NewReader(out)
	if err := s.bash.Start(); err != nil {
		t.Fatal(err)
	}
}

// clean ends what the shell left running, agents before the server, and the processes that outlive agents so that mounts
// do; then it waits for the mounts to go.
func (s *guideShell) clean() {
	if s.bash.Process != nil {
		_ = syscall.Kill(-s.bash.Process.Pid, syscall.SIGINT)
		_ = s.in.Close()
		done := make(chan struct{})
		go func() { _ = s.bash.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			_ = syscall.Kill(-s.bash.Process.Pid, syscall.SIGKILL)
			<-done
		}
	}
	states, _ := filepath.Glob(filepath.Join(s.dir, "state", "*")) // a folder that is not there has none
	for _, state := range states {                                 // mounts outlive their agents
		c := exec.Command(filepath.Join(s.dir, "bin", "berth"), "agent", "release", "--state", state)
		c.Env = s.bash.Env
		_ = c.Run() // what it could not take away is seen next
	}
	s.endThose(syscall.SIGTERM)
	for range 100 {
		if mounts, err := os.ReadFile("/proc/self/mountinfo"); err != nil || !bytes.Contains(mounts, []byte(s.dir)) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.endThose(syscall.SIGKILL)
	_ = os.RemoveAll(s.dir)
}

// endThose sends a signal to the processes that this test started: those that its folder is named to. The file server is
// ended elsewhere.
func (s *guideShell) endThose(sig syscall.Signal) {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(line, []byte(s.dir)) || bytes.Contains(line, []byte("smb.conf")) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil && pid != os.Getpid() {
			_ = syscall.Kill(pid, sig)
		}
	}
}

// closeOnExec keeps what this process was given, such as a lock of whoever runs the tests, from processes that may outlive
// it.
func closeOnExec() {
	files, _ := filepath.Glob("/proc/self/fd/[0-9]*")
	for _, file := range files {
		if fd, err := strconv.Atoi(filepath.Base(file)); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}

// run types a block and returns what it printed. Its commands must all succeed; where the block is marked exit=N, the last
// one must end so.
func (s *guideShell) run(t *testing.T, b guideBlock) string {
	t.Helper()
	s.n++
	file := s.write(t, fmt.Sprintf("blocks/%03d.sh", s.n), b.text, 0o600)
	want := "0"
	if _, code, ok := strings.Cut(b.info, "exit="); ok {
		want = code
	}
	mark := fmt.Sprintf("##end-%d", s.n)
	trap := `trap 'echo "##failed $? $BASH_COMMAND"' ERR`
	if want != "0" {
		trap = "trap - ERR"
	}
	if _, err := fmt.Fprintf(s.in, "set -E -o pipefail; %s; . %q </dev/null; code=$?; echo; echo \"##code $code\"; echo '%s'\n", trap, file, mark); err != nil {
		t.Fatal(err)
	}
	printed, code := s.read(t, b, mark)
	if strings.Contains(printed, "##failed") || code != want {
		t.Fatalf("%s: exit code %s, want %s:\n%s\n%s", b.where, code, want, b.text, printed)
	}
	if testing.Verbose() && strings.Contains(b.where, ".md:") {
		t.Logf("%s\n%s\n%s", b.where, b.text, printed)
	}
	return printed
}

const guidePatience = 5 * time.Minute

func (s *guideShell) read(t *testing.T, b guideBlock, mark string) (printed, code string) {
	t.Helper()
	late := time.AfterFunc(guidePatience, func() { _ = syscall.Kill(-s.bash.Process.Pid, syscall.SIGKILL) })
	defer late.Stop()
	var out strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		switch {
		case strings.TrimSpace(line) == mark:
			return out.String(), code
		case strings.HasPrefix(line, "##code "):
			code = strings.TrimSpace(strings.TrimPrefix(line, "##code "))
		default:
			out.WriteString(line)
		}
		if err != nil {
			t.Fatalf("%s: the shell ended, or took longer than %s:\n%s\n%s", b.where, guidePatience, b.text, out.String())
		}
	}
}

// wantLines holds what was printed to the lines that the guide shows, in their order. White space counts once, and … stands
// for what differs from place to place.
func wantLines(t *testing.T, b guideBlock, printed string) {
	t.Helper()
	lines := strings.Split(printed, "\n")
	for want := range strings.Lines(b.text) {
		want = strings.Join(strings.Fields(want), " ")
		if want == "" || want == "…" {
			continue
		}
		re := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".*") + "$")
		at := slices.IndexFunc(lines, func(l string) bool { return re.MatchString(strings.Join(strings.Fields(l), " ")) })
		if at < 0 {
			t.Fatalf("%s: the guide shows\n  %s\nwhich was not printed, or not in this place:\n%s", b.where, want, printed)
		}
		lines = lines[at+1:]
	}
}

// fileServer starts a real SMB server that offers a folder as \\files\apps, and returns the folder and the file with the
// logins for it. The host name files is known from that file alone.
func (s *guideShell) fileServer(t *testing.T) (folder, logins string) {
	t.Helper()
	smbd, pdbedit := sambaTool("smbd"), sambaTool("pdbedit")
	if smbd == "" || pdbedit == "" {
		t.Skip("skipped: smbd of Samba is missing")
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	_, port, _ := net.SplitHostPort(address)
	conf := s.write(t, "smb/smb.conf", fmt.Sprintf(guideSamba, port, me.Username, filepath.Join(s.dir, "smb")), 0o600)
	for _, d := range []string{"private", "lock", "state", "cache", "pid", "rpc", "apps"} {
		if err := os.MkdirAll(filepath.Join(s.dir, "smb", d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	add := exec.Command(pdbedit, "-s", conf, "-a", "-t", "-u", me.Username)
	add.Stdin = strings.NewReader("secret\nsecret\n")
	if out, err := add.CombinedOutput(); err != nil {
		t.Skipf("skipped: Samba takes no user here: %v: %s", err, out)
	}
	s.smbdPath, s.smbdConf, s.address = smbd, conf, address
	s.startFiles(t)
	t.Cleanup(s.stopFiles)
	b, err := json.Marshal([]map[string]string{{"server": "files", "address": address, "user": me.Username, "password": "secret"}})
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(s.dir, "smb", "apps"), s.write(t, "logins.json", string(b), 0o600)
}

func (s *guideShell) startFiles(t *testing.T) {
	t.Helper()
	s.smbd = exec.Command(s.smbdPath, "-F", "--no-process-group", "-s", s.smbdConf)
	s.smbd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out bytes.Buffer
	s.smbd.Stdout, s.smbd.Stderr = &out, &out
	if err := s.smbd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		if c, err := net.DialTimeout("tcp", s.address, time.Second); err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Skipf("skipped: smbd does not start here: %s", out.String())
}

// stopFiles ends the file server and waits until its port is free.
func (s *guideShell) stopFiles() {
	_ = syscall.Kill(-s.smbd.Process.Pid, syscall.SIGKILL)
	_ = s.smbd.Wait()
	for range 100 {
		c, err := net.DialTimeout("tcp", s.address, time.Second)
		if err != nil {
			return
		}
		_ = c.Close()
		time.Sleep(20 * time.Millisecond)
	}
}

func sambaTool(name string) string {
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/usr/local/sbin", "/sbin") {
		if fi, err := os.Stat(filepath.Join(dir, name)); err == nil && fi.Mode()&0o111 != 0 {
			return filepath.Join(dir, name)
		}
	}
	return ""
}

const guideSamba = `[global]
	server role = standalone server
	smb ports = %[1]s
	interfaces = 127.0.0.1/8
	bind interfaces only = yes
	disable netbios = yes
	disable spoolss = yes
	load printers = no
	printcap name = /dev/null
	guest account = %[2]s
	passdb backend = tdbsam:%[3]s/passdb.tdb
	private dir = %[3]s/private
	lock directory = %[3]s/lock
	state directory = %[3]s/state
	cache directory = %[3]s/cache
	pid directory = %[3]s/pid
	ncalrpc dir = %[3]s/rpc
	log file = %[3]s/log
	log level = 1
[apps]
	path = %[3]s/apps
	valid users = %[2]s
`
