package msix

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// samples is the folder of real packages that this project did not make.
const samples = "../../shared/testdata"

// sample gives the path of a file among the samples, or skips the test.
func sample(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(samples, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("skipped: the conformance sample %s is not there", path)
	}
	return path
}

// readSample reads a sample, unpacked when its name ends in .gz.
func readSample(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(sample(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = bufio.NewReader(f)
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(r); err != nil {
			t.Fatal(err)
		}
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// readOptional reads a sample that may be absent.
func readOptional(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(samples, filepath.FromSlash(name)))
}

// packageFacts is one entry of FACTS-packages.json.
type packageFacts struct {
	Kind         string
	Error        string
	FullName     string `json:"full_name"`
	FamilyName   string `json:"family_name"`
	RootNS       string `json:"root_ns"`
	Identity     map[string]string
	Properties   map[string]string
	Capabilities []string
	Resources    []map[string]string
	Dependencies []map[string]string
	Applications []struct {
		ID         string `json:"Id"`
		AUMID      string `json:"aumid"`
		Executable string
		EntryPoint string
		Visual     map[string]string
	}
	BundlePackages []map[string]string `json:"bundle_packages"`
	BlockMap       *struct {
		Error  string
		Bad    [][]string
		Files  int
		Blocks int
		NS     string
	}
	Signature *struct {
		DigestAlg        string            `json:"digest_alg"`
		DigestMatch      map[string]any    `json:"digest_match"`
		Tags             map[string]string `json:"tags"`
		MessageDigestOK  bool              `json:"message_digest_ok"`
		SignatureOK      bool              `json:"signature_ok"`
		PublisherMatches *bool             `json:"publisher_matches"`
		SubjectWindows   string            `json:"subject_windows"`
		NCerts           int               `json:"ncerts"`
		Timestamp        string            // the kind
		Signer           struct {
			SHA1 string
			Key  []any
		}
	}
}

// facts reads FACTS-packages.json, which an independent implementation wrote.
func facts(t testing.TB) map[string]packageFacts {
	t.Helper()
	var all map[string]packageFacts
	if err := json.Unmarshal(readSample(t, "FACTS-packages.json"), &all); err != nil {
		t.Fatal(err)
	}
	if len(all) < 60 {
		t.Fatalf("only %d packages in the facts", len(all))
	}
	return all
}
