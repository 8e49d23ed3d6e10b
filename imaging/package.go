package imaging

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"berth"
	"berth/msix"
)

// expanded is what the footprint files of an expanded package say.
type expanded struct {
	found
	manifest    *msix.Manifest
	manifestRaw []byte
	blockMap    *msix.BlockMap
	blockRaw    []byte          // AppxBlockMap.xml
	signature   *msix.Signature // nil when the package is not signed
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
	if e.blockRaw, err = readFile(f, msix.BlockMapName, mostBlockMap); err != nil {
		return nil, err
	}
	if e.blockMap, err = msix.ReadBlockMap(bytes.NewReader(e.blockRaw)); err != nil {
		return nil, err
	}
	p7x, err := readFile(f, msix.SignatureName, mostSignature)
	if errors.Is(err, fs.ErrNotExist) {
		return e, nil
	}
	if err != nil {
		return nil, err
	}
	e.signature, err = msix.ReadSignature(p7x)
	return e, err
}

// readFile reads a footprint file. A size that is too large is refused by what the file system says, before anything is
// read: sparse files claim any size.
func readFile(f found, name string, most int64) ([]byte, error) {
	file, err := f.fsys.Open(path.Join(f.dir, name))
	if err != nil {
		return nil, footprintError(name, err)
	}
	defer func() { _ = file.Close() }()
	fi, err := file.Stat()
	if err != nil {
		return nil, footprintError(name, err)
	}
	if fi.Size() > most {
		return nil, footprintError(name, fmt.Errorf("%w: the file is %d bytes long, more than %d", msix.ErrUnsupported, fi.Size(), most))
	}
	b, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(b)) > most { // the file system said less than it gives
		err = fmt.Errorf("%w: the file is longer than %d bytes", msix.ErrUnsupported, most)
	}
	if err != nil {
		return nil, footprintError(name, err)
	}
	return b, nil
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
	h := e.signature.Hash.New()
	h.Write(e.blockRaw)
	if !bytes.Equal(h.Sum(nil), e.signature.Digests[msix.DigestBlockMap]) {
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

// describe makes the package of the catalogue from what was read.
func (e *expanded) describe(imagePath string) berth.Package {
	id := e.manifest.Identity
	p := berth.Package{
		FullName: id.FullName(), FamilyName: id.FamilyName(), Name: id.Name, Publisher: id.Publisher,
		Version: berth.Version(id.Version), Architecture: id.Architecture, ResourceID: id.ResourceID,
		PublisherDisplayName: e.manifest.Properties.PublisherDisplayName,
		DisplayName:          plainName(e.manifest.Properties.DisplayName, id.Name),
		Framework:            e.manifest.Properties.Framework,
		ImagePath:            imagePath, RelativePath: e.dir, MinBuild: e.minBuild(),
		Applications: []berth.Application{}, Dependencies: []berth.Dependency{},
	}
	for _, a := range e.manifest.Applications {
		p.Applications = append(p.Applications, berth.Application{ID: a.ID, AppUserModelID: id.AppUserModelID(a.ID),
			DisplayName: plainName(a.DisplayName, a.ID), Description: a.Description, Executable: a.Executable})
	}
	for _, d := range e.manifest.Dependencies {
		p.Dependencies = append(p.Dependencies, berth.Dependency{Name: d.Name, Publisher: d.Publisher,
			MinVersion: d.MinVersion.String(), FamilyName: d.FamilyName()})
	}
	sum := sha256.Sum256(e.blockRaw)
	p.Observed = &berth.Observation{At: time.Now().UTC(), Files: len(e.blockMap.Files), BlockMapSHA256: hex.EncodeToString(sum[:]), Signature: "absent"}
	for _, f := range e.blockMap.Files {
		p.Observed.Bytes += f.Size
	}
	if e.signature == nil {
		p.Findings = append(p.Findings, "the package is not signed: no host will stage it")
		return p
	}
	p.Certificate = certificate(e.signature)
	p.Observed.Signature = "pass"
	if err := e.check(); err != nil {
		p.Observed.Signature = "fail"
		p.Findings = append(p.Findings, "the signature does not hold: "+words(err))
	}
	return p
}

// describe makes the package of the catalogue, with what was seen of the image.
func (o *opened) describe(e *expanded) berth.Package {
	p := e.describe(o.path)
	p.Observed.Format, p.Observed.ImageSize, p.Observed.FileSystem = o.Format, o.file.Size, e.volume.FileSystem
	return p
}

// plainName gives a name that people can read: one that stands in the resources of the package, which are not looked up
// here, is replaced by the name otherwise.
func plainName(name, otherwise string) string {
	if name == "" || strings.HasPrefix(strings.ToLower(name), "ms-resource:") {
		return otherwise
	}
	return name
}

// minBuild is the lowest Windows build of the desktop or universal device family; 10.0.BUILD.x in the manifest.
func (e *expanded) minBuild() int {
	lowest := 0
	for _, t := range e.manifest.Targets {
		if t.Name != "Windows.Desktop" && t.Name != "Windows.Universal" && t.Name != "Windows.Server" {
			continue
		}
		if build := int(t.MinVersion[2]); t.MinVersion[0] >= 10 && (lowest == 0 || build < lowest) {
			lowest = build
		}
	}
	return lowest
}

func certificate(s *msix.Signature) *berth.Certificate {
	c := s.Signer
	if c == nil {
		return nil
	}
	out := &berth.Certificate{Subject: msix.SubjectName(c), CommonName: c.Subject.CommonName, Issuer: msix.IssuerName(c),
		Thumbprint: msix.SHA1Thumbprint(c), NotBefore: c.NotBefore, NotAfter: c.NotAfter, KeySize: msix.KeySize(c),
		SelfSigned: bytes.Equal(c.RawIssuer, c.RawSubject), Timestamped: s.Timestamp != nil, DER: c.Raw}
	for _, other := range s.Certificates {
		if !bytes.Equal(other.Raw, c.Raw) {
			out.Chain = append(out.Chain, other.Raw)
		}
	}
	return out
}

// Read returns the packages in the image, each with what was observed of it. A package whose manifest or block map cannot
// be read is an error that names its folder.
func (l *Library) Read(ctx context.Context, imagePath string) ([]berth.Package, error) {
	img, err := l.open(ctx, imagePath)
	if err != nil {
		return nil, err
	}
	defer func() { _ = img.file.Close() }()
	defer img.until(ctx)()
	all, _, err := img.find(ctx)
	if err != nil {
		return nil, err
	}
	var ps []berth.Package
	for _, f := range all {
		e, err := read(f)
		if err != nil {
			return nil, img.explain(ctx, f.dir, err)
		}
		ps = append(ps, img.describe(e))
	}
	return ps, nil
}

// Verify checks the signature and the whole content of a package; the error names the first file that is not as signed.
func (l *Library) Verify(ctx context.Context, p berth.Package) error {
	a, err := l.Attach(ctx, p.ImagePath, p.RelativePath)
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	return a.VerifyAll(ctx)
}

func trimSlashes(p string) string { return strings.Trim(strings.ReplaceAll(p, `\`, "/"), "/") }

// InspectPackage tells what is in a package in its container (.msix, .appx). Of a bundle it tells the packages in it.
func (l *Library) InspectPackage(ctx context.Context, packagePath string) ([]Package, error) {
	f, err := l.opener.Open(ctx, packagePath)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	p, err := msix.OpenPackage(f, f.Size)
	if err != nil {
		return nil, explainPackage(packagePath, err)
	}
	if !p.IsBundle() {
		one, err := inspectContainer(p, packagePath)
		return []Package{one}, err
	}
	bundle, err := p.Bundle()
	if err != nil {
		return nil, explainPackage(packagePath, err)
	}
	var out []Package
	for _, b := range bundle.Packages {
		inner, err := p.OpenBundled(b)
		if err != nil {
			return nil, explainPackage(packagePath+": "+b.FileName, err)
		}
		one, err := inspectContainer(inner, packagePath+": "+b.FileName)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

func inspectContainer(p *msix.Package, where string) (Package, error) {
	tree, err := p.Expanded()
	if err != nil {
		return Package{}, explainPackage(where, err)
	}
	e, err := read(found{fsys: tree, dir: "."})
	if err != nil {
		return Package{}, explainPackage(where, err)
	}
	return e.inspected(e.describe(where)), nil
}
