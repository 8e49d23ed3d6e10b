package msix

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"
)

// openSample opens a real package from memory.
func openSample(t testing.TB, name string) (*Package, error) {
	t.Helper()
	data := readSample(t, name)
	return OpenPackage(bytes.NewReader(data), int64(len(data)))
}

// TestPackageFacts holds every real package to what an independent
// implementation found in it.
func TestPackageFacts(t *testing.T) {
	for name, want := range facts(t) {
		t.Run(name, func(t *testing.T) {
			p, err := openSample(t, name)
			if want.Error != "" {
				if !errors.Is(err, ErrCorrupt) {
					t.Fatalf("opened with %v, want ErrCorrupt: %s", err, want.Error)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			r, err := VerifyPackage(t.Context(), p, VerifyOptions{Now: time.Now()})
			if err != nil {
				t.Fatal(err)
			}
			switch want.Kind {
			case "package":
				compareManifest(t, r.Manifest, want)
			case "bundle":
				compareBundle(t, r, want, name)
			}
			compareBlocks(t, r, want, name)
			compareSignature(t, r, want)
		})
	}
}

func compareManifest(t *testing.T, m *Manifest, want packageFacts) {
	if m == nil {
		t.Fatal("the manifest was not read")
	}
	same(t, "full name", m.FullName(), want.FullName)
	same(t, "family name", m.FamilyName(), want.FamilyName)
	same(t, "schema", m.Schema, want.RootNS)
	same(t, "publisher", m.Publisher, want.Identity["Publisher"])
	same(t, "display name", m.Properties.DisplayName, want.Properties["DisplayName"])
	same(t, "publisher display name", m.Properties.PublisherDisplayName, want.Properties["PublisherDisplayName"])
	same(t, "description", m.Properties.Description, want.Properties["Description"])
	same(t, "logo", m.Properties.Logo, want.Properties["Logo"])
	same(t, "framework", m.Properties.Framework, want.Properties["Framework"] == "true")
	compareApplications(t, m, want)
	compareDependencies(t, m, want)
	var capabilities []string
	for _, c := range m.Capabilities {
		family := map[string]string{"": "windows10", "uap": "windows10", "rescap": "restrictedcapabilities"}[c.Family]
		capabilities = append(capabilities, family+":"+c.Name)
	}
	same(t, "capabilities", strings.Join(capabilities, " "), strings.Join(want.Capabilities, " "))
	same(t, "number of resources", len(m.Resources), len(want.Resources))
	for i, r := range m.Resources {
		same(t, "language", r.Language, want.Resources[i]["Language"])
		same(t, "scale", r.Scale, want.Resources[i]["{http://schemas.microsoft.com/appx/manifest/uap/windows10}Scale"])
	}
}

func compareApplications(t *testing.T, m *Manifest, want packageFacts) {
	same(t, "number of applications", len(m.Applications), len(want.Applications))
	for i, a := range m.Applications {
		w := want.Applications[i]
		same(t, "application id", a.ID, w.ID)
		same(t, "application user model id", m.AppUserModelID(a.ID), w.AUMID)
		same(t, "executable", a.Executable, w.Executable)
		same(t, "entry point", a.EntryPoint, w.EntryPoint)
		same(t, "application display name", a.DisplayName, w.Visual["DisplayName"])
		same(t, "application description", a.Description, w.Visual["Description"])
		same(t, "hidden", a.Hidden, w.Visual["AppListEntry"] == "none")
		same(t, "small logo", a.Square44x44Logo, firstOf(w.Visual["Square44x44Logo"], w.Visual["Square30x30Logo"], w.Visual["SmallLogo"]))
		same(t, "medium logo", a.Square150x150Logo, firstOf(w.Visual["Square150x150Logo"], w.Visual["Logo"]))
	}
}

func compareDependencies(t *testing.T, m *Manifest, want packageFacts) {
	byElement := map[string][]map[string]string{}
	for _, d := range want.Dependencies {
		byElement[d["el"]] = append(byElement[d["el"]], d)
	}
	packages, targets := byElement["PackageDependency"], byElement["TargetDeviceFamily"]
	same(t, "number of main packages", len(m.MainPackages), len(byElement["MainPackageDependency"]))
	same(t, "number of dependencies", len(m.Dependencies), len(packages))
	for i, d := range m.Dependencies {
		same(t, "dependency", d.Name, packages[i]["Name"])
		same(t, "dependency version", d.MinVersion.String(), firstOf(packages[i]["MinVersion"], "0.0.0.0"))
	}
	named := 0
	for _, f := range m.Targets {
		if f.Name == "" {
			continue // Prerequisites, which the facts leave out
		}
		same(t, "target", f.Name, targets[named]["Name"])
		same(t, "target min version", f.MinVersion.String(), targets[named]["MinVersion"])
		same(t, "target tested version", f.MaxVersionTested.String(), targets[named]["MaxVersionTested"])
		named++
	}
	same(t, "number of targets", named, len(targets))
}

// badBundleManifests are the samples whose bundle manifest is itself refused.
var badBundleManifests = map[string]bool{
	"ContainsNoPayload.appxbundle": true, "ManifestViolatesSchema.appxbundle": true,
}

func compareBundle(t *testing.T, r *Report, want packageFacts, name string) {
	if badBundleManifests[name[strings.LastIndex(name, "/")+1:]] {
		if r.Bundle != nil || r.OK() {
			t.Error("the bundle manifest passed")
		}
		return
	}
	if r.Bundle == nil {
		t.Fatalf("the bundle manifest was not read: %v", r.Bad)
	}
	same(t, "full name", r.Bundle.FullName(), want.FullName)
	same(t, "family name", r.Bundle.FamilyName(), want.FamilyName)
	same(t, "number of packages", len(r.Bundle.Packages), len(want.BundlePackages))
	for i, b := range r.Bundle.Packages {
		same(t, "file name", b.FileName, want.BundlePackages[i]["FileName"])
		same(t, "version", b.Version.String(), want.BundlePackages[i]["Version"])
	}
}

func compareBlocks(t *testing.T, r *Report, want packageFacts, name string) {
	if want.BlockMap == nil || want.BlockMap.Error != "" {
		same(t, "blockMap", r.Result(CheckBlockMap), Fail)
		return
	}
	if r.BlockMap == nil {
		same(t, "blockMap", r.Result(CheckBlockMap), Fail)
		if len(want.BlockMap.Bad) == 0 && !strings.Contains(name, "ContentTypes_in_blockmap") {
			t.Errorf("the block map was refused: %v", r.Checks)
		}
		return
	}
	var bad []string
	for _, b := range want.BlockMap.Bad {
		if r.Bundle == nil || b[1] != "not in block map" { // the facts list a bundle's packages, which belong there
			bad = append(bad, b[0])
		}
	}
	if want.Kind == "package" {
		same(t, "blockMap fails", r.Result(CheckBlockMap) == Fail, len(bad) > 0)
		same(t, "bad files", len(r.Bad) > 0, len(bad) > 0)
		if len(bad) > 0 && len(r.Bad) > 0 {
			same(t, "bad file", r.Bad[0].File, bad[0])
		}
	}
	if len(bad) == 0 && want.Kind == "package" {
		same(t, "files", r.Files, want.BlockMap.Files)
		same(t, "blocks", r.Blocks, want.BlockMap.Blocks)
	}
}

func compareSignature(t *testing.T, r *Report, want packageFacts) {
	w := want.Signature
	if w == nil {
		same(t, "signature", r.Result(CheckSignature), Absent)
		same(t, "OK", r.OK(), false)
		return
	}
	if r.Signature == nil {
		t.Fatalf("the signature was not read: %v", r.Checks)
	}
	for tag, digest := range w.Tags {
		same(t, tag+" of the signature", hex.EncodeToString(r.Signature.Digests[tag]), digest)
	}
	for _, tag := range []string{DigestPayload, DigestDirectory, DigestContentTypes, DigestBlockMap, DigestCodeIntegrity} {
		result := Fail
		if w.DigestMatch[tag] == true {
			result = Pass
		}
		if _, signed := w.DigestMatch[tag]; !signed {
			result = Absent
		}
		same(t, tag, r.Result(tag), result)
	}
	same(t, "signature", r.Result(CheckSignature) == Pass, w.MessageDigestOK && w.SignatureOK)
	same(t, "signer", strings.ToLower(SHA1Thumbprint(r.Signature.Signer)), w.Signer.SHA1)
	same(t, "key size", float64(KeySize(r.Signature.Signer)), w.Signer.Key[1].(float64))
	same(t, "certificates", len(r.Signature.Certificates), w.NCerts)
	if w.PublisherMatches != nil { // there is a manifest to compare with
		same(t, "subject", SubjectName(r.Signature.Signer), w.SubjectWindows)
		same(t, "publisher", r.Result(CheckPublisher) == Pass, *w.PublisherMatches)
	}
	same(t, "has a time stamp", r.Signature.Timestamp != nil, w.Timestamp != "")
	if r.Signature.Timestamp != nil {
		same(t, "kind of time stamp", r.Signature.Timestamp.Kind, w.Timestamp)
		if err := r.Signature.Timestamp.Verify(); err != nil {
			t.Errorf("time stamp: %v", err)
		}
	}
}

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// TestExpandedOfSamples reads every file of every intact package through the
// checking file system and through the plain one.
func TestExpandedOfSamples(t *testing.T) {
	for name, want := range facts(t) {
		if want.Kind != "package" || want.BlockMap == nil || want.BlockMap.Error != "" || len(want.BlockMap.Bad) > 0 {
			continue
		}
		p, err := openSample(t, name)
		if err != nil {
			t.Fatal(err)
		}
		expanded, err := p.Expanded()
		if err != nil {
			continue // a block map that is refused; TestPackageFacts asks which
		}
		plain := p.FS()
		err = fs.WalkDir(expanded, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			a, errA := fs.ReadFile(expanded, path)
			b, errB := fs.ReadFile(plain, path)
			if !bytes.Equal(a, b) {
				t.Errorf("%s: %s differs", name, path)
			}
			return errors.Join(errA, errB)
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := fs.Stat(expanded, ContentTypesName); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %s is in the expanded folder", name, ContentTypesName)
		}
		r, err := VerifyExpanded(t.Context(), expanded, ".", VerifyOptions{AllowUnsigned: true})
		if err != nil || r.Result(CheckBlockMap) != Pass || r.FullName != want.FullName {
			t.Errorf("%s expanded: %+v, %v", name, r, err)
		}
	}
}
