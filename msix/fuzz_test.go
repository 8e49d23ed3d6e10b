package msix

import (
	"bytes"
	"crypto"
	"errors"
	"io"
	"io/fs"
	"testing"
	"testing/iotest"
)

// seeds gives the small real packages, when they are there.
func seeds(f *testing.F) [][]byte {
	var list [][]byte
	_, signed := packed(f, crypto.SHA256)
	list = append(list, signed[len(signed)-8000:])
	for _, name := range []string{
		"microsoft_winget-cli/Installer-Signed-Good.msix", "microsoft_winget-cli/Installer-Signed-Good.msixbundle",
		"microsoft_msix-packaging/unpack/SignatureNotLastPart-ERROR_BAD_FORMAT.appx", "microsoft_msix-packaging/flat/language-de.appx",
		"microsoft_msix-packaging/platforms/TestWindows8.msix",
	} {
		data, err := readOptional(name)
		if err == nil {
			list = append(list, data)
		}
	}
	return list
}

// addParts adds one footprint file of every seed.
func addParts(f *testing.F, name string) {
	for _, data := range seeds(f) {
		p, err := OpenPackage(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			continue
		}
		if part, err := p.readFile(name, maxManifest); err == nil {
			f.Add(part)
		}
	}
}

// classified fails the test for an error that is of no known kind.
func classified(t *testing.T, err error) {
	t.Helper()
	for _, kind := range []error{nil, ErrCorrupt, ErrUnsupported, ErrUnsigned, ErrBlockHash, fs.ErrNotExist} {
		if errors.Is(err, kind) {
			return
		}
	}
	t.Errorf("an error of no known kind: %v", err)
}

func FuzzManifest(f *testing.F) {
	addParts(f, ManifestName)
	addParts(f, BundleManifestName)
	f.Add([]byte(smallManifest))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ReadManifest(bytes.NewReader(data))
		classified(t, err)
		if err == nil {
			if _, err := ParseFullName(m.FullName()); err != nil {
				t.Errorf("its own full name %q: %v", m.FullName(), err)
			}
		}
	})
}

func FuzzBundleManifest(f *testing.F) {
	addParts(f, BundleManifestName)
	f.Add([]byte(smallManifest))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ReadBundleManifest(iotest.OneByteReader(bytes.NewReader(data)))
		classified(t, err)
		if err != nil {
			return
		}
		if _, err := ParseFullName(m.FullName()); err != nil {
			t.Errorf("its own full name %q: %v", m.FullName(), err)
		}
		if len(m.fileNames()) != len(m.Packages) {
			t.Errorf("%d packages have %d names", len(m.Packages), len(m.fileNames()))
		}
	})
}

func FuzzBlockMap(f *testing.F) {
	addParts(f, BlockMapName)
	f.Add([]byte(blockMapText(`<File Name="a" Size="0"/>`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ReadBlockMap(bytes.NewReader(data))
		classified(t, err)
		if err != nil {
			return
		}
		again, err := ReadBlockMap(bytes.NewReader(writeBlockMap(m)))
		if err != nil || len(again.Files) != len(m.Files) || again.BlockCount() != m.BlockCount() {
			t.Errorf("written and read again: %v", err)
		}
	})
}

func FuzzSignature(f *testing.F) {
	addParts(f, SignatureName)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ReadSignature(data)
		classified(t, err)
		if err != nil {
			return
		}
		classified(t, s.Verify())
		if s.VerifyChain(nil, testNow) == nil {
			t.Error("trusted by nobody, and passed")
		}
		_ = SubjectName(s.Signer)
	})
}

func FuzzPackage(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := OpenPackage(bytes.NewReader(data), int64(len(data)))
		classified(t, err)
		if err != nil {
			return
		}
		if _, err := VerifyPackage(t.Context(), p, VerifyOptions{Workers: 1}); err != nil {
			classified(t, err)
		}
		expanded, err := p.Expanded()
		classified(t, err)
		if err != nil {
			return
		}
		err = fs.WalkDir(expanded, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			file, err := expanded.Open(path)
			if err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, io.LimitReader(file, 1<<20))
			return errors.Join(err, file.Close())
		})
		classified(t, err)
	})
}

func FuzzPublisher(f *testing.F) {
	f.Add(testPublisher)
	f.Add("CN=A + OU=B, OID.1.2.3=x")
	f.Fuzz(func(t *testing.T, name string) {
		der, err := parseX500(name)
		classified(t, err)
		if err != nil {
			return
		}
		written := x500Name(der)
		again, err := parseX500(written)
		if err != nil || x500Name(again) != written {
			t.Errorf("%q became %q, then %q, %v", name, written, x500Name(again), err)
		}
	})
}
