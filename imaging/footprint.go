package imaging

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path"

	"berth/msix"
)

// expanded is what the footprint files of an expanded package say.
type expanded struct {
	found
	manifest    *msix.Manifest
	manifestRaw []byte
	blockMap    *msix.BlockMap
	blockSum    []byte          // SHA-256 of AppxBlockMap.xml
	blockSigned []byte          // its hash by the signature's function; nil when the package is not signed
	signature   *msix.Signature // nil when the package is not signed
	description string          // of the package for people, once it is described
}

// Limits of the footprint files. The MSIX SDK allows a signature of 2 MiB; the others are far above what tools write.
const (
	mostManifest  = 16 << 20
	mostBlockMap  = 256 << 20
	mostSignature = 2 << 20
)

// read reads the footprint files, each once.
func read(f found) (e *expanded, err error) {
	e = &expanded{found: f}
	if e.manifestRaw, err = readFile(f, msix.ManifestName, mostManifest); err != nil {
		return nil, err
	}
	if e.manifest, err = msix.ReadManifest(bytes.NewReader(e.manifestRaw)); err != nil {
		return nil, err
	}
	p7x, err := readFile(f, msix.SignatureName, mostSignature)
	if err == nil {
		e.signature, err = msix.ReadSignature(p7x)
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return e, e.readBlockMap()
}

// readBlockMap parses and hashes the block map in one pass: that of a large package is too large to hold as it is.
func (e *expanded) readBlockMap() error {
	file, err := openFile(e.found, msix.BlockMapName, mostBlockMap)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	hashes := io.Writer(sum)
	var signed hash.Hash
	if e.signature != nil {
		signed = e.signature.Hash.New()
		hashes = io.MultiWriter(sum, signed)
	}
	if e.blockMap, err = msix.ReadBlockMap(io.TeeReader(io.LimitReader(file, mostBlockMap+1), hashes)); err != nil {
		return err
	}
	e.blockSum = sum.Sum(nil)
	if signed != nil {
		e.blockSigned = signed.Sum(nil)
	}
	return nil
}

// readFile reads a footprint file. A size that is too large is refused by what the file system says, before anything is
// read: sparse files claim any size.
func readFile(f found, name string, most int64) ([]byte, error) {
	file, err := openFile(f, name, most)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	b, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(b)) > most { // the file system said less than it gives
		err = fmt.Errorf("%w: the file is longer than %d bytes", msix.ErrUnsupported, most)
	}
	if err != nil {
		return nil, footprintError(name, err)
	}
	return b, nil
}

// openFile opens a footprint file whose size is within bounds.
func openFile(f found, name string, most int64) (fs.File, error) {
	file, err := f.fsys.Open(path.Join(f.dir, name))
	if err != nil {
		return nil, footprintError(name, err)
	}
	fi, err := file.Stat()
	if err == nil && fi.Size() > most {
		err = fmt.Errorf("%w: the file is %d bytes long, more than %d", msix.ErrUnsupported, fi.Size(), most)
	}
	if err != nil {
		_ = file.Close()
		return nil, footprintError(name, err)
	}
	return file, nil
}

// footprintError says which footprint file cannot be read.
func footprintError(name string, err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err // it names the file once more
	}
	return &msix.Error{Format: "package", Structure: name, Offset: -1, Err: err}
}

// check proves that the signer signed this block map and this manifest under this publisher. Who the signer is, is asked
// elsewhere: of the host's own certificates.
func (e *expanded) check() error {
	if e.signature == nil {
		return msix.ErrUnsigned
	}
	if err := e.signature.Verify(); err != nil {
		return err
	}
	if !bytes.Equal(e.blockSigned, e.signature.Digests[msix.DigestBlockMap]) {
		return &msix.Error{Format: "signature", Structure: msix.BlockMapName, Offset: -1,
			Err: fmt.Errorf("%w: the signature was made for another block map", msix.ErrCorrupt)}
	}
	if err := e.signature.VerifyPublisher(e.manifest.Publisher); err != nil {
		return err
	}
	return e.checkManifest()
}

// checkManifest compares the manifest with the block map, since everything that is told of the package is read from it.
func (e *expanded) checkManifest() error {
	altered := func(at int) error {
		return &msix.Error{Format: "block map", Structure: msix.ManifestName, Offset: int64(at), Err: msix.ErrBlockHash}
	}
	f, ok := e.blockMap.File(msix.ManifestName)
	if !ok || f.Size != int64(len(e.manifestRaw)) {
		return altered(0)
	}
	for i, b := range f.Blocks {
		from := i * msix.BlockSize
		h := e.blockMap.Hash.New()
		h.Write(e.manifestRaw[from:min(from+msix.BlockSize, len(e.manifestRaw))])
		if !bytes.Equal(h.Sum(nil), b.Hash) {
			return altered(from)
		}
	}
	return nil
}
