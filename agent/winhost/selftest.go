//go:build windows

package winhost

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/windows"

	"berth"
	"berth/agent"
	"berth/imaging"
	"berth/msix"
)

// SelfTestOptions say what a self-test works with.
type SelfTestOptions struct {
	Image           string
	Package         string // full name; empty: the only one
	CertificateFile string // of the signer, DER or PEM; empty: the machine trusts it already
}

// SelfTestReport is what a self-test saw.
type SelfTestReport struct {
	OK      bool          `json:"ok"`
	At      time.Time     `json:"at"`
	Agent   string        `json:"agent"`
	State   string        `json:"state"`
	Machine agent.Machine `json:"machine"`
	Image   string        `json:"image"`
	Package string        `json:"package,omitempty"`
	Volume  string        `json:"volume,omitempty"`  // GUID of the image's volume
	Address string        `json:"address,omitempty"` // under which Windows took the package
	Phases  []PhaseReport `json:"phases"`
}

// PhaseReport is one phase of a self-test.
type PhaseReport struct {
	Phase  string `json:"phase"`
	Result string `json:"result"` // pass, fail or skipped
	Millis int64  `json:"millis"`
	Detail string `json:"detail,omitempty"`
	Code   string `json:"code,omitempty"` // as Windows gave it
	Symbol string `json:"symbol,omitempty"`
	Remedy string `json:"remedy,omitempty"`
}

// Failed names the first phase that failed.
func (r SelfTestReport) Failed() string {
	for _, p := range r.Phases {
		if p.Result == "fail" {
			return p.Phase
		}
	}
	return ""
}

// errSkipped marks a phase that this machine or this caller cannot make.
var errSkipped = errors.New("skipped")

// selfTest is the state of one self-test.
type selfTest struct {
	h       *Host
	o       SelfTestOptions
	report  SelfTestReport
	planned berth.PlannedPackage
	cert    *berth.Certificate
	session *wtsSession
	volume  string
}

// SelfTest walks through all that the agent does with an image, on this machine. It takes away what it made; a package
// that Windows knew before is not touched.
func (h *Host) SelfTest(ctx context.Context, o SelfTestOptions) SelfTestReport {
	t := &selfTest{h: h, o: o, report: SelfTestReport{OK: true, At: h.options.Now().UTC(), Image: o.Image}}
	t.phase("machine", t.machine(ctx))
	t.phase("policies", t.policies)
	t.phase("sessions", t.sessions)
	if t.phase("attach", func() (string, error) { return t.attach(ctx) }) && t.phase("untouched", t.untouched) {
		t.phase("verify", func() (string, error) { return t.verify(ctx) })
		t.phase("trust", func() (string, error) { return t.trust(ctx) })
		if t.phase("stage", func() (string, error) { return t.stage(ctx) }) {
			t.phase("register", func() (string, error) { return t.register(ctx) })
			t.phase("users", t.users)
			t.phase("processes", t.processes)
			t.phase("deregister", func() (string, error) { return t.deregister(ctx) })
		}
		t.phase("destage", func() (string, error) { return t.destage(ctx) })
		t.phase("untrust", func() (string, error) { return t.untrust(ctx) })
	}
	t.phase("detached", t.detached)
	return t.report
}

// phase makes one phase and tells whether what follows can be made.
func (t *selfTest) phase(name string, do func() (string, error)) bool {
	begin := time.Now()
	detail, err := do()
	p := PhaseReport{Phase: name, Result: "pass", Millis: time.Since(begin).Milliseconds(), Detail: detail}
	switch {
	case errors.Is(err, errSkipped):
		p.Result = "skipped"
	case err != nil:
		p.Result, p.Detail, t.report.OK = "fail", err.Error(), false
		if p.Code = codeOf(err); p.Code != "" {
			e := berth.Explain(berth.Failure{Code: p.Code})
			p.Symbol, p.Remedy = e.Symbol, e.Remedy
		}
	}
	t.report.Phases = append(t.report.Phases, p)
	return p.Result == "pass"
}

func (t *selfTest) machine(ctx context.Context) func() (string, error) {
	return func() (string, error) {
		m, err := t.h.Describe(ctx)
		t.report.Machine = m
		if err != nil {
			return "", err
		}
		_, err = t.h.packages()
		return m.OS + "; images by " + m.AttachMode, err
	}
}

func (t *selfTest) policies() (string, error) {
	for _, p := range policyProblems() {
		return "", &berth.Error{Kind: berth.Unavailable, Message: p}
	}
	if specialProfiles() {
		return "sideloading is allowed, in special profiles too", nil
	}
	return "sideloading is allowed; in special profiles (temporary, mandatory, roaming with deletion) it is not", nil
}

func (t *selfTest) sessions() (string, error) {
	list, err := t.h.list()
	if err != nil {
		return "", err
	}
	if len(list) == 0 {
		return "no session whose user's token can be had: run as LocalSystem, with a user signed in", errSkipped
	}
	t.session = &list[0]
	return fmt.Sprintf("%d sessions; registering in that of %s", len(list), list[0].user), nil
}

// attach attaches the image and reads which package is in it.
func (t *selfTest) attach(ctx context.Context) (string, error) {
	volume, err := attach(ctx, t.o.Image, ".")
	if err != nil {
		return "", coded(err, "cannot attach the image "+t.o.Image)
	}
	t.volume, t.report.Volume = volume, volume
	root := folder(volumeRoot(volume))
	dirs, err := msix.FindPackages(root)
	if err != nil {
		return "", coded(err, "cannot read the image "+t.o.Image)
	}
	for _, dir := range dirs {
		m, err := manifest(root, dir)
		if err != nil {
			return "", coded(err, "cannot read the manifest in "+dir)
		}
		name := m.Identity.FullName()
		if t.o.Package == "" && len(dirs) == 1 || berth.Fold(name) == berth.Fold(t.o.Package) {
			t.planned = berth.PlannedPackage{FullName: name, FamilyName: m.Identity.FamilyName(), ImagePath: t.o.Image, RelativePath: dir,
				Framework: m.Properties.Framework, Registration: berth.AtLogon}
			t.report.Package = name
			return fmt.Sprintf("volume {%s}, %s in %s", volume, name, dir), nil
		}
	}
	return "", berth.Errorf(berth.NotFound, "the image has %d packages, none of them the one to try", len(dirs)).With("name one with --package")
}

func manifest(root fs.FS, dir string) (*msix.Manifest, error) {
	f, err := root.Open(filepath.ToSlash(filepath.Join(dir, "AppxManifest.xml")))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	return msix.ReadManifest(f)
}

// untouched stops the test where it would take away what others made.
func (t *selfTest) untouched() (string, error) {
	m, err := t.h.packages()
	if err != nil {
		return "", err
	}
	p, err := m.Find(t.planned.FullName)
	if err != nil {
		return "", deployed(err, "cannot look for "+t.planned.FullName)
	}
	if p != nil {
		return "", berth.Errorf(berth.Conflict, "Windows knows %s already", t.planned.FullName).With("try an image whose package this host does not have")
	}
	return "Windows does not know the package yet", nil
}

func (t *selfTest) verify(ctx context.Context) (string, error) {
	fsys := folder(below(volumeRoot(t.volume), t.planned.RelativePath))
	return "every file is as it was signed", checkContent(ctx, fsys, t.planned, imaging.CheckOptions{All: true})
}

func (t *selfTest) trust(ctx context.Context) (string, error) {
	if t.o.CertificateFile == "" {
		return "no certificate was given", errSkipped
	}
	der, err := os.ReadFile(t.o.CertificateFile)
	if err != nil {
		return "", coded(err, "cannot read the certificate")
	}
	if block, _ := pem.Decode(der); block != nil {
		der = block.Bytes
	}
	t.cert = &berth.Certificate{DER: der, Thumbprint: thumbprint(der)}
	return t.cert.Thumbprint, t.h.Trust(ctx, []berth.Certificate{*t.cert}, nil)
}

func (t *selfTest) stage(ctx context.Context) (string, error) {
	if err := t.h.Stage(ctx, t.planned); err != nil {
		return "", err
	}
	rec, err := t.h.records.read(t.planned.FullName)
	if err != nil || rec == nil {
		return "", coded(err, "the record of the package is not there")
	}
	t.report.Address = fileURL(below(volumeRoot(rec.Volume), t.planned.RelativePath), false)
	if rec.Link != "" {
		t.report.Address = fileURL(rec.Link, false)
	}
	link := filepath.Join(os.Getenv("ProgramFiles"), "WindowsApps", t.planned.FullName)
	target, err := os.Readlink(link)
	if err != nil {
		return "staged; its link in WindowsApps cannot be read: " + err.Error(), nil //nolint:nilerr // a finding, not a failure
	}
	return "staged; WindowsApps leads to " + target, nil
}

func (t *selfTest) register(ctx context.Context) (string, error) {
	if t.session == nil {
		return "no session", errSkipped
	}
	return "as " + t.session.user, t.h.Register(ctx, t.session.brief(), t.planned)
}

func (t *selfTest) users() (string, error) {
	users, err := t.h.usersOf(t.planned.FullName)
	if err == nil && t.session != nil && len(users) == 0 {
		err = berth.Errorf(berth.Unavailable, "Windows does not tell of the registration")
	}
	return fmt.Sprintf("%d users have the package registered", len(users)), err
}

func (t *selfTest) processes() (string, error) {
	list, err := t.h.uses(record{Package: t.planned, Volume: t.volume})
	return fmt.Sprintf("%d processes run from the package", len(list)), err
}

func (t *selfTest) deregister(ctx context.Context) (string, error) {
	if t.session == nil {
		return "no session", errSkipped
	}
	return "as " + t.session.user, t.h.Deregister(ctx, t.session.brief(), t.planned.FullName)
}

func (t *selfTest) destage(ctx context.Context) (string, error) {
	if rec, err := t.h.records.read(t.planned.FullName); err == nil && rec == nil { // staging was not come to
		return "", coded(t.h.detach(record{Package: t.planned, Volume: t.volume}), "cannot detach the image")
	}
	return "", t.h.Destage(ctx, t.planned.FullName)
}

func (t *selfTest) untrust(ctx context.Context) (string, error) {
	if t.cert == nil {
		return "no certificate was given", errSkipped
	}
	return t.cert.Thumbprint, t.h.Trust(ctx, nil, []string{t.cert.Thumbprint})
}

// detached looks whether anything was left behind.
func (t *selfTest) detached() (string, error) {
	if t.volume == "" {
		return "nothing was attached", errSkipped
	}
	for range 20 { // the volume goes a moment after the disk
		if !volumeThere(t.volume) {
			return "the volume is gone", nil
		}
		time.Sleep(250 * time.Millisecond)
	}
	err := coded(t.h.detach(record{Package: berth.PlannedPackage{ImagePath: t.o.Image}, Volume: t.volume}), "cannot detach the image")
	if err != nil {
		return "", err
	}
	e := berth.Errorf(berth.Unavailable, "the volume {%s} was still there, and was detached now", t.volume)
	e.Code = hresult(windows.ERROR_BUSY)
	return "", e
}
