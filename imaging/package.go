package imaging

import (
	"bytes"
	"context"
	"encoding/hex"
	"strings"
	"time"

	"berth"
	"berth/msix"
)

// describe makes the package of the catalogue from what was read, with names in the first of the languages that it has.
func (e *expanded) describe(imagePath string, languages []string) berth.Package {
	id := e.manifest.Identity
	look := e.lookups(languages)
	defer func() { _ = look.close() }() // only read
	properties := e.manifest.Properties
	p := berth.Package{
		FullName: id.FullName(), FamilyName: id.FamilyName(), Name: id.Name, Publisher: id.Publisher,
		Version: berth.Version(id.Version), Architecture: id.Architecture, ResourceID: id.ResourceID,
		PublisherDisplayName: look.text(properties.PublisherDisplayName, ""), DisplayName: look.text(properties.DisplayName, id.Name),
		Framework: properties.Framework, ImagePath: imagePath, RelativePath: e.dir, MinBuild: e.minBuild(),
		Applications: e.applications(look), Dependencies: []berth.Dependency{},
	}
	for _, d := range e.manifest.Dependencies {
		p.Dependencies = append(p.Dependencies, dependency(d))
	}
	e.description = look.text(properties.Description, "")
	if look.err != nil {
		p.Findings = append(p.Findings, "names or icons could not all be looked up: "+words(look.err))
	}
	e.observe(&p)
	return p
}

func dependency(d msix.Dependency) berth.Dependency {
	return berth.Dependency{Name: d.Name, Publisher: d.Publisher, MinVersion: d.MinVersion.String(), FamilyName: d.FamilyName()}
}

// applications describes what users can start.
func (e *expanded) applications(look *lookup) []berth.Application {
	list := []berth.Application{}
	for i, a := range e.manifest.Applications {
		out := berth.Application{ID: a.ID, AppUserModelID: e.manifest.AppUserModelID(a.ID), Executable: a.Executable, Hidden: a.Hidden,
			DisplayName: look.text(a.DisplayName, a.ID), Description: look.text(a.Description, ""), Protocols: a.Protocols}
		for _, f := range a.FileTypes {
			out.FileTypes = append(out.FileTypes, f.Extensions...)
		}
		if i < mostIcons {
			out.IconPath, out.Icon = look.icon(a, e.manifest.Properties)
		}
		list = append(list, out)
	}
	return list
}

// observe notes what was seen of the content and the signature.
func (e *expanded) observe(p *berth.Package) {
	p.Observed = &berth.Observation{At: time.Now().UTC(), Files: len(e.blockMap.Files), BlockMapSHA256: hex.EncodeToString(e.blockSum), Signature: "absent"}
	for _, f := range e.blockMap.Files {
		p.Observed.Bytes += f.Size
	}
	if e.signature == nil {
		p.Findings = append(p.Findings, "the package is not signed: no host will stage it")
		return
	}
	p.Certificate = certificate(e.signature)
	p.Observed.Signature = "pass"
	if err := e.check(); err != nil {
		p.Observed.Signature = "fail"
		p.Findings = append(p.Findings, "the signature does not hold: "+words(err))
	}
}

// describe makes the package of the catalogue, with what was seen of the image.
func (o *opened) describe(e *expanded) berth.Package {
	p := e.describe(o.path, o.languages)
	p.Observed.Format, p.Observed.ImageSize = o.Format, o.file.Size
	if e.volume != nil {
		p.Observed.FileSystem = e.volume.FileSystem
	}
	return p
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

// Read returns the packages in the image, each with what was observed of it. In the place of an image there may be a
// framework in its container (.appx, .msix). A package whose manifest or block map cannot
// be read is an error that names its folder.
func (l *Library) Read(ctx context.Context, imagePath string) ([]berth.Package, error) {
	img, err := l.openEither(ctx, imagePath)
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
	for _, f := range packages(all) {
		e, err := read(f)
		if err != nil {
			return nil, img.explain(ctx, f.dir, err)
		}
		p := img.describe(e)
		if img.whole != nil && !p.Framework {
			return nil, notExpanded(p)
		}
		ps = append(ps, p)
	}
	if err := img.source.failure(); err != nil { // else it would be only a finding of a package
		return nil, img.explain(ctx, "", err)
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
