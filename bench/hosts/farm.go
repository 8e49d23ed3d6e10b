//go:build linux

package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"berth"
	"berth/imaging"
	"berth/wire"
)

// patience is how long anything may take that is waited for.
const patience = 5 * time.Minute

const publisher = "CN=Contoso Bench, O=Contoso, C=US"

// farm is a server with one host, all of it below a folder.
type farm struct {
	options
	dir     string
	running []*exec.Cmd
	host    *exec.Cmd
}

func (f *farm) path(parts ...string) string {
	return filepath.Join(append([]string{f.dir}, parts...)...)
}

// images makes the packages, each with a program, some files and an image of its own.
func (f *farm) images() error {
	cert, key, err := imaging.SelfSigned(publisher, time.Now(), rand.Reader)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.path("images"), 0o755); err != nil {
		return err
	}
	for i := range f.packages {
		name := fmt.Sprintf("app%02d", i)
		tree := f.path("tree")
		if err := plant(tree, name); err != nil {
			return err
		}
		file := f.path(name + ".msix")
		if err := imaging.SignFolder(tree, file, cert, key); err != nil {
			return err
		}
		if _, err := f.run("image", "build", file, "--out", f.path("images", name+".vhdx")); err != nil {
			return err
		}
		if err := errors.Join(os.Remove(file), os.RemoveAll(tree)); err != nil {
			return err
		}
	}
	return nil
}

// plant writes the folder of a package of 60 files and 4 MB.
func plant(dir, name string) error {
	noise := make([]byte, 64<<10)
	if _, err := rand.Read(noise); err != nil {
		return err
	}
	files := map[string][]byte{"AppxManifest.xml": fmt.Appendf(nil, manifest, name, publisher), "app.exe": noise, "logo.png": noise[:1000]}
	for i := range 60 {
		files[fmt.Sprintf("data/%02d.bin", i)] = noise
	}
	for file, content := range files {
		file = filepath.Join(dir, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

const manifest = `<?xml version="1.0" encoding="utf-8"?>
<Package xmlns="http://schemas.microsoft.com/appx/manifest/foundation/windows10" xmlns:uap="http://schemas.microsoft.com/appx/manifest/uap/windows10">
  <Identity Name="Bench.%[1]s" Publisher="%[2]s" Version="1.0.0.0" ProcessorArchitecture="x64"/>
  <Properties><DisplayName>%[1]s</DisplayName><PublisherDisplayName>Contoso</PublisherDisplayName><Logo>logo.png</Logo></Properties>
  <Dependencies><TargetDeviceFamily Name="Windows.Desktop" MinVersion="10.0.17763.0" MaxVersionTested="10.0.22621.0"/></Dependencies>
  <Resources><Resource Language="en-us"/></Resources>
  <Applications>
    <Application Id="App" Executable="app.exe" EntryPoint="Windows.FullTrustApplication">
      <uap:VisualElements DisplayName="%[1]s" Description="%[1]s" BackgroundColor="transparent" Square150x150Logo="logo.png" Square44x44Logo="logo.png"/>
    </Application>
  </Applications>
</Package>
`

// run runs the program and returns what it printed.
func (f *farm) run(args ...string) ([]byte, error) {
	c := exec.Command(f.berth, args...)
	c.Env = append(os.Environ(), "BERTH_BOOTSTRAP="+f.path("admin.json"))
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("berth %s: %w: %s", strings.Join(args, " "), err, said.Bytes())
	}
	return out.Bytes(), nil
}

// spawn starts the program; what it says goes to a file.
func (f *farm) spawn(name string, args ...string) (*exec.Cmd, error) {
	log, err := os.Create(f.path(name + ".log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the child has it
	c := exec.Command(f.berth, args...)
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		return nil, err
	}
	f.running = append(f.running, c)
	return c, nil
}

func (f *farm) server() error {
	if _, err := f.spawn("server", "server", "--data", f.path("server"), "--listen", "127.0.0.1:0", "--image-root", f.path("images"), "--bootstrap", f.path("admin.json")); err != nil {
		return err
	}
	return wait("the server answers", func() bool { _, err := f.run("settings", "show"); return err == nil })
}

// catalogue adds the packages and assigns them to all hosts, as drafts.
func (f *farm) catalogue() error {
	for i := range f.packages {
		image := f.path("images", fmt.Sprintf("app%02d.vhdx", i))
		if _, err := f.run("package", "add", image, "--tag", "Production", "--quiet"); err != nil {
			return err
		}
		if _, err := f.run("assign", "add", fmt.Sprintf("Bench.app%02d", i), "--tag", "Production", "--defaults", "rdsh", "--quiet"); err != nil {
			return err
		}
	}
	return nil
}

// agent enrols this machine and starts its agent.
func (f *farm) agent() (err error) {
	key, err := f.run("enroll-key", "create", "--kind", "rdsh")
	if err != nil {
		return err
	}
	admin, err := os.ReadFile(f.path("admin.json"))
	if err != nil {
		return err
	}
	var boot struct{ URL, CAFile string }
	if err := json.Unmarshal(admin, &boot); err != nil {
		return err
	}
	if _, err := f.run("agent", "enroll", "--state", f.path("agent"), "--server", boot.URL, "--ca", boot.CAFile, "--name", "bench", "--key", strings.TrimSpace(string(key))); err != nil {
		return err
	}
	if f.host, err = f.spawn("agent", "agent", "run", "--sessions", "pam", "--state", f.path("agent")); err != nil {
		return err
	}
	return wait("the agent reports", func() bool {
		var v wire.HostView
		out, err := f.run("host", "show", "bench", "-o", "json")
		return err == nil && json.Unmarshal(out, &v) == nil && v.Facts.Generation > 0
	})
}

// apply applies the assignments and returns how long it took until all packages were Ready.
func (f *farm) apply() (time.Duration, error) {
	begin := time.Now()
	if _, err := f.run("changes", "apply"); err != nil {
		return 0, err
	}
	err := wait("all packages are ready", func() bool {
		var sum wire.StatusSummary
		out, err := f.run("status", "--summary", "-o", "json")
		return err == nil && json.Unmarshal(out, &sum) == nil && sum.ByStatus[string(berth.StatusReady)] == f.packages
	})
	return time.Since(begin), err
}

// phases asks the server what the host told of its work.
func (f *farm) phases() (list []wire.HostTimings, err error) {
	out, err := f.run("host", "timings", "bench", "-o", "json")
	if err == nil {
		err = json.Unmarshal(out, &list)
	}
	if err == nil && len(list) != f.packages {
		err = fmt.Errorf("the host told of %d packages, not %d", len(list), f.packages)
	}
	return list, err
}

// end takes everything away again.
func (f *farm) end() error {
	var errs []error
	for _, c := range f.running {
		_ = c.Process.Signal(os.Interrupt)
		_ = c.Wait() // how it ends is not the matter
	}
	if f.host != nil {
		_, err := f.run("agent", "release", "--state", f.path("agent"))
		errs = append(errs, err)
	}
	return errors.Join(append(errs, os.RemoveAll(f.dir))...)
}

func wait(what string, holds func() bool) error {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if holds() {
			return nil
		}
	}
	return fmt.Errorf("waited for this in vain: %s", what)
}
