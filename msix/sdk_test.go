package msix

import (
	"strings"
	"testing"
)

// TestSDKExpectations holds the verdicts to those that Microsoft states for
// its own samples: what it refuses must not be OK here (or, where the SDK only
// misses the trust in the certificate, not trusted).
func TestSDKExpectations(t *testing.T) {
	checked := 0
	for line := range strings.SplitSeq(string(readSample(t, "EXPECTED-msix-sdk-tests.tsv")), "\n") {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) != 3 || strings.HasPrefix(line, "#") {
			continue
		}
		name, expected, validation := fields[0], fields[1], fields[2]
		for _, folder := range []string{"BlockMap/", "bundles/", "flat/"} {
			name = strings.Replace(name, "unpack/"+folder, folder, 1)
		}
		if strings.HasSuffix(name, "FlatBundleWithAsset.appxbundle") {
			continue // the flat bundle fails or not by which files lie beside it
		}
		if _, ok := facts(t)["microsoft_msix-packaging/"+name]; !ok {
			continue // not among the samples
		}
		checked++
		t.Run(name+" "+validation, func(t *testing.T) {
			p, err := openSample(t, "microsoft_msix-packaging/"+name)
			if err != nil {
				same(t, "accepted", false, expected == "S_OK")
				return
			}
			r, err := VerifyPackage(t.Context(), p, VerifyOptions{AllowUnsigned: validation == "SKIPSIGNATURE", Roots: pool()})
			if err != nil {
				t.Fatal(err)
			}
			accepted := r.OK()
			if validation == "FULL" {
				accepted = r.Trusted()
			}
			if accepted != (expected == "S_OK") {
				t.Errorf("accepted %v, the SDK says %s: %+v", accepted, expected, r)
			}
		})
	}
	if checked < 25 {
		t.Errorf("only %d expectations were checked", checked)
	}
}

// TestMoreBadBundles are samples without a line of their own in that list, of
// which makemsix says no.
func TestMoreBadBundles(t *testing.T) {
	for _, name := range []string{
		"ManifestDeclaresAppPackageForResourcePackage", "ManifestDeclaresResourcePackageForAppPackage", "ManifestHasExtraPackage",
		"ManifestPackageHasIncorrectArchitecture", "ManifestPackageHasIncorrectPublisher", "ManifestPackageHasIncorrectVersion",
		"ManifestPackageHasInvalidRange", "PayloadPackageNotListedInManifest",
	} {
		p, err := openSample(t, "microsoft_msix-packaging/bundles/"+name+".appxbundle")
		if err != nil {
			t.Fatal(err)
		}
		r, err := VerifyPackage(t.Context(), p, VerifyOptions{AllowUnsigned: true})
		if err != nil || r.OK() {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}
