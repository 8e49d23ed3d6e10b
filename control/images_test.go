package control_test

import (
	"compress/gzip"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"berth"
	"berth/control"
	"berth/imaging"
	"berth/share"
	"berth/wire"
)

// images looks into real folders and real images.
type images struct {
	*share.Opener
	*imaging.Library
}

// withImages gives the farm a root with the named samples, unpacked.
func withImages(t *testing.T, names ...string) (*farm, string) {
	t.Helper()
	root := t.TempDir()
	for _, name := range names {
		f, err := os.Open(filepath.Join("../../shared/testdata/generated-appattach", name+".gz"))
		if err != nil {
			t.Skipf("skipped: the sample %s is missing", name)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(z)
		_ = f.Close()
		if err == nil {
			err = os.WriteFile(filepath.Join(root, name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	o, err := share.New(share.Options{Roots: []string{root}})
	if err != nil {
		t.Fatal(err)
	}
	f := newFarm(t)
	f.images = images{o, imaging.New(o, slog.New(slog.DiscardHandler))}
	f.library = f.images.(images)
	f.must(f.store.Close())
	f.open()
	return f, root
}

func TestBrowse(t *testing.T) {
	f, root := withImages(t)
	f.must(os.MkdirAll(filepath.Join(root, "apps"), 0o755))
	f.must(os.WriteFile(filepath.Join(root, "apps", "notes.vhdx"), []byte("x"), 0o600))
	top, err := f.BrowseImages(f.owner, "main", "")
	f.must(err)
	if top.Parent != nil || len(top.Entries) != 1 || top.Entries[0].Path != root || !slices.Equal(top.Roots, []string{root}) {
		t.Errorf("roots: %+v", top)
	}
	below, err := f.BrowseImages(f.owner, "main", root)
	f.must(err)
	if below.Parent == nil || *below.Parent != "" || below.Entries[0].Kind != berth.EntryFolder {
		t.Errorf("a root: %+v", below)
	}
	apps, err := f.BrowseImages(f.owner, "main", below.Entries[0].Path)
	f.must(err)
	if apps.Parent == nil || *apps.Parent != root || apps.Entries[0].Name != "notes.vhdx" {
		t.Errorf("a folder: %+v", apps)
	}
	_, err = f.BrowseImages(f.owner, "main", filepath.Dir(root))
	wantKind(t, err, berth.Forbidden)
	_, err = f.BrowseImages(as("rita", "", berth.RoleReader), "main", "")
	wantKind(t, err, berth.Forbidden)
	_, err = newFarm(t).BrowseImages(f.owner, "main", "")
	wantKind(t, err, berth.Unavailable)
}

// result of a check of an image's package.
func checked(p wire.ImagePackage, name string) wire.ImageCheck {
	for _, c := range p.Checks {
		if c.Name == name {
			return c
		}
	}
	return wire.ImageCheck{}
}

func TestInspectImage(t *testing.T) {
	f, root := withImages(t, "coffee-gpt-dyn.vhdx", "unsigned.vhdx", "multi-gpt-dyn.vhdx")
	path := filepath.Join(root, "coffee-gpt-dyn.vhdx")
	f.enroll("h1", berth.KindRDSH, "")
	v, err := f.InspectImage(f.owner, "main", path)
	f.must(err)
	if len(v.Packages) != 1 || v.Format != "vhdx" || v.Size == 0 || !v.Packages[0].Addable || v.Packages[0].InCatalogue {
		t.Fatalf("%+v", v)
	}
	for _, c := range v.Packages[0].Checks {
		// The sample was signed in 2018 with a certificate that has ended, and has no timestamp.
		if c.Message == "" || (c.Result == wire.CheckFail) != (c.Name == "certificate") || (c.Result == wire.CheckPass) != (c.Remedy == "") {
			t.Errorf("check %+v", c)
		}
	}
	if c := checked(v.Packages[0], "hosts"); !strings.Contains(c.Message, "1 of 1 hosts") {
		t.Errorf("hosts: %+v", c)
	}
	_, err = f.AddPackage(f.owner, control.NewPackage{Site: "main", ImagePath: path})
	f.must(err)
	v, err = f.InspectImage(f.owner, "main", path)
	f.must(err)
	if p := v.Packages[0]; !p.InCatalogue || p.Addable || checked(p, "catalogue").Result != wire.CheckFail {
		t.Errorf("in the catalogue: %+v", p.Checks)
	}
	v, err = f.InspectImage(f.owner, "main", filepath.Join(root, "unsigned.vhdx"))
	f.must(err)
	if p := v.Packages[0]; p.Addable || checked(p, "signature").Result != wire.CheckFail || checked(p, "certificate").Result != wire.CheckFail {
		t.Errorf("unsigned: %+v", p.Checks)
	}
	v, err = f.InspectImage(f.owner, "main", filepath.Join(root, "multi-gpt-dyn.vhdx"))
	f.must(err)
	if len(v.Packages) != 5 {
		t.Errorf("%d packages in an image of five", len(v.Packages))
	}
	for path, kind := range map[string]berth.Kind{"/etc/passwd": berth.Forbidden, filepath.Join(root, "gone.vhdx"): berth.NotFound, root: berth.Invalid} {
		_, err := f.InspectImage(f.owner, "main", path)
		wantKind(t, err, kind)
	}
}

// TestTasksOnImages lets tasks work on real images to their end.
func TestTasksOnImages(t *testing.T) {
	f, root := withImages(t, "coffee-gpt-dyn.vhdx", "tampered-payload-byte.vhdx")
	coffee, tampered := filepath.Join(root, "coffee-gpt-dyn.vhdx"), filepath.Join(root, "tampered-payload-byte.vhdx")
	for name, tt := range map[string]struct {
		ask  wire.StartTask
		want string // part of the result, or of the failure
	}{
		"inspect":  {wire.StartTask{Kind: berth.TaskInspect, Path: coffee}, `"format":"vhdx"`},
		"whole":    {wire.StartTask{Kind: berth.TaskVerify, Path: coffee}, `{"ok":true`},
		"tampered": {wire.StartTask{Kind: berth.TaskVerify, Path: tampered}, "ccoffee.exe"},
		"gone":     {wire.StartTask{Kind: berth.TaskVerify, Path: coffee + "x"}, "is not there"},
		"refused":  {wire.StartTask{Kind: berth.TaskAdd, Add: &wire.AddPackage{ImagePath: tampered}}, "ccoffee.exe"},
	} {
		got := f.ended(f.task(tt.ask))
		text := string(got.Result)
		if got.Failure != nil {
			text += got.Failure.Message
		}
		if !strings.Contains(text, tt.want) || (got.State == berth.TaskFailed) != (got.Failure != nil) {
			t.Errorf("%s: %+v\n%s", name, got, text)
		}
	}
	added := f.ended(f.task(wire.StartTask{Kind: berth.TaskAdd, Add: &wire.AddPackage{ImagePath: coffee, DisplayName: "Coffee"}}))
	ps, err := f.Packages(f.owner, "main", "", 0)
	f.must(err)
	if added.State != berth.TaskDone || len(ps) != 1 || ps[0].DisplayName != "Coffee" || ps[0].AddedBy != "olga" {
		t.Errorf("%+v, catalogue %+v", added, ps)
	}
	again := f.ended(f.task(wire.StartTask{Kind: berth.TaskVerify, Package: ps[0].FullName}))
	if again.State != berth.TaskDone || again.Subject != ps[0].FullName {
		t.Errorf("verify by name: %+v", again)
	}
}

func (f *farm) task(r wire.StartTask) string {
	f.t.Helper()
	k, err := f.StartTask(f.owner, "main", r)
	f.must(err)
	return k.ID
}

// ended waits for the end of a task.
func (f *farm) ended(id string) (k berth.Task) {
	f.t.Helper()
	f.until("task "+id+" is over", func() bool {
		var err error
		k, err = f.seeTask(id)
		f.must(err)
		return k.State.Over()
	})
	return k
}
