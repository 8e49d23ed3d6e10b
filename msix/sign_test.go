package msix

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	mathrand "math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

const testPublisher = `CN="Contoso, Ltd.", O=Contoso, L=Zürich, C=CH`

// testNow is the clock of these tests.
var testNow = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// testSigner makes one key for all tests: RSA keys take long.
var testSigner = sync.OnceValues(func() (*x509.Certificate, crypto.Signer) {
	cert, key, err := SelfSigned(testPublisher, testNow, rand.Reader)
	if err != nil {
		panic(err)
	}
	return cert, key
})

// testTree is a package with files of all kinds and boundary sizes.
func testTree() fstest.MapFS {
	tree := fstest.MapFS{}
	random := mathrand.New(mathrand.NewPCG(1, 2))
	add := func(name string, size int, compressible bool) {
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(random.Uint32())
			if compressible {
				data[i] &= 3
			}
		}
		tree[name] = &fstest.MapFile{Data: data, ModTime: testNow}
	}
	add("app.exe", 3*BlockSize+17, true)
	add("random.dll", 2*BlockSize, false)
	add("Assets/Logo.png", BlockSize+1, false)
	add("Assets/Ünïcode & (1) 100%+.txt", 100, true)
	add("one", 1, true)
	add("empty.dat", 0, true)
	add("exact.bin", BlockSize, true)
	tree[ManifestName] = &fstest.MapFile{ModTime: testNow, Data: []byte(`<?xml version="1.0" encoding="utf-8"?>
<Package xmlns="http://schemas.microsoft.com/appx/manifest/foundation/windows10" xmlns:uap="http://schemas.microsoft.com/appx/manifest/uap/windows10">
 <Identity Name="Contoso.Tool" Publisher="` + escapeXML(testPublisher) + `" Version="1.2.3.4" ProcessorArchitecture="x64"/>
 <Properties><DisplayName>Tool</DisplayName><PublisherDisplayName>Contoso</PublisherDisplayName><Logo>Assets\Logo.png</Logo></Properties>
 <Resources><Resource Language="en-us"/></Resources>
 <Dependencies><TargetDeviceFamily Name="Windows.Desktop" MinVersion="10.0.17763.0" MaxVersionTested="10.0.22621.0"/></Dependencies>
 <Applications><Application Id="App" Executable="app.exe" EntryPoint="Windows.FullTrustApplication">
  <uap:VisualElements DisplayName="Tool" Description="A tool" BackgroundColor="transparent" Square150x150Logo="Assets\Logo.png" Square44x44Logo="Assets\Logo.png"/>
  <Extensions>
   <uap:Extension Category="windows.fileTypeAssociation"><uap:FileTypeAssociation Name="tools"><uap:SupportedFileTypes><uap:FileType>.tool</uap:FileType><uap:FileType>.tul</uap:FileType></uap:SupportedFileTypes></uap:FileTypeAssociation></uap:Extension>
   <uap:Extension Category="windows.protocol"><uap:Protocol Name="tool"/></uap:Extension>
  </Extensions>
 </Application></Applications>
</Package>`)}
	return tree
}

// packed gives the test package, signed. The bytes are shared: clone before a change.
func packed(t testing.TB, hash crypto.Hash) (unsigned, signed []byte) {
	t.Helper()
	type pair struct{ unsigned, signed []byte }
	if p, ok := packedBefore.Load(hash); ok {
		return p.(pair).unsigned, p.(pair).signed
	}
	defer func() { packedBefore.Store(hash, pair{unsigned, signed}) }()
	var plain, out bytes.Buffer
	if err := Pack(&plain, testTree(), PackOptions{Hash: hash}); err != nil {
		t.Fatal(err)
	}
	cert, key := testSigner()
	if err := Sign(bytes.NewReader(plain.Bytes()), int64(plain.Len()), &out, cert, key); err != nil {
		t.Fatal(err)
	}
	return plain.Bytes(), out.Bytes()
}

// packedBefore keeps what packed made, by hash.
var packedBefore sync.Map

func open(t testing.TB, data []byte) *Package {
	t.Helper()
	p, err := OpenPackage(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func pool(certs ...*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, c := range certs {
		pool.AddCert(c)
	}
	return pool
}

func TestPackSignVerify(t *testing.T) {
	cert, _ := testSigner()
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		unsigned, signed := packed(t, hash)
		r, err := VerifyPackage(t.Context(), open(t, signed), VerifyOptions{Roots: pool(cert), Now: testNow})
		if err != nil || !r.OK() || !r.Trusted() {
			t.Fatalf("%v: %+v, %v", hash, r, err)
		}
		same(t, "full name", r.FullName, "Contoso.Tool_1.2.3.4_x64__"+PublisherID(testPublisher))
		same(t, "files", r.Files, len(testTree()))
		same(t, "AXPC", r.Result(DigestPayload), Pass)
		same(t, "AXCD", r.Result(DigestDirectory), Pass)
		same(t, "AXCI", r.Result(DigestCodeIntegrity), Absent)

		r, err = VerifyPackage(t.Context(), open(t, unsigned), VerifyOptions{})
		if err != nil || r.OK() || r.Trusted() || r.Result(CheckSignature) != Absent || len(r.Bad) > 0 {
			t.Errorf("unsigned: %+v, %v", r, err)
		}
		r, err = VerifyPackage(t.Context(), open(t, unsigned), VerifyOptions{AllowUnsigned: true})
		if err != nil || !r.OK() || r.Trusted() {
			t.Errorf("unsigned and allowed: %+v, %v", r, err)
		}
	}
}

func TestExpandedIsTheTree(t *testing.T) {
	_, signed := packed(t, crypto.SHA256)
	expanded, err := open(t, signed).Expanded()
	if err != nil {
		t.Fatal(err)
	}
	names := []string{BlockMapName, SignatureName}
	for name, f := range testTree() {
		names = append(names, name)
		data, err := fs.ReadFile(expanded, name)
		if err != nil || !bytes.Equal(data, f.Data) {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
	}
	if err := fstest.TestFS(expanded, names...); err != nil {
		t.Error(err)
	}
	cert, _ := testSigner()
	r, err := VerifyExpanded(t.Context(), expanded, ".", VerifyOptions{Roots: pool(cert), Now: testNow})
	if err != nil || !r.Trusted() {
		t.Errorf("%+v, %v", r, err)
	}
	same(t, "AXPC", r.Result(DigestPayload), NotApplicable)
}

func TestManifestExtensions(t *testing.T) {
	m, err := ReadManifest(bytes.NewReader(testTree()[ManifestName].Data))
	if err != nil {
		t.Fatal(err)
	}
	a := m.Applications[0]
	if len(a.FileTypes) != 1 || a.FileTypes[0].Name != "tools" || strings.Join(a.FileTypes[0].Extensions, " ") != ".tool .tul" {
		t.Errorf("file types: %+v", a.FileTypes)
	}
	if strings.Join(a.Protocols, " ") != "tool" {
		t.Errorf("protocols: %v", a.Protocols)
	}
}

// TestEveryFlippedByteIsFound changes one byte at a time, over the whole of a
// signed package. Nothing may pass, and a change in a payload file's data must
// name that file.
func TestEveryFlippedByteIsFound(t *testing.T) {
	_, signed := packed(t, crypto.SHA256)
	owner := dataOwners(t, signed)
	step := 2999
	for at := 0; at < len(signed); at += step {
		data := bytes.Clone(signed)
		data[at] ^= 0x40
		p, err := OpenPackage(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			continue // refused as a whole
		}
		r, err := VerifyPackage(t.Context(), p, VerifyOptions{})
		if err != nil {
			t.Errorf("byte %d: %v", at, err)
			continue
		}
		if r.OK() {
			t.Errorf("byte %d (%s) was changed and the package passes: %+v", at, owner(at), r)
		}
		if name := owner(at); name != "" && !isUnmapped(name) && !names(r, name) {
			t.Errorf("byte %d is in %s, which is not named: %+v", at, name, r.Bad)
		}
	}
	for at := len(signed) - 2400; at < len(signed); at += 7 { // signature, directory, end records: densely
		data := bytes.Clone(signed)
		data[at] ^= 0x01
		p, err := OpenPackage(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			continue
		}
		if r, err := VerifyPackage(t.Context(), p, VerifyOptions{}); err == nil && r.OK() && !harmless(signed, at) && !sameSignature(t, signed, data) {
			t.Errorf("byte %d of %d was changed and the package passes", at, len(signed))
		}
	}
}

// harmless tells bytes that no digest can cover: the records that describe the
// signature itself, and the numbers in the end records, which are recomputed.
func harmless(data []byte, at int) bool {
	d, err := readDirectory(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return false
	}
	last := d.entries[len(d.entries)-1]
	record := len(data) - lenEnd - lenLocator64 - lenEnd64 - len(last.record)
	descriptor := int(d.offset) - 24
	if at >= int(last.header) && at < int(last.header)+lenLocal {
		return true // its own local header: AXPC ends before it
	}
	return at >= record || at >= descriptor && at < int(d.offset)
}

// sameSignature tells that only padding of the compressed signature changed.
func sameSignature(t *testing.T, a, b []byte) bool {
	x, errX := open(t, a).readFile(SignatureName, maxSignature)
	y, errY := open(t, b).readFile(SignatureName, maxSignature)
	return errX == nil && errY == nil && bytes.Equal(x, y) && bytes.Equal(a[:len(a)-2400], b[:len(b)-2400])
}

func names(r *Report, file string) bool {
	for _, b := range r.Bad {
		if b.File == file {
			return true
		}
	}
	return false
}

// dataOwners gives the function that tells in which file's data an offset is.
func dataOwners(t *testing.T, data []byte) func(int) string {
	p := open(t, data)
	type span struct {
		from, to int64
		name     string
	}
	var spans []span
	for i := range p.dir.entries {
		e := &p.dir.entries[i]
		from, err := p.dataOffset(e)
		if err != nil {
			t.Fatal(err)
		}
		spans = append(spans, span{from, from + e.csize, e.path})
	}
	return func(at int) string {
		for _, s := range spans {
			if int64(at) >= s.from && int64(at) < s.to {
				return s.name
			}
		}
		return ""
	}
}

func TestSignAgain(t *testing.T) {
	unsigned, signed := packed(t, crypto.SHA256)
	cert, key := testSigner()
	var again bytes.Buffer
	if err := Sign(bytes.NewReader(signed), int64(len(signed)), &again, cert, key); err != nil {
		t.Fatal(err)
	}
	r, err := VerifyPackage(t.Context(), open(t, again.Bytes()), VerifyOptions{})
	if err != nil || !r.OK() {
		t.Errorf("%+v, %v", r, err)
	}
	if !bytes.HasPrefix(again.Bytes(), unsigned[:len(unsigned)/2]) {
		t.Error("the payload moved")
	}
}

func TestSignRefuses(t *testing.T) {
	unsigned, _ := packed(t, crypto.SHA256)
	cert, key := testSigner()
	other, otherKey, err := SelfSigned("CN=Fabrikam", testNow, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := Sign(bytes.NewReader(unsigned), int64(len(unsigned)), io.Discard, other, otherKey); err == nil || !strings.Contains(err.Error(), "CN=Fabrikam") {
		t.Errorf("another publisher: %v", err)
	}
	if err := Sign(bytes.NewReader(unsigned), int64(len(unsigned)), io.Discard, cert, otherKey); err == nil {
		t.Error("a key that is not the certificate's passed")
	}
	_ = key
	if err := Pack(io.Discard, fstest.MapFS{"a": {}}, PackOptions{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a manifest: %v", err)
	}
}

func TestCancelledContext(t *testing.T) {
	_, signed := packed(t, crypto.SHA256)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := open(t, signed)
	if _, err := VerifyPackage(ctx, p, VerifyOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("package: %v", err)
	}
	expanded, err := p.Expanded()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := VerifyExpanded(ctx, expanded, ".", VerifyOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("expanded: %v", err)
	}
}
