package imaging

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
	"testing"
	"time"

	"berth"
	"berth/msix"
)

// imageFacts is one entry of FACTS-appattach.json.
type imageFacts struct {
	Packages map[string]struct {
		BlockMap struct {
			Bad           []any
			Files, Blocks int
		}
		Bytes     int64
		Files     int
		Signature *struct {
			DigestMatch map[string]any `json:"digest_match"`
			SignerSHA1  string         `json:"signer_sha1"`
		}
	}
}

// packageFacts is one entry of FACTS-packages.json.
type packageFacts struct {
	FullName     string `json:"full_name"`
	FamilyName   string `json:"family_name"`
	Identity     map[string]string
	Properties   map[string]string
	Dependencies []map[string]string
	Applications []struct {
		ID         string `json:"Id"`
		AUMID      string `json:"aumid"`
		Executable string
	}
	Signature *struct {
		SubjectWindows string `json:"subject_windows"`
		Signer         struct {
			SHA1      string
			Key       []any
			NotBefore string `json:"not_before"`
			NotAfter  string `json:"not_after"`
		}
		Timestamp any
	}
}

// byFullName finds the facts of the package that an image's package was expanded from: one that is sound.
func byFullName(t *testing.T) map[string]packageFacts {
	t.Helper()
	out := map[string]packageFacts{}
	for file, f := range sampleJSON[map[string]packageFacts](t, "FACTS-packages.json") {
		if strings.Contains(file, "/unpack/") || f.Signature != nil && out[f.FullName].Signature == nil {
			out[f.FullName] = f
		}
	}
	return out
}

// decoy tells the folders inside a package that only look like packages.
func decoy(dir string) bool { return strings.Contains(dir, "/VFS/") }

// containers says of each image what qemu-img and the file system tools say.
var containers = map[string]struct{ format, subformat, table, fileSystem string }{
	"coffee-gpt-dyn.vhd":         {"vhd", "dynamic", "gpt", "NTFS"},
	"coffee-gpt-dyn.vhdx":        {"vhdx", "dynamic", "gpt", "NTFS"},
	"coffee-gpt-fix.vhdx":        {"vhdx", "fixed", "gpt", "NTFS"},
	"coffee-mbr-fat32.vhd":       {"vhd", "dynamic", "mbr", "FAT32"},
	"coffee-nopt-root.vhd":       {"vhd", "dynamic", "none", "NTFS"},
	"multi-gpt-dyn.vhdx":         {"vhdx", "dynamic", "gpt", "NTFS"},
	"missing-file.vhdx":          {"vhdx", "dynamic", "gpt", "NTFS"},
	"tampered-blockmap.vhdx":     {"vhdx", "dynamic", "gpt", "NTFS"},
	"tampered-payload-byte.vhdx": {"vhdx", "dynamic", "gpt", "NTFS"},
	"unsigned.vhdx":              {"vhdx", "dynamic", "gpt", "NTFS"},
}

// images runs a test over every image that can be read.
func images(t *testing.T, test func(t *testing.T, path string, facts imageFacts)) {
	t.Helper()
	facts := sampleJSON[map[string]imageFacts](t, "FACTS-appattach.json")
	if len(facts) != len(containers)+1 { // and truncated.vhdx
		t.Errorf("the facts tell of %d images, want %d", len(facts), len(containers)+1)
	}
	for name := range containers {
		t.Run(name, func(t *testing.T) {
			f, ok := facts[name+".gz"]
			if !ok {
				t.Fatal("the facts do not tell of it")
			}
			test(t, image(t, name), f)
		})
	}
}

func TestInspect(t *testing.T) {
	sources := byFullName(t)
	images(t, func(t *testing.T, file string, facts imageFacts) {
		img, err := library(t).Inspect(context.Background(), file)
		if err != nil {
			t.Fatal(err)
		}
		want := containers[path.Base(file)]
		if img.Format != want.format || img.Subformat != want.subformat || img.PartitionTable != want.table {
			t.Errorf("it is %s, %s, %s", img.Format, img.Subformat, img.PartitionTable)
		}
		if len(img.Volumes) != 1 || img.Volumes[0].FileSystem != want.fileSystem || img.Volumes[0].Size <= 0 || img.Volumes[0].Size > img.VirtualSize {
			t.Errorf("volumes %+v", img.Volumes)
		}
		if img.Path != file || img.Size <= 0 || img.SectorSize != 512 || len(img.Notes) != 0 {
			t.Errorf("%+v", img)
		}
		found := map[string]Package{}
		for _, p := range img.Packages {
			found[p.Path] = p
			if p.Volume != img.Volumes[0].Index {
				t.Errorf("%s is in volume %d, which is not listed", p.Path, p.Volume)
			}
		}
		for dir, f := range facts.Packages {
			p, ok := found[dir]
			if ok == decoy(dir) {
				t.Errorf("package folder %s: found %v", dir, ok)
			}
			if !ok {
				continue
			}
			if p.Files != f.BlockMap.Files || (f.Signature != nil) != p.Signature.Present {
				t.Errorf("%s: %d files, signed %v", dir, p.Files, p.Signature.Present)
			}
			if source, ok := sources[path.Base(dir)]; ok {
				inspected(t, p, source)
			} else if p.FullName != path.Base(dir) || len(p.Applications) == 0 { // one package has no facts of its own
				t.Errorf("%+v", p)
			}
		}
	})
}

// inspected compares a package with the facts of the .msix that it came from.
func inspected(t *testing.T, p Package, want packageFacts) {
	t.Helper()
	if p.FullName != want.FullName || p.FamilyName != want.FamilyName || p.Identity.Name != want.Identity["Name"] ||
		p.Identity.Publisher != want.Identity["Publisher"] || p.Identity.Version.String() != want.Identity["Version"] {
		t.Errorf("identity %+v, want %+v", p.Identity, want.Identity)
	}
	if d := want.Properties["DisplayName"]; !strings.HasPrefix(d, "ms-resource:") && p.DisplayName != d {
		t.Errorf("display name %q, want %q", p.DisplayName, d)
	}
	if len(p.Applications) != len(want.Applications) {
		t.Errorf("%d applications, want %d", len(p.Applications), len(want.Applications))
	} else {
		for i, a := range want.Applications {
			if g := p.Applications[i]; g.ID != a.ID || g.AppUserModelID != a.AUMID || g.Executable != a.Executable {
				t.Errorf("application %+v, want %+v", g, a)
			}
		}
	}
	n := 0
	for _, d := range want.Dependencies {
		if d["el"] != "PackageDependency" {
			continue
		}
		if n >= len(p.Dependencies) || p.Dependencies[n].Name != d["Name"] || p.Dependencies[n].Publisher != d["Publisher"] || p.Dependencies[n].MinVersion != d["MinVersion"] {
			t.Errorf("dependencies %+v, want %v", p.Dependencies, d)
		}
		n++
	}
	if n != len(p.Dependencies) {
		t.Errorf("%d dependencies, want %d", len(p.Dependencies), n)
	}
	if p.Signature.Present {
		signed(t, p.Signature, want)
	}
}

func signed(t *testing.T, s Signature, want packageFacts) {
	t.Helper()
	f := want.Signature
	if f == nil {
		t.Fatal("the facts know no signature")
	}
	if s.Subject != f.SubjectWindows || s.Thumbprint != strings.ToUpper(f.Signer.SHA1) || s.Timestamped != (f.Timestamp != nil) {
		t.Errorf("signature %+v, want %+v", s, f)
	}
	if s.NotAfter.UTC().Format(time.RFC3339) != f.Signer.NotAfter || s.NotBefore.UTC().Format(time.RFC3339) != f.Signer.NotBefore {
		t.Errorf("valid from %v to %v, want %s to %s", s.NotBefore, s.NotAfter, f.Signer.NotBefore, f.Signer.NotAfter)
	}
	if len(f.Signer.Key) == 2 && float64(s.KeySize) != f.Signer.Key[1] {
		t.Errorf("key of %d bits, want %v", s.KeySize, f.Signer.Key)
	}
}

func TestRead(t *testing.T) {
	images(t, func(t *testing.T, file string, facts imageFacts) {
		ps, err := library(t).Read(context.Background(), file)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range ps {
			f, o := facts.Packages[p.RelativePath], p.Observed
			want := "absent"
			if f.Signature != nil {
				want = map[any]string{true: "pass", false: "fail"}[f.Signature.DigestMatch["AXBM"]]
			}
			if o.Signature != want || (len(p.Findings) == 0) != (want == "pass") {
				t.Errorf("signature %s, findings %q; want %s", o.Signature, p.Findings, want)
			}
			c := containers[path.Base(file)]
			if o.Format != c.format || o.FileSystem != c.fileSystem || o.ImageSize <= 0 || o.Bytes <= 0 || len(o.BlockMapSHA256) != 64 || o.At.IsZero() {
				t.Errorf("observation %+v", o)
			}
			if p.ImagePath != file || (p.Certificate != nil) != (f.Signature != nil) {
				t.Errorf("package %+v", p)
			}
			if p.Certificate != nil && (strings.ToLower(p.Certificate.Thumbprint) != f.Signature.SignerSHA1 || len(p.Certificate.DER) == 0) {
				t.Errorf("certificate %s, want %s", p.Certificate.Thumbprint, f.Signature.SignerSHA1)
			}
		}
	})
}

func TestVerifyImage(t *testing.T) {
	bad := map[string]string{ // what is wrong: the file and the reason
		"tampered-payload-byte.vhdx": "ccoffee.exe: block at byte 0 differs from the block map",
		"missing-file.vhdx":          "centennialCup.exe: missing",
		"tampered-blockmap.vhdx":     "Assets/AppList.targetsize-256.png: 3101 bytes long, want 1",
	}
	images(t, func(t *testing.T, file string, facts imageFacts) {
		v, err := library(t).VerifyImage(context.Background(), file, VerifyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		whole := true
		for _, p := range v.Packages {
			f := facts.Packages[p.Path]
			checked := f.BlockMap.Files
			if path.Base(file) == "missing-file.vhdx" {
				checked-- // what is not there was not checked
			}
			if p.Files != checked || len(p.Bad) != len(f.BlockMap.Bad) {
				t.Errorf("%s: %d files, bad %v; want %d, %v", p.Path, p.Files, p.Bad, f.BlockMap.Files, f.BlockMap.Bad)
			}
			if len(f.BlockMap.Bad) == 0 && p.Blocks != f.BlockMap.Blocks {
				t.Errorf("%s: %d blocks, want %d", p.Path, p.Blocks, f.BlockMap.Blocks)
			}
			ok := len(p.Bad) == 0 && f.Signature != nil && f.Signature.DigestMatch["AXBM"] == true
			if whole = whole && ok; ok != (p.Problem() == "") {
				t.Errorf("%s: problem %q", p.Path, p.Problem())
			}
			if len(p.Bad) > 0 && p.Bad[0].File+": "+p.Bad[0].Reason != bad[path.Base(file)] {
				t.Errorf("bad file %+v", p.Bad[0])
			}
			digests(t, p, f.Signature != nil, f.Signature != nil && f.Signature.DigestMatch["AXBM"] == true)
		}
		if v.OK != whole || v.Trusted {
			t.Errorf("ok %v, trusted %v; want %v, false", v.OK, v.Trusted, whole)
		}
	})
}

// digests holds the checks to the facts; those of the container cannot be made of an expanded package.
func digests(t *testing.T, p VerifiedPackage, signed, mapOK bool) {
	t.Helper()
	want := map[string]msix.Result{msix.DigestPayload: msix.NotApplicable, msix.DigestDirectory: msix.NotApplicable,
		msix.CheckSignature: msix.Absent, msix.DigestBlockMap: msix.Absent}
	if signed {
		want[msix.CheckSignature], want[msix.DigestBlockMap] = msix.Pass, msix.Fail
		want[msix.DigestCodeIntegrity], want[msix.CheckPublisher] = msix.Pass, msix.Pass
		if mapOK {
			want[msix.DigestBlockMap] = msix.Pass
		}
	}
	for name, result := range want {
		if got := p.check(name).Result; got != string(result) {
			t.Errorf("%s: check %s is %s, want %s", p.Path, name, got, result)
		}
	}
}

func TestVerifyUnsignedWhenAllowed(t *testing.T) {
	v, err := library(t).VerifyImage(context.Background(), image(t, "unsigned.vhdx"), VerifyOptions{AllowUnsigned: true})
	if err != nil || !v.OK || v.Trusted {
		t.Errorf("%+v, %v", v, err)
	}
}

// expandedSums returns path -> hash of every file of the packages.
func expandedSums(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(sample(t, "generated-appattach/expanded.sha256.gz")))
	for lines.Scan() {
		if sum, name, ok := strings.Cut(lines.Text(), "  ./"); ok {
			out[name] = sum
		}
	}
	return out
}

// TestAttach reads every file of every package that may be attached.
func TestAttach(t *testing.T) {
	sums := expandedSums(t)
	refused := map[string]string{"tampered-blockmap.vhdx": codeBadDigest, "unsigned.vhdx": codeNoSignature}
	images(t, func(t *testing.T, file string, facts imageFacts) {
		l := library(t)
		for dir, f := range facts.Packages {
			if decoy(dir) {
				continue
			}
			a, err := l.Attach(context.Background(), file, `\`+strings.ToUpper(strings.ReplaceAll(dir, "/", `\`))+`\`)
			if f.Signature == nil || refused[path.Base(file)] != "" {
				code := refused[path.Base(file)]
				if code == "" {
					code = codeNoSignature
				}
				fails(t, err, berth.Invalid, code)
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if a.Package.RelativePath != dir || a.Package.Observed.ImageSize <= 0 || a.Package.Observed.Format == "" {
				t.Errorf("package %+v", a.Package)
			}
			wrong, files := compare(t, a, path.Base(dir), sums)
			if want := map[bool]string{true: "ccoffee.exe"}[strings.HasPrefix(path.Base(file), "tampered")]; strings.Join(wrong, " ") != want {
				t.Errorf("%s: cannot be read: %q, want %q", dir, wrong, want)
			}
			if files != f.Files {
				t.Errorf("%s: %d files, want %d", dir, files, f.Files)
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
			if _, err := fs.ReadFile(a.FS, msix.ManifestName); err == nil {
				t.Error("a file was read after Close")
			}
		}
	})
}

// compare reads every file and returns those that could not be read, and how many there are.
func compare(t *testing.T, a *Attachment, name string, sums map[string]string) (wrong []string, files int) {
	t.Helper()
	err := fs.WalkDir(a.FS, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := fs.ReadFile(a.FS, file)
		if err != nil {
			if !errors.Is(err, msix.ErrBlockHash) || len(b) > msix.BlockSize {
				t.Errorf("%s: %d bytes, %v", file, len(b), err)
			}
			wrong = append(wrong, file)
			return nil
		}
		if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != sums[name+"/"+file] {
			t.Errorf("%s is not what was expanded", file)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return wrong, files
}

// TestTamperedBlockAlone reads the blocks around the altered one.
func TestTamperedBlockAlone(t *testing.T) {
	file := image(t, "tampered-payload-byte.vhdx")
	a, err := library(t).Attach(context.Background(), file, "MSIX/CentennialCoffee_1.1.0.0_neutral__8wekyb3d8bbwe")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	f, err := a.FS.Open("ccoffee.exe")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	p := make([]byte, 100)
	if _, err := f.(io.ReaderAt).ReadAt(p, msix.BlockSize); err != nil {
		t.Errorf("the second block: %v", err)
	}
	if _, err := f.(io.ReaderAt).ReadAt(p, 10); !errors.Is(err, msix.ErrBlockHash) || !bytes.Equal(p, make([]byte, len(p))) && p[0] == 'M' {
		t.Errorf("the first block: %v", err)
	}
}
