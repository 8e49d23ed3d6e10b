package cli_test

import (
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// inspected is the documented JSON of `image inspect`, spelled out here so that a renamed field is noticed.
type inspected struct {
	Format, Subformat, PartitionTable string
	Volumes                           []struct{ FileSystem string }
	Packages                          []inspectedPackage
}

type inspectedPackage struct {
	Path         string
	Identity     struct{ Name, Publisher, Version, Architecture, ResourceID string }
	FamilyName   string
	FullName     string
	DisplayName  string
	Applications []struct{ ID, AppUserModelID, DisplayName, Executable string }
	Dependencies []struct{ Name, Publisher, MinVersion string }
	Signature    struct {
		Present             bool
		Subject, Thumbprint string
		NotBefore, NotAfter string
		KeySize             int
	}
	Files int
}

// forms are the containers of the samples, as their names and README.md say.
var forms = map[string]string{
	"coffee-gpt-dyn.vhd.gz": "vhd dynamic gpt NTFS", "coffee-gpt-dyn.vhdx.gz": "vhdx dynamic gpt NTFS", "coffee-gpt-fix.vhdx.gz": "vhdx fixed gpt NTFS",
	"coffee-mbr-fat32.vhd.gz": "vhd dynamic mbr FAT32", "coffee-nopt-root.vhd.gz": "vhd dynamic none NTFS", "multi-gpt-dyn.vhdx.gz": "vhdx dynamic gpt NTFS",
}

func TestInspectSamples(t *testing.T) {
	known := packageFacts(t)
	for name, fact := range imageFacts(t) {
		if name == "truncated.vhdx.gz" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			code, out, errs := call{}.run("image", "inspect", "-o", "json", sampleFile(t, "generated-appattach/"+name))
			if code != 0 {
				t.Fatalf("exit code %d: %s", code, errs)
			}
			var img inspected
			check(t, json.Unmarshal([]byte(out), &img))
			form := fmt.Sprintf("%s %s %s %s", img.Format, img.Subformat, img.PartitionTable, img.Volumes[0].FileSystem)
			if want := forms[name]; want != "" && form != want {
				t.Errorf("form is %s, want %s", form, want)
			}
			compareImage(t, img, fact, known)
		})
	}
}

func compareImage(t *testing.T, img inspected, fact imageFact, known map[string][]packageFact) {
	t.Helper()
	if len(img.Packages) != len(fact.Packages) {
		t.Errorf("%d packages, want %d", len(img.Packages), len(fact.Packages))
	}
	for _, p := range img.Packages {
		f, ok := fact.Packages[p.Path]
		if !ok {
			t.Errorf("package at %q is not known there", p.Path)
			continue
		}
		thumbprint := ""
		if f.Signature != nil {
			thumbprint = strings.ToUpper(f.Signature.Signer)
		}
		equal(t, "signature.present", p.Signature.Present, f.Signature != nil)
		equal(t, "signature.thumbprint", p.Signature.Thumbprint, thumbprint)
		equal(t, "files", p.Files, f.Blockmap.Files)
		equal(t, "fullName", p.FullName, path.Base(p.Path))
		if ks := known[p.FullName]; len(ks) > 0 {
			comparePackage(t, p, ks[0])
		}
		for _, k := range known[p.FullName] {
			if k.Signature != nil && strings.EqualFold(k.Signature.Signer.Sha1, p.Signature.Thumbprint) {
				equal(t, "signature.subject", p.Signature.Subject, k.Signature.Subject)
				equal(t, "signature.notBefore", p.Signature.NotBefore, k.Signature.Signer.NotBefore)
				equal(t, "signature.notAfter", p.Signature.NotAfter, k.Signature.Signer.NotAfter)
				equal(t, "signature.keySize", fmt.Sprint(p.Signature.KeySize), fmt.Sprint(k.Signature.Signer.Key[1]))
			}
		}
	}
}

// comparePackage compares what the manifest says.
func comparePackage(t *testing.T, p inspectedPackage, k packageFact) {
	t.Helper()
	equal(t, "identity", fmt.Sprint(p.Identity), fmt.Sprint(struct{ a, b, c, d, e string }{k.Identity.Name, k.Identity.Publisher,
		k.Identity.Version, cmp.Or(k.Identity.ProcessorArchitecture, "neutral"), k.Identity.ResourceId}))
	equal(t, "familyName", p.FamilyName, k.FamilyName)
	equal(t, "displayName", p.DisplayName, shown(t, k.Identity.Name, k.Properties.DisplayName, k.Identity.Name))
	var apps, dependencies []string
	for _, a := range k.Applications {
		apps = append(apps, fmt.Sprint(struct{ a, b, c, d string }{a.Id, a.Aumid, shown(t, k.Identity.Name, a.Visual.DisplayName, a.Id), a.Executable}))
	}
	for _, d := range k.Dependencies {
		if d.El == "PackageDependency" {
			dependencies = append(dependencies, fmt.Sprint(struct{ a, b, c string }{d.Name, d.Publisher, d.MinVersion}))
		}
	}
	equal(t, "applications", strings.Trim(fmt.Sprint(p.Applications), "[]"), strings.Join(apps, " "))
	equal(t, "dependencies", strings.Trim(fmt.Sprint(p.Dependencies), "[]"), strings.Join(dependencies, " "))
}

// shown is the name that people read: what another reader found in the package's resources, where the name refers to them.
func shown(t *testing.T, identity, name, otherwise string) string {
	t.Helper()
	key, refers := strings.CutPrefix(name, "ms-resource:")
	if !refers {
		return name
	}
	var all map[string]struct {
		Map       string
		Resources []struct {
			Name       string
			Candidates []struct{ Value any }
		}
	}
	f, err := os.Open(filepath.Join(samples, "FACTS-pri.json.gz"))
	check(t, err)
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	check(t, err)
	check(t, json.NewDecoder(z).Decode(&all))
	for _, index := range all {
		for _, r := range index.Resources {
			if index.Map == identity && strings.EqualFold(r.Name, "Resources/"+key) && len(r.Candidates) == 1 {
				return fmt.Sprint(r.Candidates[0].Value)
			}
		}
	}
	return otherwise
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// TestInspectInLanguage shows names in the language that is asked for.
func TestInspectInLanguage(t *testing.T) {
	file := filepath.Join(samples, "microsoft_msix-packaging", "unpack", "CentennialCoffee.appx")
	if _, err := os.Stat(file); err != nil {
		t.Skipf("skipped: the conformance data %s is missing", file)
	}
	for languages, want := range map[string]string{"fr-CA,en": "Oui Oui", "en,fr": "Microsoft Corporation Localized"} {
		code, out, errs := call{}.run("msix", "inspect", "--language", languages, file)
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: exit code %d, %s%s; want %s", languages, code, out, errs, want)
		}
	}
}
