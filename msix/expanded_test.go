package msix

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// expandedTree is the signed test package as a folder that can be changed.
func expandedTree(t testing.TB, dir string) fstest.MapFS {
	t.Helper()
	_, signed := packed(t, crypto.SHA256)
	expanded, err := open(t, signed).Expanded()
	if err != nil {
		t.Fatal(err)
	}
	tree := fstest.MapFS{}
	err = fs.WalkDir(expanded, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(expanded, path)
		tree[dir+path] = &fstest.MapFile{Data: data, ModTime: testNow}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// signedTypes is the file that Windows leaves out when it expands the package, and other tools do not.
func signedTypes(t *testing.T) *fstest.MapFile {
	t.Helper()
	_, signed := packed(t, crypto.SHA256)
	data, err := open(t, signed).readFile(ContentTypesName, maxManifest)
	if err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: data}
}

func TestVerifyExpandedFinds(t *testing.T) {
	const dir = "apps/Contoso.Tool/"
	flip := func(name string, at int) func(fstest.MapFS) {
		return func(tree fstest.MapFS) { tree[dir+name].Data[at] ^= 1 }
	}
	cases := map[string]struct {
		change func(fstest.MapFS)
		file   string // the file that must be named; "" for none
		check  string // the check that must fail; "" for none
	}{
		"nothing":              {func(fstest.MapFS) {}, "", ""},
		"byte in first block":  {flip("app.exe", 0), "app.exe", CheckBlockMap},
		"byte in last block":   {flip("app.exe", 3*BlockSize+16), "app.exe", CheckBlockMap},
		"byte in the manifest": {flip(ManifestName, 60), ManifestName, CheckBlockMap},
		"byte in the block map": {func(tree fstest.MapFS) {
			d := tree[dir+BlockMapName].Data
			d[bytes.Index(d, []byte("standalone"))-1] = '\t'
		}, "", DigestBlockMap},
		"missing":              {func(tree fstest.MapFS) { delete(tree, dir+"one") }, "one", CheckBlockMap},
		"extra":                {func(tree fstest.MapFS) { tree[dir+"evil.dll"] = &fstest.MapFile{} }, "evil.dll", CheckBlockMap},
		"extra deep":           {func(tree fstest.MapFS) { tree[dir+"a/b/"+BlockMapName] = &fstest.MapFile{} }, "a/b/" + BlockMapName, CheckBlockMap},
		"longer":               {func(tree fstest.MapFS) { f := tree[dir+"one"]; f.Data = append(f.Data, 0) }, "one", CheckBlockMap},
		"shorter":              {func(tree fstest.MapFS) { f := tree[dir+"exact.bin"]; f.Data = f.Data[1:] }, "exact.bin", CheckBlockMap},
		"empty no more":        {func(tree fstest.MapFS) { tree[dir+"empty.dat"].Data = []byte{1} }, "empty.dat", CheckBlockMap},
		"link":                 {func(tree fstest.MapFS) { tree[dir+"link"] = &fstest.MapFile{Mode: fs.ModeSymlink} }, "link", CheckBlockMap},
		"same name twice":      {func(tree fstest.MapFS) { tree[dir+"APP.EXE"] = tree[dir+"app.exe"] }, "app.exe", CheckBlockMap},
		"unsigned catalogue":   {func(tree fstest.MapFS) { tree[dir+CodeIntegrityName] = &fstest.MapFile{} }, "", DigestCodeIntegrity},
		"signature damaged":    {flip(SignatureName, 700), "", CheckSignature},
		"signature cut off":    {func(tree fstest.MapFS) { f := tree[dir+SignatureName]; f.Data = f.Data[:99] }, "", CheckSignature},
		"block map unreadable": {func(tree fstest.MapFS) { tree[dir+BlockMapName].Data = []byte("appxblockmap") }, "", CheckBlockMap},
		"no block map":         {func(tree fstest.MapFS) { delete(tree, dir+BlockMapName) }, "", CheckBlockMap},
		"other spelling":       {func(tree fstest.MapFS) { tree[dir+"APP.EXE"] = tree[dir+"app.exe"]; delete(tree, dir+"app.exe") }, "", ""},
		"content types":        {func(tree fstest.MapFS) { tree[dir+ContentTypesName] = signedTypes(t) }, "", ""},
		"other content types":  {func(tree fstest.MapFS) { tree[dir+ContentTypesName] = &fstest.MapFile{} }, "", DigestContentTypes},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			tree := expandedTree(t, dir)
			c.change(tree)
			r, err := VerifyExpanded(t.Context(), tree, strings.TrimSuffix(dir, "/"), VerifyOptions{Now: testNow})
			if err != nil {
				t.Fatal(err)
			}
			same(t, "OK", r.OK(), c.file == "" && c.check == "")
			if c.file != "" && !names(r, c.file) {
				t.Errorf("%s is not named: %+v", c.file, r.Bad)
			}
			if c.check != "" && r.Result(c.check) != Fail {
				t.Errorf("%s did not fail: %+v", c.check, r.Checks)
			}
		})
	}
}

func TestUnsignedExpanded(t *testing.T) {
	tree := expandedTree(t, "")
	delete(tree, SignatureName)
	for allowed, want := range map[bool]bool{true: true, false: false} {
		r, err := VerifyExpanded(t.Context(), tree, ".", VerifyOptions{AllowUnsigned: allowed})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "signature", r.Result(CheckSignature), Absent)
		same(t, fmt.Sprintf("OK when allowed is %v", allowed), r.OK(), want)
		same(t, "trusted", r.Trusted(), false)
	}
}

// TestExpandedBundle has a bundle's own files beside a package that was
// expanded into a folder of the bundle's.
func TestExpandedBundle(t *testing.T) {
	p, err := openSample(t, "microsoft_winget-cli/Installer-Signed-Good.msixbundle")
	if err != nil {
		t.Fatal(err)
	}
	expanded, err := p.Expanded()
	if err != nil {
		t.Fatal(err)
	}
	tree := expandedTree(t, "inner/")
	for _, name := range []string{BundleManifestName, BlockMapName, SignatureName} {
		data, err := fs.ReadFile(expanded, name)
		if err != nil {
			t.Fatal(err)
		}
		tree[name] = &fstest.MapFile{Data: data}
	}
	r, err := VerifyExpanded(t.Context(), tree, ".", VerifyOptions{})
	if err != nil || !r.OK() || !strings.HasPrefix(r.FullName, "FakeInstallerForTesting_2022.525.453.0_neutral_~_") {
		t.Errorf("%+v, %v", r, err)
	}
	tree["other/evil.dll"] = &fstest.MapFile{}
	if r, err = VerifyExpanded(t.Context(), tree, ".", VerifyOptions{}); err != nil || !names(r, "other/evil.dll") || len(r.Bad) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// countingFS counts the bytes that are read.
type countingFS struct {
	fs.FS
	read map[string]int64
}

type countingFile struct {
	fs.File
	fsys *countingFS
	name string
}

func (c *countingFS) Open(name string) (fs.File, error) {
	f, err := c.FS.Open(name)
	if info, e := f.Stat(); err != nil || e != nil || info.IsDir() {
		return f, err
	}
	return &countingFile{f, c, name}, nil
}

func (f *countingFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.fsys.read[f.name] += int64(n)
	return n, err
}

func (f *countingFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.File.(io.ReaderAt).ReadAt(p, off)
	f.fsys.read[f.name] += int64(n)
	return n, err
}

func TestVerifyExpandedReadsOnce(t *testing.T) {
	tree := expandedTree(t, "")
	counted := &countingFS{FS: tree, read: map[string]int64{}}
	r, err := VerifyExpanded(t.Context(), counted, ".", VerifyOptions{Workers: 1})
	if err != nil || !r.OK() {
		t.Fatalf("%+v, %v", r, err)
	}
	for name, f := range tree {
		same(t, "bytes read of "+name, counted.read[name], int64(len(f.Data)))
	}
}

// sequentialFS hides ReadAt and Seek.
type sequentialFS struct{ fs.FS }

func (s sequentialFS) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if d, ok := f.(fs.ReadDirFile); ok {
		return d, err
	}
	return struct{ fs.File }{f}, err
}

// TestLargeFileInChunks has a file of more than one unit of work, with and
// without a file system that reads at offsets.
func TestLargeFileInChunks(t *testing.T) {
	tree := testTree()
	big := make([]byte, (2*chunkBlocks+1)*BlockSize+5)
	for i := range big {
		big[i] = byte(i / 1000)
	}
	tree["big.bin"] = &fstest.MapFile{Data: big}
	var out bytes.Buffer
	if err := Pack(&out, tree, PackOptions{Level: 1}); err != nil {
		t.Fatal(err)
	}
	expanded, err := open(t, out.Bytes()).Expanded()
	if err != nil {
		t.Fatal(err)
	}
	for name := range tree {
		if tree[name].Data, err = fs.ReadFile(expanded, name); err != nil {
			t.Fatal(err)
		}
	}
	tree[BlockMapName] = &fstest.MapFile{}
	if tree[BlockMapName].Data, err = fs.ReadFile(expanded, BlockMapName); err != nil {
		t.Fatal(err)
	}
	for name, fsys := range map[string]fs.FS{"at offsets": tree, "forward only": sequentialFS{tree}} {
		for _, damaged := range []bool{false, true} {
			if damaged {
				tree["big.bin"].Data[chunkBlocks*BlockSize] ^= 1
			}
			r, err := VerifyExpanded(t.Context(), fsys, ".", VerifyOptions{AllowUnsigned: true, Workers: 2})
			if err != nil || r.OK() == damaged || names(r, "big.bin") != damaged || r.Blocks != r.BlockMap.BlockCount() {
				t.Errorf("%s, damaged %v: %+v, %v", name, damaged, r, err)
			}
			if damaged {
				tree["big.bin"].Data[chunkBlocks*BlockSize] ^= 1
			}
		}
	}
}

func TestVerifiedFS(t *testing.T) {
	const dir = "MSIX/pkg/"
	tree := expandedTree(t, dir)
	bm, err := ReadBlockMap(bytes.NewReader(tree[dir+BlockMapName].Data))
	if err != nil {
		t.Fatal(err)
	}
	tree[dir+"evil.dll"] = &fstest.MapFile{Data: []byte("x")}
	fsys, err := NewVerifiedFS(tree, "MSIX/pkg", bm)
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(fsys, "app.exe", "Assets/Logo.png", ManifestName, BlockMapName, SignatureName); err != nil {
		t.Error(err)
	}
	if _, err := fsys.Open("evil.dll"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not in the block map: %v", err)
	}
	tree[dir+"app.exe"].Data[BlockSize+3] ^= 1
	f, err := fsys.Open("app.exe")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	at := f.(io.ReaderAt)
	for name, c := range map[string]struct {
		off  int64
		size int
		bad  bool
	}{
		"before": {100, 1000, false}, "up to": {0, BlockSize, false}, "across": {BlockSize - 1, 2, true}, "inside": {BlockSize + 50, 1, true},
		"whole": {BlockSize, BlockSize, true}, "after": {2 * BlockSize, BlockSize + 17, false}, "two blocks": {0, 2 * BlockSize, true},
	} {
		p := make([]byte, c.size)
		n, err := at.ReadAt(p, c.off)
		var e *Error
		switch {
		case !c.bad && (err != nil || !bytes.Equal(p, tree[dir+"app.exe"].Data[c.off:c.off+int64(c.size)])):
			t.Errorf("%s: %d, %v", name, n, err)
		case c.bad && (!errors.Is(err, ErrBlockHash) || !errors.As(err, &e) || e.Structure != "app.exe" || e.Offset != BlockSize):
			t.Errorf("%s: %v, want ErrBlockHash with file and offset", name, err)
		}
	}
	tree[dir+"one"].Data = []byte("xy")
	if _, err := fsys.Open("one"); !errors.Is(err, ErrBlockHash) {
		t.Errorf("a file of another size: %v", err)
	}
}

func TestFindPackages(t *testing.T) {
	tree := fstest.MapFS{}
	for _, name := range []string{
		"apps/A_1/AppxManifest.xml", "apps/A_1/VFS/ProgramFilesX64/WindowsApps/Decoy/AppxManifest.xml", "apps/B_1/appxmanifest.XML",
		"bundle/AppxMetadata/AppxBundleManifest.xml", "bundle/inner/AppxManifest.xml", "docs/readme.txt",
		"System Volume Information/x/AppxManifest.xml", "1/2/3/4/AppxManifest.xml", "1/2/3/4/5/x", "2/2/3/4/5/AppxManifest.xml", "blockmaponly/AppxBlockMap.xml",
		"folder/AppxManifest.xml/x",
	} {
		tree[name] = &fstest.MapFile{}
	}
	found, err := FindPackages(tree)
	slices.Sort(found)
	want := []string{"1/2/3/4", "apps/A_1", "apps/B_1", "bundle", "bundle/inner"}
	if err != nil || !slices.Equal(found, want) {
		t.Errorf("%q, %v; want %q", found, err, want)
	}
	root, err := FindPackages(fstest.MapFS{ManifestName: {}, "sub/AppxManifest.xml": {}})
	if err != nil || !slices.Equal(root, []string{"."}) {
		t.Errorf("%q, %v", root, err)
	}
}

// TestFindInSample uses a real package that holds folders that look like packages.
func TestFindInSample(t *testing.T) {
	p, err := openSample(t, "microsoft_msix-packaging/unpack/CentennialCoffee.appx")
	if err != nil {
		t.Fatal(err)
	}
	found, err := FindPackages(p.FS())
	if err != nil || !slices.Equal(found, []string{"."}) {
		t.Errorf("%q, %v", found, err)
	}
}
