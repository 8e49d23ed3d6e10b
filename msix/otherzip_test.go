package msix

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"testing"
)

// TestOtherWriters reads packages that another zip writer has made, with what packages seldom have.
func TestOtherWriters(t *testing.T) {
	manifest := []byte(smallManifest)
	sum := sha256.Sum256(manifest)
	blockMap := fmt.Sprintf(`<BlockMap xmlns="http://schemas.microsoft.com/appx/2010/blockmap" xmlns:b4="http://schemas.microsoft.com/appx/2021/blockmap"
		IgnorableNamespaces="b4" HashMethod="http://www.w3.org/2001/04/xmlenc#sha256"><File Name="%s" Size="%d" LfhSize="1"><Block Hash="%s"/><b4:FileHash Hash="x"/></File></BlockMap>`,
		ManifestName, len(manifest), base64.StdEncoding.EncodeToString(sum[:]))
	for name, c := range map[string]struct {
		folder zip.FileHeader
		// deflated is written as the folder's content, as it comes
		deflated string
		ok       bool
	}{
		"no folder":                {zip.FileHeader{}, "", true},
		"folder":                   {zip.FileHeader{Name: "Assets#"}, "", true},
		"folder that was deflated": {zip.FileHeader{Name: "Assets#", Method: zip.Deflate}, "\x03\x00", true},
		"folder with content":      {zip.FileHeader{Name: "Assets#", Method: zip.Store, UncompressedSize64: 3}, "abc", false},
		"folder that hides bytes":  {zip.FileHeader{Name: "Assets#", Method: zip.Deflate}, "\x03\x00hidden", false},
	} {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		put := func(name string, content []byte) {
			w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Comment: "c", Extra: []byte{0x99, 0x99, 1, 0, 7}})
			if err == nil {
				_, err = w.Write(content)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		put(ContentTypesName, []byte("<Types/>"))
		put(BlockMapName, []byte(blockMap))
		put(ManifestName, manifest)
		if c.folder.Name != "" {
			c.folder.CompressedSize64 = uint64(len(c.deflated))
			w, err := z.CreateRaw(&c.folder)
			if err == nil {
				_, err = w.Write([]byte(c.deflated))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := z.SetComment("PK\x05\x06 is no end record here"); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		data := bytes.ReplaceAll(out.Bytes(), []byte("Assets#"), []byte("Assets/")) // into folders archive/zip writes nothing
		r, err := VerifyPackage(t.Context(), open(t, data), VerifyOptions{AllowUnsigned: true})
		if err != nil || r.OK() != c.ok {
			t.Errorf("%s: %+v, %+v, %v", name, r.Checks, r.Bad, err)
		}
	}
}
