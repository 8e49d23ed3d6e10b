package msix

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// Bounds of the walk through an expanded package. Windows' own path limit
// allows no deeper tree in practice.
const (
	maxWalkDepth   = 128
	maxWalkEntries = 2_000_000
)

// VerifyExpanded checks the package that is expanded in dir of fsys: every
// 64 KiB block of every file against the block map, nothing missing and
// nothing extra, the block map and the code integrity catalogue against the
// signature, the signature and who made it. Every file is read once.
//
// What is wrong with the package is in the report; the error is for a folder
// that cannot be read as a whole, and for a context that ended.
func VerifyExpanded(ctx context.Context, fsys fs.FS, dir string, opt VerifyOptions) (*Report, error) {
	sub, err := fs.Sub(fsys, dir)
	if err != nil {
		return nil, &Error{Format: "folder", Structure: dir, Offset: -1, Err: err}
	}
	v := &expandedCheck{fsys: sub, opt: opt, report: &Report{allowUnsigned: opt.AllowUnsigned}, files: map[string]string{}}
	if err := v.walk(ctx); err != nil {
		return nil, err
	}
	sigErr := v.readSignature()
	mapErr := v.readBlockMap()
	v.readManifest()
	if mapErr == nil {
		v.compareNames()
		if err := v.hashFiles(ctx); err != nil {
			return nil, err
		}
	}
	catalog, types := v.footprintDigest(CodeIntegrityName, maxCatalog), v.footprintDigest(ContentTypesName, maxManifest)
	v.bad.finish(v.report, mapErr)
	for _, tag := range []string{DigestPayload, DigestDirectory} {
		v.report.add(tag, NotApplicable, "the package is expanded")
	}
	if types == nil { // which is how Windows expands packages; other tools leave the file
		v.report.add(DigestContentTypes, NotApplicable, "the package is expanded")
	} else {
		v.report.addDigest(DigestContentTypes, types)
	}
	v.report.addDigest(DigestBlockMap, v.mapDigest)
	v.report.addDigest(DigestCodeIntegrity, catalog)
	v.report.addSignature(sigErr, opt)
	return v.report, nil
}

// expandedCheck is the state of one VerifyExpanded.
type expandedCheck struct {
	fsys      fs.FS
	opt       VerifyOptions
	report    *Report
	bad       badFiles
	walked    int               // files and folders that were met
	files     map[string]string // foldName -> path, of every file in the folder
	manifest  []byte            // content of the manifest, read before the rest
	mapDigest []byte
}

// walk lists the folder. Links and devices are findings: a package has none.
func (v *expandedCheck) walk(ctx context.Context) error {
	return fs.WalkDir(v.fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if v.walked++; v.walked > maxWalkEntries { // folders too: those of a damaged disk can lead in circles
			return unsupported("folder", path, -1, "more than %d files and folders", maxWalkEntries)
		}
		switch {
		case err != nil && path == ".":
			return &Error{Format: "folder", Structure: path, Offset: -1, Err: err}
		case err != nil:
			v.bad.add(path, "%v", err)
			return nil
		case d.IsDir():
			if strings.Count(path, "/") >= maxWalkDepth {
				v.bad.add(path, "more than %d folders deep", maxWalkDepth)
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular():
			v.bad.add(path, "neither a file nor a folder (%v)", d.Type())
			return nil
		}
		v.addFile(path)
		return nil
	})
}

func (v *expandedCheck) addFile(path string) {
	key := foldName(path)
	if other, twice := v.files[key]; twice {
		v.bad.add(path, "Windows takes this for the same file as %s", other)
		return
	}
	v.files[key] = path
}

// read gives the whole content of a footprint file.
func (v *expandedCheck) read(name string, limit int64, format string) ([]byte, error) {
	path, ok := v.files[foldName(name)]
	if !ok {
		return nil, &Error{Format: format, Structure: name, Offset: -1, Err: fs.ErrNotExist}
	}
	f, err := v.fsys.Open(path)
	if err != nil {
		return nil, &Error{Format: format, Structure: name, Offset: -1, Err: err}
	}
	data, err := readLimited(f, limit, format, name)
	return data, errors.Join(err, f.Close())
}

func (v *expandedCheck) readSignature() error {
	data, err := v.read(SignatureName, maxSignature, signatureFormat)
	if err != nil {
		return err
	}
	v.report.Signature, err = ReadSignature(data)
	return err
}

// readBlockMap parses and hashes the block map in one pass.
func (v *expandedCheck) readBlockMap() error {
	path, ok := v.files[foldName(BlockMapName)]
	if !ok {
		return &Error{Format: blockMapFormat, Structure: BlockMapName, Offset: -1, Err: fs.ErrNotExist}
	}
	f, err := v.fsys.Open(path)
	if err != nil {
		return &Error{Format: blockMapFormat, Structure: BlockMapName, Offset: -1, Err: err}
	}
	r := io.Reader(f)
	h := v.report.newHash()
	if h != nil {
		r = io.TeeReader(f, h)
	}
	v.report.BlockMap, err = ReadBlockMap(r)
	if h != nil && (err == nil || errors.Is(err, ErrCorrupt)) { // the signature can hold for a block map that is no use
		if _, rest := io.Copy(io.Discard, io.LimitReader(r, maxBlockMap)); rest == nil {
			v.mapDigest = h.Sum(nil)
		}
	}
	return errors.Join(err, f.Close())
}

// readManifest reads the manifest of a package or else of a bundle. Its
// content is kept, for its blocks to be checked without a second read.
func (v *expandedCheck) readManifest() {
	name := ManifestName
	if _, ok := v.files[foldName(name)]; !ok {
		name = BundleManifestName
	}
	data, err := v.read(name, maxManifest, manifestFormat)
	if err == nil {
		v.manifest = data
		v.report.Manifest, v.report.Bundle, err = parseManifest(name, data)
	}
	v.report.setIdentity()
	if err != nil {
		v.bad.add(name, "%v", err)
		v.report.Manifest, v.report.Bundle = nil, nil
	}
}

// parseManifest reads the manifest with that name.
func parseManifest(name string, data []byte) (m *Manifest, b *BundleManifest, err error) {
	if name == ManifestName {
		m, err = ReadManifest(bytes.NewReader(data))
		return m, nil, err
	}
	b, err = ReadBundleManifest(bytes.NewReader(data))
	return nil, b, err
}

// footprintDigest hashes a file that the signature covers by itself; nil when there is none.
func (v *expandedCheck) footprintDigest(name string, limit int64) []byte {
	if _, ok := v.files[foldName(name)]; !ok || v.report.Signature == nil {
		return nil
	}
	data, err := v.read(name, limit, signatureFormat)
	if err != nil {
		v.bad.add(name, "%v", err)
		return nil
	}
	return v.report.digest(data)
}

// isManifest tells the file whose content readManifest kept.
func (v *expandedCheck) isManifest(path string) bool {
	name := ManifestName
	if v.report.Bundle != nil {
		name = BundleManifestName
	}
	return v.manifest != nil && foldName(path) == foldName(name)
}

// errOtherSize: none of the blocks of a file can be as the block map says.
var errOtherSize = errors.New("bytes long")

// section opens blocks [first, first+count) of a file for reading.
func (v *expandedCheck) section(f *BlockMapFile, first, count int) (io.Reader, io.Closer, error) {
	path := v.files[foldName(f.Path)]
	if v.isManifest(path) {
		if int64(len(v.manifest)) != f.Size {
			return nil, nil, fmt.Errorf("%d %w, want %d", len(v.manifest), errOtherSize, f.Size)
		}
		return bytes.NewReader(v.manifest[int64(first)*BlockSize:]), nil, nil
	}
	file, err := v.fsys.Open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil && info.Size() != f.Size {
		err = fmt.Errorf("%d %w, want %d", info.Size(), errOtherSize, f.Size)
	}
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	if at, ok := file.(io.ReaderAt); ok {
		return io.NewSectionReader(at, int64(first)*BlockSize, int64(count)*BlockSize), file, nil
	}
	_, err = io.CopyN(io.Discard, file, int64(first)*BlockSize)
	return file, file, err
}
