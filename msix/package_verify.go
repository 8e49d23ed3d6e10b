package msix

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"hash"
	"io"
)

// VerifyPackage checks a package or bundle in its container: every block of
// every file against the block map, nothing missing and nothing extra, all
// digests against the signature, the signature and who made it. Payload is
// read once, from front to back. The packages in a bundle are each verified
// alone, see OpenBundled.
//
// What is wrong with the package is in the report; the error is for a
// container that cannot be read, and for a context that ended.
func VerifyPackage(ctx context.Context, p *Package, opt VerifyOptions) (*Report, error) {
	r := &Report{allowUnsigned: opt.AllowUnsigned}
	v := &packageCheck{p: p, opt: opt, report: r, digests: map[string][]byte{}}
	var sigErr, mapErr error
	r.Signature, sigErr = p.Signature()
	r.BlockMap, mapErr = p.BlockMap()
	v.readManifest()
	if err := v.readAll(ctx); err != nil {
		return nil, err
	}
	v.findMissing()
	v.checkFootprint()
	v.checkBundle()
	v.checkGaps()
	v.bad.finish(r, mapErr)
	v.containerDigests()
	r.addSignature(sigErr, opt)
	return r, nil
}

// packageCheck is the state of one VerifyPackage.
type packageCheck struct {
	p       *Package
	opt     VerifyOptions
	report  *Report
	bad     badFiles
	digests map[string][]byte // found, by tag
	bundled map[string]bool
	jobs    chan blockJob
	free    chan []byte
	sinkErr sinkErrors

	end       int64 // of the data of the entry before; -1: its header is damaged
	described bool  // a data descriptor follows it
	gaps      []BadFile
}

// readManifest reads the manifest of a package or else of a bundle.
func (v *packageCheck) readManifest() {
	name, err := ManifestName, error(nil)
	if v.p.IsBundle() {
		name = BundleManifestName
		v.report.Bundle, err = v.p.Bundle()
	} else {
		v.report.Manifest, err = v.p.Manifest()
	}
	v.report.setIdentity()
	if err != nil {
		v.bad.add(name, "%v", err)
		v.report.Manifest, v.report.Bundle = nil, nil
	}
	v.bundled = v.report.Bundle.fileNames()
}

// signatureEntry gives the signature's entry when it is the last of the
// container, as it must be; nil otherwise.
func (v *packageCheck) signatureEntry() *zipEntry {
	list := v.p.dir.byOffset()
	if len(list) > 0 && foldName(list[len(list)-1].path) == foldName(SignatureName) {
		return list[len(list)-1]
	}
	return nil
}

// readAll reads the container once: the bytes go into AXPC, the blocks to
// workers that inflate and hash them.
func (v *packageCheck) readAll(ctx context.Context) error {
	end, h := v.p.dir.offset, hash.Hash(nil)
	if e := v.signatureEntry(); e != nil && v.report.Signature != nil {
		end, h = e.header, v.report.Signature.Hash.New()
	}
	stop := v.startWorkers()
	in := &hashedReader{r: bufio.NewReaderSize(io.NewSectionReader(v.p.r, 0, end), 1<<20), h: h}
	err := v.readEntries(ctx, in, end)
	stop()
	if err == nil {
		err = v.sinkErr.first()
	}
	if err == nil {
		err = in.skipTo(end)
	}
	if h != nil {
		v.digests[DigestPayload] = h.Sum(nil)
	}
	return err
}

func (v *packageCheck) readEntries(ctx context.Context, in *hashedReader, end int64) error {
	for _, e := range v.p.dir.byOffset() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if e.header >= end {
			break
		}
		if err := v.skipGap(e, in); err != nil {
			return err
		}
		err := v.readEntry(ctx, e, in)
		if errors.Is(err, ErrCorrupt) || errors.Is(err, ErrBlockHash) || errors.Is(err, ErrUnsupported) {
			v.bad.add(e.path, "%v", err)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// readEntry reads one local header and its data.
func (v *packageCheck) readEntry(ctx context.Context, e *zipEntry, in *hashedReader) error {
	var head [lenLocal]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return e.readError(noEOFZip(err))
	}
	rest := make([]byte, int(binary.LittleEndian.Uint16(head[26:]))+int(binary.LittleEndian.Uint16(head[28:])))
	if _, err := io.ReadFull(in, rest); err != nil {
		return e.readError(noEOFZip(err))
	}
	if err := e.checkLocal(head[:], rest[:binary.LittleEndian.Uint16(head[26:])]); err != nil {
		return err
	}
	if in.pos+e.csize > v.p.dir.offset {
		return corrupt(zipFormat, e.path, e.header, "the data runs into the directory")
	}
	v.end = in.pos + e.csize
	return v.readData(ctx, e, io.LimitReader(in, e.csize))
}

// noEOFZip turns a bare end of file, which would look like success, into one that does not.
func noEOFZip(err error) error {
	if err == io.EOF { //nolint:errorlint // a wrapped one does not look like success
		return io.ErrUnexpectedEOF
	}
	return err
}

// readData deals with an entry by what it is.
func (v *packageCheck) readData(ctx context.Context, e *zipEntry, data io.Reader) error {
	if e.path[len(e.path)-1] == '/' { // a folder, which packages need not name
		const nothing = 2 // bytes that some writers deflate it to
		if e.usize != 0 || e.csize > nothing {
			v.bad.add(e.path, "a folder with %d bytes of content", max(e.usize, e.csize))
		}
		return nil
	}
	if tag := digestOf[foldName(e.path)]; tag != "" {
		return v.hashFootprint(tag, e, data)
	}
	if foldName(e.path) == foldName(SignatureName) || v.report.BlockMap == nil {
		return nil
	}
	f, ok := v.report.BlockMap.File(e.path)
	if !ok {
		if !v.bundled[foldName(e.path)] {
			v.bad.add(e.path, "not in the block map")
		}
		return nil
	}
	v.report.Files++
	if e.usize != f.Size {
		v.bad.add(e.path, "%d bytes long, want %d", e.usize, f.Size)
		v.report.Blocks += len(f.Blocks) // judged without being read
		return nil
	}
	return v.readBlocks(ctx, e, f, data)
}

// digestOf says which digest covers a footprint file.
var digestOf = map[string]string{
	foldName(ContentTypesName):  DigestContentTypes,
	foldName(BlockMapName):      DigestBlockMap,
	foldName(CodeIntegrityName): DigestCodeIntegrity,
}

func (v *packageCheck) hashFootprint(tag string, e *zipEntry, data io.Reader) error {
	if v.report.Signature == nil {
		return nil
	}
	if most := v.mostFootprint(tag); e.usize > most {
		return unsupported(zipFormat, e.path, e.header, "longer than %d bytes", most)
	}
	r := e.stream(data)
	defer r.Close()
	h := v.report.Signature.Hash.New()
	if _, err := io.Copy(h, r); err != nil {
		return err
	}
	v.digests[tag] = h.Sum(nil)
	return nil
}

// mostFootprint bounds the files that the signature covers by themselves.
func (v *packageCheck) mostFootprint(tag string) int64 {
	switch tag {
	case DigestBlockMap:
		return v.p.mostBlockMap()
	case DigestCodeIntegrity:
		return maxCatalog
	}
	return maxManifest
}

// findMissing reports the files that only the block map has.
func (v *packageCheck) findMissing() {
	if v.report.BlockMap == nil {
		return
	}
	for _, f := range v.report.BlockMap.Files {
		if v.p.files[foldName(f.Path)] == nil {
			v.bad.add(f.Path, "missing")
		}
	}
}

// checkFootprint reports the file that says what the others are, where it is
// missing: the signature covers it, and Windows opens no package without it.
func (v *packageCheck) checkFootprint() {
	if _, ok := v.p.files[foldName(ContentTypesName)]; !ok {
		v.bad.add(ContentTypesName, "missing")
	}
}

// containerDigests compares what was found with what was signed.
func (v *packageCheck) containerDigests() {
	s := v.report.Signature
	if e := v.signatureEntry(); e != nil && s != nil {
		v.digests[DigestDirectory] = v.p.dir.digest(s.Hash, e.header)
	} else if s != nil {
		const detail = "the signature is not the last file of the container"
		v.report.add(DigestPayload, Fail, detail)
		v.report.add(DigestDirectory, Fail, detail)
	}
	if v.digests[DigestDirectory] != nil || s == nil {
		v.report.addDigest(DigestPayload, v.digests[DigestPayload])
		v.report.addDigest(DigestDirectory, v.digests[DigestDirectory])
	}
	for _, tag := range []string{DigestContentTypes, DigestBlockMap, DigestCodeIntegrity} {
		v.report.addDigest(tag, v.digests[tag])
	}
}

// hashedReader reads forward, knows where it is, and hashes what it gives.
type hashedReader struct {
	r   io.Reader
	h   hash.Hash // may be nil
	pos int64
}

// Read implements io.Reader.
func (h *hashedReader) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	h.pos += int64(n)
	if h.h != nil {
		h.h.Write(p[:n])
	}
	return n, err
}

// skipTo reads up to off.
func (h *hashedReader) skipTo(off int64) error {
	if off <= h.pos {
		return nil
	}
	if _, err := io.CopyN(io.Discard, h, off-h.pos); err != nil {
		return &Error{Format: zipFormat, Structure: "container", Offset: h.pos, Err: noEOFZip(err)}
	}
	return nil
}
