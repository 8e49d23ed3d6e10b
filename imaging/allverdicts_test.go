package imaging

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"berth/msix"
	"berth/pri"
)

// sdkVerdicts holds Microsoft's own expectations of its samples against what a verification here says. Where they differ,
// docs/formats/compatibility.md must say why; where they do not, it must not say that they do.
func sdkVerdicts(t *testing.T, all *tally) {
	differ := documented(t, "Verdicts that differ")
	absent := map[string]bool{}
	for line := range strings.SplitSeq(string(sample(t, "EXPECTED-msix-sdk-tests.tsv")), "\n") {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) != 3 || strings.HasPrefix(line, "#") {
			continue
		}
		name := f[0]
		for _, folder := range []string{"BlockMap/", "bundles/", "flat/"} {
			name = strings.Replace(name, "unpack/"+folder, folder, 1)
		}
		file := filepath.Join(samples, "microsoft_msix-packaging", filepath.FromSlash(name))
		if _, err := os.Stat(file); err != nil {
			absent[name] = true
			continue
		}
		key := strings.Join([]string{name, f[1], f[2]}, " ")
		agrees := accepted(t, file, f[2]) == (f[1] == "S_OK")
		if _, documented := differ[key]; documented {
			delete(differ, key)
			all.fact(key+" agrees, and is documented as a difference", agrees, false)
			continue
		}
		all.fact(key+" agrees", agrees, true)
	}
	for key := range differ {
		t.Errorf("docs/formats/compatibility.md has a difference that nobody expects: %s", key)
	}
	t.Logf("not among the samples: %q", slices.Sorted(maps.Keys(absent)))
}

// accepted tells whether a verification of that strictness passes. Nobody is trusted here.
func accepted(t *testing.T, file, strictness string) bool {
	t.Helper()
	v, err := library(t).VerifyPackage(context.Background(), file, VerifyOptions{Roots: x509.NewCertPool(), AllowUnsigned: strictness == "SKIPSIGNATURE"})
	if err != nil {
		return false
	}
	if strictness == "FULL" {
		return v.Trusted
	}
	return v.OK
}

// indexFacts compares every resource index that is there.
func indexFacts(t *testing.T, all *tally) {
	type candidate struct {
		Q     []string
		Type  string
		Value any
	}
	facts := sampleJSON[map[string]struct {
		Magic, Map string
		Resources  []struct {
			Name       string
			Candidates []candidate
		}
	}](t, "FACTS-pri.json.gz")
	absent := 0
	for _, entry := range slices.Sorted(maps.Keys(facts)) {
		data := indexOf(t, entry)
		if data == nil {
			absent++
			continue
		}
		f, err := pri.Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Errorf("%s: %v", entry, err)
			continue
		}
		all.fact(entry, f.Magic+" "+f.Name, facts[entry].Magic+" "+facts[entry].Map)
		for _, r := range facts[entry].Resources {
			list, _, err := f.Resource(r.Name)
			if err != nil || len(list) != len(r.Candidates) {
				t.Errorf("%s: %s: %d candidates, %v, want %d", entry, r.Name, len(list), err, len(r.Candidates))
				continue
			}
			for i, c := range list {
				value := any(c.Text)
				if c.Kind == pri.EmbeddedData {
					value = map[string]any{"bytes": c.Size}
				}
				q := []string{}
				for _, one := range c.Qualifiers {
					q = append(q, fmt.Sprintf("%s=%s@%d/%d", one.Name, one.Value, one.Priority, one.Fallback))
				}
				all.fact(fmt.Sprintf("%s: %s[%d]", entry, r.Name, i), fmt.Sprint(q, value), fmt.Sprint(r.Candidates[i].Q, r.Candidates[i].Value))
			}
		}
	}
	t.Logf("resource indexes: %d of %d; the others are not among the samples", len(facts)-absent, len(facts))
}

// indexOf finds the index that an entry of the facts is about; nil when its package is not among the samples.
func indexOf(t *testing.T, entry string) []byte {
	t.Helper()
	file, _, inPackage := strings.Cut(entry, "!")
	project, _, _ := strings.Cut(entry, "/")
	if strings.HasSuffix(entry, "pack/input/resources.pri") {
		return nil // the file of that name that is there is another one
	}
	for _, folder := range []string{"", "unpack", "BlockMap", "bundles", "flat"} {
		name := path.Join(project, folder, path.Base(file))
		if _, err := os.Stat(filepath.Join(samples, filepath.FromSlash(name))); err != nil {
			continue
		}
		if !inPackage {
			return sample(t, name)
		}
		data, err := fs.ReadFile(openSample(t, name).FS(), "resources.pri")
		if err != nil {
			t.Errorf("%s: %v", entry, err)
		}
		return data
	}
	return nil
}

// imageFactsOf compares what is known of the app attach images.
func appAttachFacts(t *testing.T, all *tally) {
	for name, want := range sampleJSON[map[string]map[string]map[string]map[string]any](t, "FACTS-appattach.json") {
		name = strings.TrimSuffix(name, ".gz")
		file := image(t, name)
		v, err := library(t).VerifyImage(context.Background(), file, VerifyOptions{AllowUnsigned: true, Roots: x509.NewCertPool()})
		if len(want["packages"]) == 0 {
			all.fact(name+" is refused", err != nil, true)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := map[string]VerifiedPackage{}
		for _, p := range v.Packages {
			got[p.Path] = p
		}
		for dir, facts := range want["packages"] {
			p, found := got[dir]
			all.fact(name+": "+dir+" is a package", found, !decoy(dir))
			if found {
				imagePackageFacts(all, name+": "+dir, p, facts)
				files, size := contentOf(t, file, dir)
				all.fact(name+": "+dir+" files and bytes", fmt.Sprint(files, " ", size), fmt.Sprintf("%.0f %.0f", facts["files"], facts["bytes"]))
			}
			delete(got, dir)
		}
		all.fact(name+" holds more", len(got), 0)
	}
}

func imagePackageFacts(all *tally, where string, p VerifiedPackage, facts map[string]any) {
	m := facts["blockmap"].(map[string]any)
	bad, want := []string{}, []string{}
	for _, b := range p.Bad {
		bad = append(bad, b.File)
	}
	for _, b := range m["bad"].([]any) {
		want = append(want, b.([]any)[0].(string))
	}
	all.fact(where+" bad", bad, want)
	all.fact(where+" blocks", p.Blocks, m["blocks"])
	s, signed := facts["signature"].(map[string]any)
	if !signed {
		all.fact(where+" signature", p.check(msix.CheckSignature).Result, "absent")
		return
	}
	all.fact(where+" signature", p.check(msix.CheckSignature).Result == "pass", s["signature_ok"])
	for tag, match := range s["digest_match"].(map[string]any) {
		result := map[any]string{true: "pass", false: "fail", "file-missing": "notApplicable"}[match]
		all.fact(where+" "+tag, p.check(tag).Result, result)
	}
}

// contentOf counts the files below a folder of an image.
func contentOf(t *testing.T, file, dir string) (files int, size int64) {
	t.Helper()
	open, err := library(t).Open(context.Background(), file, -1)
	if err != nil {
		t.Fatal(err)
	}
	err = fs.WalkDir(open.FS, dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && strings.HasPrefix(strings.ToUpper(d.Name()), "SYSTEM VOLUME") {
				return fs.SkipDir
			}
			return err
		}
		info, err := d.Info()
		if err == nil {
			files, size = files+1, size+info.Size()
		}
		return err
	})
	if err = errors.Join(err, open.Close()); err != nil {
		t.Error(err)
	}
	return files, size
}

// TestEveryCheckIsListed holds a result to the names that scripts look for, in a container and expanded.
func TestEveryCheckIsListed(t *testing.T) {
	want := "blockMap AXPC AXCD AXCT AXBM AXCI signature publisher chain"
	listed := func(v *Verification, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range v.Packages {
			var names []string
			for _, c := range p.Checks {
				names = append(names, c.Name)
				if c.Result == "notApplicable" && c.Detail == "" || c.Result == "fail" && c.Detail == "" {
					t.Errorf("%s is %s, and nobody says why", c.Name, c.Result)
				}
			}
			if got := strings.Join(names, " "); got != want {
				t.Errorf("%s: checks %s, want %s", p.FullName, got, want)
			}
		}
	}
	l := library(t)
	for _, name := range []string{"unpack/CentennialCoffee.appx", "unpack/SignatureNotLastPart-ERROR_BAD_FORMAT.appx", "bundles/BlockMapIsMissing.appxbundle"} {
		listed(l.VerifyPackage(context.Background(), samplePackage(t, "microsoft_msix-packaging/"+name), VerifyOptions{Roots: x509.NewCertPool()}))
	}
	listed(l.VerifyImage(context.Background(), image(t, "unsigned.vhdx"), VerifyOptions{Roots: x509.NewCertPool()}))
	listed(l.VerifyImage(context.Background(), image(t, "coffee-gpt-fix.vhdx"), VerifyOptions{Roots: x509.NewCertPool()}))
}
