package imaging

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"berth"
)

// planned writes a sample with that package, and returns what a plan would say of the sound one.
func planned(t *testing.T, name string) berth.PlannedPackage {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, sample(t, "generated-appattach/"+name+".gz"), 0o644); err != nil {
		t.Fatal(err)
	}
	return berth.PlannedPackage{FullName: coffee, ImagePath: file, RelativePath: "apps/" + coffee}
}

func TestCheckPackage(t *testing.T) {
	sound := planned(t, "coffee-gpt-dyn.vhdx")
	found, err := library(t).Read(context.Background(), sound.ImagePath)
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	for name, tt := range map[string]struct {
		image  string
		all    bool
		change func(*berth.PlannedPackage)
		code   string
		words  string
	}{
		"sound":               {image: "coffee-gpt-dyn.vhdx", all: true},
		"sound, code alone":   {image: "coffee-gpt-dyn.vhdx"},
		"a program altered":   {image: "tampered-payload-byte.vhdx", code: codeBlockHash, words: "ccoffee.exe"},
		"block map altered":   {image: "tampered-blockmap.vhdx", all: true, code: codeBadDigest},
		"unsigned":            {image: "unsigned.vhdx", code: codeNoSignature},
		"a file missing":      {image: "missing-file.vhdx", all: true, code: codeContent},
		"another signer":      {image: "coffee-gpt-dyn.vhdx", change: func(p *berth.PlannedPackage) { p.Thumbprint = "AA" }, code: codeBlockHash, words: "signer"},
		"another block map":   {image: "coffee-gpt-dyn.vhdx", change: func(p *berth.PlannedPackage) { p.BlockMapSHA256 = "aa" }, code: codeBlockHash, words: "AppxBlockMap.xml"},
		"another package":     {image: "coffee-gpt-dyn.vhdx", change: func(p *berth.PlannedPackage) { p.FullName = "Other_1" }, code: codeBlockHash, words: "AppxManifest.xml"},
		"not in that folder":  {image: "coffee-gpt-dyn.vhdx", change: func(p *berth.PlannedPackage) { p.RelativePath = "else" }, code: codeNoFolder},
		"cut short, no crash": {image: "truncated.vhdx", all: true, code: codeVHDCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			p := planned(t, tt.image)
			if !strings.HasPrefix(tt.image, "coffee") { // others were expanded elsewhere
				if all, err := library(t).Read(context.Background(), p.ImagePath); err == nil && len(all) == 1 {
					p.RelativePath = all[0].RelativePath
				}
			}
			p.Thumbprint, p.BlockMapSHA256 = found[0].Certificate.Thumbprint, found[0].Observed.BlockMapSHA256
			if tt.code == codeNoSignature || tt.image == "tampered-blockmap.vhdx" {
				p.Thumbprint, p.BlockMapSHA256 = "", ""
			}
			if tt.change != nil {
				tt.change(&p)
			}
			err := library(t).CheckPackage(context.Background(), p, CheckOptions{All: tt.all})
			if tt.code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			e, ok := errors.AsType[*berth.Error](err)
			if !ok || e.Code != tt.code || !strings.Contains(e.Error(), tt.words) {
				t.Errorf("%v, want %s and %q", err, tt.code, tt.words)
			}
		})
	}
}

func TestCheckIsPaced(t *testing.T) {
	p := planned(t, "coffee-gpt-dyn.vhdx")
	var mu sync.Mutex
	read := 0
	pace := func(_ context.Context, n int) error {
		mu.Lock()
		defer mu.Unlock()
		read += n
		return nil
	}
	found, err := library(t).Read(context.Background(), p.ImagePath)
	if err != nil {
		t.Fatal(err)
	}
	if err := library(t).CheckPackage(context.Background(), p, CheckOptions{All: true, Pace: pace}); err != nil || int64(read) < found[0].Observed.Bytes/2 {
		t.Errorf("%d bytes were asked for, %v; the package has %d", read, err, found[0].Observed.Bytes)
	}
	ctx, cancel := context.WithCancel(context.Background())
	err = library(t).CheckPackage(ctx, p, CheckOptions{All: true, Pace: func(ctx context.Context, _ int) error { cancel(); return ctx.Err() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that the context ended", err)
	}
}

func TestParts(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{"fat-differential.vhdx": "fat-differential.vhdx", "fat-parent.vhdx": "fat-parent.vhdx"})
	child := filepath.Join(dir, "fat-differential.vhdx")
	parts, err := library(t).Parts(context.Background(), child)
	if err != nil || len(parts) != 2 || parts[0].Path != child || parts[1].Path != filepath.Join(dir, "fat-parent.vhdx") {
		t.Fatalf("%+v, %v", parts, err)
	}
	for _, p := range parts {
		if info, err := os.Stat(p.Path); err != nil || info.Size() != p.Size || p.Stamp == "" {
			t.Errorf("%+v, %v", p, err)
		}
	}
	if _, err := library(t).Parts(context.Background(), filepath.Join(dir, "none.vhdx")); berth.ErrorKind(err) != berth.NotFound {
		t.Errorf("%v, want that it is not there", err)
	}
}
