package msix

import (
	"bytes"
	"io"
	"io/fs"
	"strings"
	"sync"
)

// Package is a package or bundle in its container. Its methods are safe for
// concurrent use.
type Package struct {
	r     io.ReaderAt
	size  int64
	dir   *zipDirectory
	files map[string]*zipEntry // foldName(path) -> entry

	manifest func() (*Manifest, error)
	bundle   func() (*BundleManifest, error)
	blockMap func() (*BlockMap, error)
	sig      func() (*Signature, error)
}

// OpenPackage reads the directory of a .msix, .appx or bundle of size bytes.
// The footprint files are read when they are asked for.
func OpenPackage(r io.ReaderAt, size int64) (*Package, error) {
	dir, err := readDirectory(r, size)
	if err != nil {
		return nil, err
	}
	p := &Package{r: r, size: size, dir: dir, files: map[string]*zipEntry{}}
	for i := range dir.entries {
		e := &dir.entries[i]
		if strings.HasSuffix(e.path, "/") {
			continue
		}
		if _, twice := p.files[foldName(e.path)]; twice {
			return nil, corrupt(zipFormat, e.path, e.header, "the file is there twice")
		}
		p.files[foldName(e.path)] = e
	}
	if err := p.checkFolders(); err != nil {
		return nil, err
	}
	p.manifest = sync.OnceValues(func() (*Manifest, error) {
		return readPart(p, ManifestName, maxManifest, ReadManifest)
	})
	p.bundle = sync.OnceValues(func() (*BundleManifest, error) {
		return readPart(p, BundleManifestName, maxManifest, ReadBundleManifest)
	})
	p.blockMap = sync.OnceValues(func() (*BlockMap, error) {
		return readPart(p, BlockMapName, p.mostBlockMap(), ReadBlockMap)
	})
	p.sig = sync.OnceValues(p.readSignature)
	return p, nil
}

// mostBlockMap bounds the block map by what the container can hold: 64 KiB of
// zeroes deflate to about 65 bytes, a Block element has up to 130, and a name
// stands in the container twice for each time in the block map.
func (p *Package) mostBlockMap() int64 {
	const elements, spare = 4, 1 << 20
	return min(maxBlockMap, spare+elements*p.size)
}

// maxFolders bounds the folders of all names together, each counted as often
// as it is named: what a tree of them can cost.
const maxFolders = 4_000_000

// checkFolders refuses names that cannot be together on a disk: too deep, or
// one file inside another.
func (p *Package) checkFolders() error {
	total := 0
	for key, e := range p.files {
		depth := strings.Count(key, "/")
		if total += depth; depth > maxWalkDepth || total > maxFolders {
			return unsupported(zipFormat, clip(e.path), e.header, "more than %d folders deep, or more than %d in all", maxWalkDepth, maxFolders)
		}
		for dir := key; strings.Contains(dir, "/"); {
			dir = dir[:strings.LastIndexByte(dir, '/')]
			if _, isFile := p.files[dir]; isFile {
				return corrupt(zipFormat, clip(e.path), e.header, "a folder above it is a file too")
			}
		}
	}
	return nil
}

// readPart reads one footprint file with its reader.
func readPart[T any](p *Package, name string, limit int64, read func(io.Reader) (T, error)) (T, error) {
	var none T
	data, err := p.readFile(name, limit)
	if err != nil {
		return none, err
	}
	return read(bytes.NewReader(data))
}

// Manifest gives the package's manifest; the error wraps fs.ErrNotExist for a bundle.
func (p *Package) Manifest() (*Manifest, error) { return p.manifest() }

// Bundle gives the bundle's manifest; the error wraps fs.ErrNotExist for a package.
func (p *Package) Bundle() (*BundleManifest, error) { return p.bundle() }

// BlockMap gives the block map.
func (p *Package) BlockMap() (*BlockMap, error) { return p.blockMap() }

// Signature gives the signature; the error wraps ErrUnsigned when there is none.
func (p *Package) Signature() (*Signature, error) { return p.sig() }

// Entry is one file or folder of a container, as its directory has it.
type Entry struct {
	Name       string // percent-encoded
	Path       string // decoded; folders end in a slash
	Size       int64  // bytes
	PackedSize int64  // bytes in the container
	Method     uint16 // 0: stored, 8: deflated
}

// Entries gives what is in the container, in the order of its directory.
func (p *Package) Entries() []Entry {
	list := make([]Entry, 0, len(p.dir.entries))
	for _, e := range p.dir.entries {
		list = append(list, Entry{Name: e.raw, Path: e.path, Size: e.usize, PackedSize: e.csize, Method: e.method})
	}
	return list
}

// IsBundle tells bundles from packages.
func (p *Package) IsBundle() bool {
	_, ok := p.files[foldName(BundleManifestName)]
	return ok
}

func (p *Package) readSignature() (*Signature, error) {
	if _, ok := p.files[foldName(SignatureName)]; !ok {
		return nil, &Error{Format: signatureFormat, Structure: SignatureName, Offset: -1, Err: ErrUnsigned}
	}
	data, err := p.readFile(SignatureName, maxSignature)
	if err != nil {
		return nil, err
	}
	return ReadSignature(data)
}

// OpenBundled opens one of a bundle's packages where it lies. Bundles store
// their packages uncompressed.
func (p *Package) OpenBundled(b BundledPackage) (*Package, error) {
	name, ok := slashed(b.FileName)
	e := p.files[foldName(name)]
	if !ok || e == nil {
		return nil, &Error{Format: bundleFormat, Structure: b.FileName, Offset: -1, Err: fs.ErrNotExist}
	}
	if e.method != methodStore {
		return nil, unsupported(bundleFormat, b.FileName, e.header, "the package is compressed inside the bundle")
	}
	data, err := p.dataOffset(e)
	if err != nil {
		return nil, err
	}
	return OpenPackage(io.NewSectionReader(p.r, data, e.csize), e.csize)
}
