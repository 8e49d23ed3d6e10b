//go:build linux

package linuxhost

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"berth"
	"berth/agent"
	"berth/imaging"
)

// copies gives the paths of copies, by image.
type copies struct {
	mu       sync.Mutex
	paths    map[string]string
	held     int
	suspects []string
}

func (c *copies) Use(p berth.PlannedPackage) (string, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	path := c.paths[p.ImagePath]
	if path == "" {
		return "", func() {}
	}
	c.held++
	return path, sync.OnceFunc(func() { c.mu.Lock(); defer c.mu.Unlock(); c.held-- })
}

func (c *copies) Suspect(path string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.suspects = append(c.suspects, path)
}

// copiedHost is a host with a copy of the image of appV1, and the means to spoil it.
func copiedHost(t *testing.T, spoil func(*Image)) (*bench, *Host, *copies) {
	b := newBench(t)
	c := &copies{paths: map[string]string{"/share/" + appV1: "/copies/v1.vhdx"}}
	of := *b.shelf.images["/share/"+appV1]
	of.Content = "the copy's"
	if spoil != nil {
		spoil(&of)
	}
	b.shelf.images["/copies/v1.vhdx"] = &of
	h := b.host(AttachExtract, func(o *Options) { o.Copies = c })
	b.trust(h)
	return b, h, c
}

func (b *bench) origin(h *Host) agent.Seen {
	b.t.Helper()
	seen, err := h.Observe(b.t.Context())
	b.ok(err)
	for _, p := range seen.Packages {
		if p.FullName == appV1 {
			return p
		}
	}
	return agent.Seen{}
}

func TestAttachFromCopy(t *testing.T) {
	b, h, c := copiedHost(t, nil)
	p := b.plan(appV1)
	delete(b.shelf.images, "/share/"+appV1) // the share is away
	b.ok(h.Stage(t.Context(), p))
	if p := b.origin(h); !p.Staged || p.From != "/copies/v1.vhdx" || p.Content != "the copy's" || p.Origin.ImagePath != "/share/"+appV1 {
		t.Errorf("%+v", p)
	}
	if c.held != 0 || len(c.suspects) != 0 {
		t.Errorf("%d held, suspects %q", c.held, c.suspects)
	}
}

func TestBadCopy(t *testing.T) {
	altered := func(context.Context, berth.PlannedPackage, imaging.CheckOptions) error {
		return &berth.Error{Kind: berth.Invalid, Code: codeAltered, Message: "file app.exe differs"}
	}
	for name, tt := range map[string]struct {
		spoil    func(*Image)
		suspects bool
		fails    bool
	}{
		"of other content": {func(i *Image) {
			i.Package.Observed = &berth.Observation{BlockMapSHA256: "bb"}
		}, true, false},
		"of a signer that is not trusted": {func(i *Image) {
			other := signer(t, "Somebody", i.Package.Certificate.NotBefore, i.Package.Certificate.NotAfter)
			i.Package.Certificate = &other
		}, false, false},
		"with an altered program": {func(i *Image) { i.Check = altered }, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			b, h, c := copiedHost(t, tt.spoil)
			if strings.Contains(name, "altered") {
				h.mode = AttachFUSE // extraction checks what it reads
				h.options.VerifyAll = true
			}
			b.ok(h.Stage(t.Context(), b.plan(appV1)))
			t.Cleanup(func() { b.ok(h.Destage(context.Background(), appV1)) })
			if p := b.origin(h); !p.Staged || p.From != "" {
				t.Errorf("%+v: want it from the share", p)
			}
			if got := slices.Contains(c.suspects, "/copies/v1.vhdx"); got != tt.suspects || c.held != 0 {
				t.Errorf("suspects %q, %d held", c.suspects, c.held)
			}
		})
	}
}

func TestAudit(t *testing.T) {
	b, h, c := copiedHost(t, nil)
	b.ok(h.Stage(t.Context(), b.plan(appV1)))
	var asked imaging.CheckOptions
	var answer error
	b.shelf.images["/copies/v1.vhdx"].Check = func(_ context.Context, _ berth.PlannedPackage, o imaging.CheckOptions) error {
		asked = o
		return answer
	}
	pace := func(context.Context, int) error { return nil }
	b.ok(h.Audit(t.Context(), b.plan(appV1), pace))
	if !asked.All || asked.Pace == nil {
		t.Errorf("%+v: want everything, paced", asked)
	}
	answer = &berth.Error{Kind: berth.Invalid, Code: codeAltered, Message: "file readme.txt differs"}
	if err := h.Audit(t.Context(), b.plan(appV1), pace); !strings.Contains(err.Error(), "readme.txt") || len(c.suspects) != 1 {
		t.Errorf("%v, suspects %q", err, c.suspects)
	}
	delete(b.shelf.images, "/copies/v1.vhdx")
	if err := h.Audit(t.Context(), b.plan(appV1), pace); berth.ErrorKind(err) != berth.Unavailable {
		t.Errorf("%v: want that it is gone, which is no verdict", err)
	}
	b.ok(h.Destage(t.Context(), appV1))
	if err := h.Audit(t.Context(), b.plan(appV1), pace); berth.ErrorKind(err) != berth.Unavailable {
		t.Errorf("%v: want that it is gone, which is no verdict", err)
	}
}
