package msix

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// otherTree lays a package out for programs that pack what they find: names in the folder are those of the container, and the
// block map gives no sizes of segments.
func otherTree(t *testing.T) (dir string, tree fstest.MapFS) {
	t.Helper()
	dir, tree = t.TempDir(), testTree()
	var list strings.Builder
	for name, f := range tree {
		parts := strings.Split(name, "/")
		for i := range parts {
			parts[i] = strings.ReplaceAll(url.PathEscape(parts[i]), "&", "%26")
		}
		inside := strings.Join(parts, "/")
		fmt.Fprintf(&list, `<File Name="%s" Size="%d" LfhSize="%d">`, escapeXML(strings.ReplaceAll(name, "/", `\`)), len(f.Data), 30+len(inside))
		for b := f.Data; len(b) > 0; b = b[min(BlockSize, len(b)):] {
			sum := sha256.Sum256(b[:min(BlockSize, len(b))])
			fmt.Fprintf(&list, `<Block Hash="%s"/>`, base64.StdEncoding.EncodeToString(sum[:]))
		}
		list.WriteString("</File>")
		write(t, filepath.Join(dir, filepath.FromSlash(inside)), f.Data)
	}
	write(t, filepath.Join(dir, BlockMapName), []byte(`<?xml version="1.0" encoding="UTF-8"?><BlockMap xmlns="http://schemas.microsoft.com/appx/2010/blockmap" HashMethod="http://www.w3.org/2001/04/xmlenc#sha256">`+list.String()+`</BlockMap>`))
	write(t, filepath.Join(dir, "[Content_Types].xml"), []byte(`<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`))
	return dir, tree
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestReadsContainersOfOthers reads packages that other programs made, in the ways that they have.
func TestReadsContainersOfOthers(t *testing.T) {
	dir, tree := otherTree(t)
	for _, argv := range [][]string{
		{"7zz", "a", "-tzip"}, {"7zz", "a", "-tzip", "-mx0"}, {"7zz", "a", "-tzip", "-mx9", "-mm=Deflate", "-mfb=258", "-mpass=15"},
		{"zip", "-q", "-r"}, {"zip", "-q", "-r", "-X", "-D"}, {"zip", "-q", "-r", "-X", "-D", "-fz"}, {"zip", "-q", "-r", "-X", "-fd"}, {"zip", "-q", "-r", "-X", "-0"},
	} {
		t.Run(strings.Join(argv, " "), func(t *testing.T) {
			data := packedBy(t, dir, argv)
			p := open(t, data)
			r, err := VerifyPackage(context.Background(), p, VerifyOptions{AllowUnsigned: true})
			if err != nil || !r.OK() {
				t.Fatalf("%v, %+v, %v", r.Checks, r.Bad, err)
			}
			for name, f := range tree {
				if got, err := fs.ReadFile(p.FS(), name); err != nil || !bytes.Equal(got, f.Data) {
					t.Errorf("%s: %d bytes, want %d, %v", name, len(got), len(f.Data), err)
				}
			}
		})
	}
}

// TestRefusesContainersOfOthers: other methods and encryption are told, and nothing of such a file is given.
func TestRefusesContainersOfOthers(t *testing.T) {
	dir, _ := otherTree(t)
	for _, argv := range [][]string{{"7zz", "a", "-tzip", "-mm=Deflate64"}, {"7zz", "a", "-tzip", "-mm=BZip2"}, {"7zz", "a", "-tzip", "-mm=LZMA"}, {"7zz", "a", "-tzip", "-psecret"}} {
		data := packedBy(t, dir, argv)
		p, err := OpenPackage(bytes.NewReader(data), int64(len(data)))
		if err == nil {
			_, err = fs.ReadFile(p.FS(), ManifestName)
		}
		if err == nil || !strings.Contains(err.Error(), "packages hold stored and deflated files") {
			t.Errorf("%v: %v", argv, err)
		}
	}
}

// packedBy has a program pack a folder.
func packedBy(t *testing.T, dir string, argv []string) []byte {
	t.Helper()
	program, err := exec.LookPath(argv[0])
	if err != nil {
		t.Skipf("skipped: %s is not installed", argv[0])
	}
	out := filepath.Join(t.TempDir(), "a.zip")
	cmd := exec.Command(program, append(argv[1:len(argv):len(argv)], out, ".")...)
	cmd.Dir = dir
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v: %s", argv, err, said)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestSignaturesOfOthers reads what osslsigncode signs, with each hash, and by clocks that are behind and ahead: what a signer
// says of the time decides nothing.
func TestSignaturesOfOthers(t *testing.T) {
	tool, err := exec.LookPath("osslsigncode")
	if err != nil {
		t.Skip("skipped: osslsigncode is not installed")
	}
	unsigned, _ := packed(t, crypto.SHA256)
	cert, key := testSigner()
	dir := t.TempDir()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	in, certFile, keyFile := filepath.Join(dir, "in.msix"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write(t, in, unsigned)
	write(t, certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
	write(t, keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	for i, c := range []struct {
		hash string
		at   time.Time
	}{{"sha256", testNow}, {"sha384", testNow}, {"sha512", testNow}, {"sha256", cert.NotBefore.AddDate(-1, 0, 0)}, {"sha256", cert.NotAfter.AddDate(1, 0, 0)}} {
		out := filepath.Join(dir, fmt.Sprint(i, ".msix"))
		said, err := exec.Command(tool, "sign", "-h", c.hash, "-certs", certFile, "-key", keyFile, "-time", fmt.Sprint(c.at.Unix()), "-in", in, "-out", out).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		r, err := VerifyPackage(context.Background(), open(t, data), VerifyOptions{Roots: pool(cert), Now: testNow})
		if err != nil || !r.OK() || r.Result(CheckChain) != Pass {
			t.Errorf("%s at %v: %v, %+v, %v", c.hash, c.at, r.Checks, r.Bad, err)
		}
		if r, err = VerifyPackage(context.Background(), open(t, data), VerifyOptions{Roots: pool(cert), Now: cert.NotAfter.AddDate(1, 0, 0)}); err != nil || r.Result(CheckChain) != Fail {
			t.Errorf("%s at %v: after the certificate's end: %v, %v", c.hash, c.at, r.Checks, err)
		}
	}
}
