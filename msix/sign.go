package msix

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/binary"
	"hash"
	"io"
	"math"
	"strings"
	"time"
)

// Sign copies the package or bundle in, of size bytes, to out and adds an
// AppxSignature.p7x as its last file, made with key, whose certificate is cert;
// chain are the certificates above it, to be carried along. A signature that
// is there is replaced. The publisher in the manifest must be the subject of
// cert, or Windows would refuse the package: it is an error here.
//
// No time stamp is added: the package is good as long as cert is.
func Sign(in io.ReaderAt, size int64, out io.Writer, cert *x509.Certificate, key crypto.Signer, chain ...*x509.Certificate) error {
	p, err := OpenPackage(in, size)
	if err != nil {
		return err
	}
	if err := checkSigner(p, cert, key); err != nil {
		return err
	}
	bm, err := p.BlockMap()
	if err != nil {
		return err
	}
	s := &signing{p: p, hash: bm.Hash.New(), method: bm.Hash}
	s.zip.w = io.MultiWriter(out, s.hash)
	if err := s.copyFiles(); err != nil {
		return err
	}
	digest, err := s.digests()
	if err != nil {
		return err
	}
	p7x, err := buildSignature(signRequest{hash: bm.Hash, digest: digest, bundle: p.IsBundle(), cert: cert, key: key, chain: chain})
	if err != nil {
		return err
	}
	s.zip.w = out // AXPC ends where the signature begins
	if err := s.zip.addSmall(SignatureName, p7x, s.modified); err != nil {
		return err
	}
	return s.zip.close()
}

// checkSigner refuses what Windows would refuse later, with a plainer word.
func checkSigner(p *Package, cert *x509.Certificate, key crypto.Signer) error {
	type comparable interface{ Equal(crypto.PublicKey) bool }
	if public, ok := cert.PublicKey.(comparable); !ok || !public.Equal(key.Public()) {
		return corrupt(signatureFormat, "certificate", -1, "it does not belong to the signing key")
	}
	publisher := ""
	if p.IsBundle() {
		b, err := p.Bundle()
		if err != nil {
			return err
		}
		publisher = b.Publisher
	} else {
		m, err := p.Manifest()
		if err != nil {
			return err
		}
		publisher = m.Publisher
	}
	return (&Signature{Signer: cert}).VerifyPublisher(publisher)
}

// signing is the state of one Sign.
type signing struct {
	p            *Package
	zip          zipWriter
	hash         hash.Hash // of what was written: AXPC
	method       crypto.Hash
	contentTypes []byte    // as written
	modified     time.Time // the newest of all files: a clock is not needed
}

// copyFiles writes every file but the signature, bytes as they are, in order.
func (s *signing) copyFiles() error {
	list := s.p.dir.byOffset()
	for i, e := range list {
		end := s.p.dir.offset
		if i+1 < len(list) {
			end = list[i+1].header
		}
		if e.modified.After(s.modified) {
			s.modified = e.modified
		}
		var err error
		switch foldName(e.path) {
		case foldName(SignatureName):
		case foldName(ContentTypesName):
			err = s.copyContentTypes(e, end)
		default:
			err = s.copyFile(e, end)
		}
		if err != nil {
			return err
		}
	}
	if s.contentTypes == nil {
		return corrupt(zipFormat, ContentTypesName, -1, "the package has none, so it cannot be signed")
	}
	return nil
}

// copyFile copies an entry with its local header and data descriptor.
func (s *signing) copyFile(e *zipEntry, end int64) error {
	if _, err := s.p.dataOffset(e); err != nil {
		return err
	}
	copied := *e
	copied.header = s.zip.pos
	copied.record = movedRecord(e, copied.header)
	if _, err := io.Copy(&s.zip, io.NewSectionReader(s.p.r, e.header, end-e.header)); err != nil {
		return &Error{Format: zipFormat, Structure: e.path, Offset: e.header, Err: err}
	}
	s.zip.entries = append(s.zip.entries, copied)
	return nil
}

// movedRecord gives the entry's directory record with a new header offset, or
// nil when it must be written anew: with a zip64 extra field, or without.
func movedRecord(e *zipEntry, header int64) []byte {
	le := binary.LittleEndian
	const at = 42 // 4.4.16, relative offset of local header
	if le.Uint32(e.record[at:]) == math.MaxUint32 || header >= math.MaxUint32 {
		return nil
	}
	record := bytes.Clone(e.record)
	le.PutUint32(record[at:], uint32(header))
	return record
}

// copyContentTypes makes sure that the signature has a content type.
func (s *signing) copyContentTypes(e *zipEntry, end int64) error {
	const most = 16 << 20
	text, err := s.p.readFile(ContentTypesName, most)
	if err != nil {
		return err
	}
	if s.contentTypes = text; bytes.Contains(text, []byte(SignatureName)) {
		return s.copyFile(e, end)
	}
	const last = "</Types>"
	at := bytes.LastIndex(text, []byte(last))
	if at < 0 {
		return corrupt(zipFormat, ContentTypesName, int64(len(text)), "does not end in %s", last)
	}
	line := `<Override PartName="/` + SignatureName + `" ContentType="` + typeSignature + `"/>`
	s.contentTypes = []byte(string(text[:at]) + line + string(text[at:]))
	return s.zip.addSmall(ContentTypesName, s.contentTypes, e.modified)
}

// digests gives "APPX" {tag, hash}... for what was written so far.
func (s *signing) digests() ([]byte, error) {
	directory := zipDirectory{entries: s.zip.entries}
	directory.end64, directory.locator, directory.end = newEndRecords()
	for i := range directory.entries {
		if e := &directory.entries[i]; e.record == nil {
			e.record = e.centralRecord()
		}
	}
	blockMap, err := s.p.readFile(BlockMapName, maxBlockMap)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	b.WriteString(digestMagic)
	b.WriteString(DigestPayload + string(s.hash.Sum(nil)))
	b.WriteString(DigestDirectory + string(directory.digest(s.method, s.zip.pos)))
	b.WriteString(DigestContentTypes + s.sum(s.contentTypes))
	b.WriteString(DigestBlockMap + s.sum(blockMap))
	if s.p.files[foldName(CodeIntegrityName)] != nil {
		catalog, err := s.p.readFile(CodeIntegrityName, maxCatalog)
		if err != nil {
			return nil, err
		}
		b.WriteString(DigestCodeIntegrity + s.sum(catalog))
	}
	return []byte(b.String()), nil
}

func (s *signing) sum(data []byte) string {
	h := s.method.New()
	h.Write(data)
	return string(h.Sum(nil))
}
