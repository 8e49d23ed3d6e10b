package imaging

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"berth"
	"berth/disk"
)

const coffee = "CentennialCoffee_1.1.0.0_neutral__8wekyb3d8bbwe"

// TestVerify holds what is wrong with a package to code, kind and status.
func TestVerify(t *testing.T) {
	for name, want := range map[string]struct {
		code, says string
		status     berth.StatusName
	}{
		"coffee-gpt-dyn.vhdx":        {},
		"tampered-payload-byte.vhdx": {codeBlockHash, "ccoffee.exe is not as signed: block at byte 0", berth.StatusStagingFailed},
		"missing-file.vhdx":          {codeContent, "centennialCup.exe is not as signed: missing", berth.StatusStagingFailed},
		"tampered-blockmap.vhdx":     {codeBadDigest, "AppxBlockMap.xml: the signature was made for another block map", berth.StatusStagingFailed},
		"unsigned.vhdx":              {codeNoSignature, "not signed", berth.StatusCertificateMissing},
		"truncated.vhdx":             {codeVHDCorrupt, "truncated", berth.StatusStagingFailed},
	} {
		t.Run(name, func(t *testing.T) {
			dir := "MSIX/" + coffee
			if want.code == "" {
				dir = "apps/" + coffee
			}
			err := library(t).Verify(context.Background(), berth.Package{ImagePath: image(t, name), RelativePath: dir})
			if want.code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			fails(t, err, berth.Invalid, want.code)
			if !strings.Contains(err.Error(), want.says) || !strings.Contains(err.Error(), name) {
				t.Errorf("%q does not say %q of %s", err, want.says, name)
			}
			explained(t, want.code, want.status)
			readable(t, err)
		})
	}
}

// explained holds a code to its status, and to a row of its own in the table of the rules.
func explained(t *testing.T, code string, status berth.StatusName) {
	t.Helper()
	got := berth.Explain(berth.Failure{Phase: berth.PhaseAttach, Code: code})
	if got.Status != status || got == berth.Explain(berth.Failure{Phase: berth.PhaseAttach}) {
		t.Errorf("code %s is explained as %q, %q", code, got.Status, got.Remedy)
	}
}

// readable refuses words of programs, and what is said twice.
func readable(t *testing.T, err error) {
	t.Helper()
	for _, bad := range []string{" msix: ", " corrupt: ", " unsupported: ", " unknown: ", "%!", "vhd: vhd", "vhdx: vhdx", "NTFS: NTFS"} {
		if strings.Contains(err.Error(), bad) {
			t.Errorf("%q reads badly: %q", err, bad)
		}
	}
	parts := strings.Split(err.Error(), ": ")
	for i := 1; i < len(parts); i++ {
		if strings.EqualFold(parts[i], parts[i-1]) {
			t.Errorf("%q says %q twice", err, parts[i])
		}
	}
}

// TestUnreadableImages gives every way of reading an image those that cannot be read.
func TestUnreadableImages(t *testing.T) {
	for name, want := range map[string]struct{ sample, code, says string }{
		"truncated.vhdx":   {"generated-appattach/truncated.vhdx.gz", codeVHDCorrupt, "the file is truncated"},
		"differencing.vhd": {"log2timeline_dfvfs/ntfs-differential.vhd.gz", codeVHDParent, "differencing"},
		"diff.vhdx":        {"log2timeline_dfvfs/fat-differential.vhdx.gz", codeVHDParent, "differencing"},
		"ext2.vhd":         {"log2timeline_dfvfs/ext2.vhd.gz", codeFSUnknown, "volume 0: boot sector at byte 0: no known file system"},
		"bitlocker.raw":    {"log2timeline_dfvfs/bdetogo.first1MiB.raw.gz", codeFSUnknown, "encrypted with BitLocker"},
		"package.vhdx":     {"microsoft_msix-packaging/unpack/CentennialCoffee.appx", codeVHDUnknown, "not a VHDX"},
		"package.vhd":      {"microsoft_msix-packaging/unpack/CentennialCoffee.appx", codeVHDUnknown, "not a VHD"},
		"package.img":      {"microsoft_msix-packaging/unpack/CentennialCoffee.appx", codeVHDUnknown, "no partition table"},
	} {
		t.Run(name, func(t *testing.T) {
			l, ctx := New(inMemory(sample(t, want.sample)), nil), context.Background()
			_, inspect := l.Inspect(ctx, name)
			_, read := l.Read(ctx, name)
			_, verify := l.VerifyImage(ctx, name, VerifyOptions{})
			_, attach := l.Attach(ctx, name, "x")
			for _, err := range []error{inspect, read, verify, attach} {
				fails(t, err, berth.Invalid, want.code)
				readable(t, err)
				if !strings.Contains(err.Error(), want.says) || !strings.HasPrefix(err.Error(), name+": ") {
					t.Errorf("%q does not say %q of %s", err, want.says, name)
				}
			}
			explained(t, want.code, berth.StatusStagingFailed)
		})
	}
}

func TestNoPackage(t *testing.T) {
	l, ctx := New(inMemory(sample(t, "log2timeline_dfvfs/ntfs-fixed.vhd.gz")), nil), context.Background()
	img, err := l.Inspect(ctx, "a.vhd")
	if err != nil || len(img.Packages) != 0 || img.Volumes[0].Label != "ntfs_test_fixed" && img.Volumes[0].Label == "" {
		t.Errorf("%+v, %v", img, err)
	}
	if ps, err := l.Read(ctx, "a.vhd"); err != nil || len(ps) != 0 {
		t.Errorf("%v, %v", ps, err)
	}
	_, err = l.VerifyImage(ctx, "a.vhd", VerifyOptions{})
	fails(t, err, berth.Invalid, "")
	file := image(t, "coffee-gpt-dyn.vhdx")
	for _, dir := range []string{"", ".", "/", "apps", "apps/x", "apps/" + coffee + "/Assets", "../apps/" + coffee,
		"apps/" + coffee + "/VFS/ProgramFilesX64/WindowsApps/" + coffee} {
		_, err := library(t).Attach(ctx, file, dir)
		fails(t, err, berth.NotFound, codeNoFolder)
		explained(t, codeNoFolder, berth.StatusNotFound)
	}
	_, err = library(t).Inspect(ctx, filepath.Join(t.TempDir(), "none.vhdx"))
	fails(t, err, berth.NotFound, "ENOENT")
}

// TestFileServerFails lets reading fail after so many reads, everywhere: that is never a verdict about the image.
func TestFileServerFails(t *testing.T) {
	b := sample(t, "generated-appattach/coffee-mbr-fat32.vhd.gz")
	gone := &berth.Error{Kind: berth.Unavailable, Code: "ECONNRESET", Message: "the connection was lost", Remedy: "try again"}
	p := berth.Package{ImagePath: "a.vhd", RelativePath: "MSIX/" + coffee}
	full := inMemory(b)
	if err := New(full, nil).Verify(context.Background(), p); err != nil {
		t.Fatal(err)
	}
	total := full.calls.Load()
	for at := int64(1); at <= total; at += max(1, total/40) {
		for name, run := range map[string]func(l *Library) error{
			"verify": func(l *Library) error { return l.Verify(context.Background(), p) },
			"verify image": func(l *Library) error {
				_, err := l.VerifyImage(context.Background(), "a.vhd", VerifyOptions{})
				return err
			},
		} {
			f := inMemory(b)
			f.read = func([]byte, int64) error {
				if f.calls.Load() >= at {
					return gone
				}
				return nil
			}
			err := run(New(f, nil))
			if e, ok := errors.AsType[*berth.Error](err); ok && e.Code == "ECONNRESET" || err == nil && f.calls.Load() < at {
				continue
			}
			t.Fatalf("%s, read %d of %d: %v", name, at, total, err)
		}
	}
}

func TestContextStopsVerification(t *testing.T) {
	b := sample(t, "generated-appattach/multi-gpt-dyn.vhdx.gz")
	for _, after := range []int64{0, 1, 20, 300} {
		ctx, cancel := context.WithCancel(context.Background())
		f := inMemory(b)
		f.read = func([]byte, int64) error {
			if f.calls.Load() > after {
				cancel()
			}
			return nil
		}
		if after == 0 {
			cancel()
		}
		_, err := New(f, nil).VerifyImage(ctx, "a.vhdx", VerifyOptions{})
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "a.vhdx") {
			t.Errorf("after %d reads: %v", after, err)
		}
		if n := f.calls.Load(); n > after+40 {
			t.Errorf("after %d reads: %d more", after, n-after)
		}
		cancel()
	}
}

// TestContextEndsHangingRead lets a read wait until the file is closed, as one over a network does.
func TestContextEndsHangingRead(t *testing.T) {
	b := sample(t, "generated-appattach/coffee-gpt-dyn.vhdx.gz")
	for name, run := range map[string]func(context.Context, *Library) error{
		"inspect": func(ctx context.Context, l *Library) error { _, err := l.Inspect(ctx, "a.vhdx"); return err },
		"read":    func(ctx context.Context, l *Library) error { _, err := l.Read(ctx, "a.vhdx"); return err },
		"attach": func(ctx context.Context, l *Library) error {
			_, err := l.Attach(ctx, "a.vhdx", "apps/"+coffee)
			return err
		},
		"verify": func(ctx context.Context, l *Library) error {
			_, err := l.VerifyImage(ctx, "a.vhdx", VerifyOptions{})
			return err
		},
	} {
		for _, after := range []int64{0, 5, 25} {
			ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			f := inMemory(b)
			f.read = func([]byte, int64) error {
				if f.calls.Load() <= after {
					return nil
				}
				<-f.closed
				return os.ErrClosed
			}
			if err := run(ctx, New(f, nil)); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "a.vhdx") {
				t.Errorf("%s, after %d reads: %v", name, after, err)
			}
			cancel()
		}
	}
}

func TestClassesAreKnown(t *testing.T) {
	for _, code := range []string{codeVHDCorrupt, codeVHDUnknown, codeVHDVersion, codeVHDParent, codeFSCorrupt, codeFSUnknown, codeManifest,
		codeBlockMap, codeContent, codeBlockHash, codeBadDigest, codePublisher, "EIO"} {
		explained(t, code, berth.StatusStagingFailed)
	}
	if code, remedy := diagnose(os.ErrDeadlineExceeded); code != "EIO" || remedy == "" {
		t.Errorf("%s, %s", code, remedy)
	}
	if code, _ := diagnose(&disk.Error{Format: "NTFS", Err: disk.ErrCorrupt}); code != codeFSCorrupt {
		t.Error(code)
	}
}
