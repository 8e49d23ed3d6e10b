package msix

import (
	"crypto"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
)

// hashMethods are the URIs of HashMethod (XML Encryption, and SHA-384 of RFC 6931).
var hashMethods = map[string]crypto.Hash{
	"http://www.w3.org/2001/04/xmlenc#sha256":       crypto.SHA256,
	"http://www.w3.org/2001/04/xmldsig-more#sha384": crypto.SHA384,
	"http://www.w3.org/2001/04/xmlenc#sha384":       crypto.SHA384,
	"http://www.w3.org/2001/04/xmlenc#sha512":       crypto.SHA512,
}

// blockMapSchemas are the namespaces of the root element. Files and blocks are
// always in the first; the later ones add FileHash and Id, which are not needed.
var blockMapSchemas = map[string]bool{
	"http://schemas.microsoft.com/appx/2010/blockmap": true,
	"http://schemas.microsoft.com/appx/2015/blockmap": true,
	"http://schemas.microsoft.com/appx/2017/blockmap": true,
}

// ReadBlockMap reads an AppxBlockMap.xml, as it comes. It refuses files listed
// twice, names that leave the package, footprint files that must not be listed,
// and files whose number of blocks does not fit their size.
func ReadBlockMap(r io.Reader) (*BlockMap, error) {
	src := &mapSource{r: r}
	dec, err := newXMLDecoder(src)
	p := blockMapParser{dec: dec, m: &BlockMap{index: map[string]int{}}}
	for err == nil {
		err = p.next()
	}
	switch {
	case src.err != nil:
		return nil, src.err // whatever the parser made of it
	case !errors.Is(err, io.EOF):
		return nil, err
	case p.m.Hash == 0:
		return nil, p.corrupt(BlockMapName, "there is no BlockMap element")
	}
	return p.m, nil
}

// mapSource bounds what is read, and keeps apart what the device says and what
// the parser says.
type mapSource struct {
	r    io.Reader
	read int64
	err  error
}

// Read implements io.Reader.
func (s *mapSource) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.read += int64(n)
	switch {
	case s.read > maxBlockMap:
		s.err = unsupported(blockMapFormat, BlockMapName, maxBlockMap, "longer than %d bytes", int64(maxBlockMap))
	case err != nil && !errors.Is(err, io.EOF):
		s.err = &Error{Format: blockMapFormat, Structure: BlockMapName, Offset: s.read, Err: err}
	}
	if s.err != nil {
		return 0, s.err
	}
	return n, err
}

// next reads one token; the error is io.EOF at the end.
func (p *blockMapParser) next() error {
	token, err := p.dec.Token()
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	if err == nil {
		err = checkToken(token)
	}
	if err != nil {
		return p.corrupt(BlockMapName, "not well-formed XML: %v", err)
	}
	switch t := token.(type) {
	case xml.StartElement:
		return p.start(t)
	case xml.EndElement:
		return p.end()
	}
	return nil
}

// blockMapParser holds a stream position: block maps of large packages are too
// big for a tree.
type blockMapParser struct {
	dec   *xml.Decoder
	m     *BlockMap
	depth int
	file  *BlockMapFile // the File element that is open
	skip  int           // depth of a foreign element whose content is ignored; 0: none
}

func (p *blockMapParser) corrupt(structure, reason string, args ...any) error {
	return corrupt(blockMapFormat, structure, p.dec.InputOffset(), reason, args...)
}

func (p *blockMapParser) start(e xml.StartElement) error {
	p.depth++
	switch {
	case p.skip > 0:
		return nil
	case p.depth == 1:
		return p.startMap(e)
	case !blockMapSchemas[e.Name.Space]:
		if p.depth == 2 && e.Name.Local == "File" {
			return p.corrupt("File", "namespace %q is not one of a block map", clip(e.Name.Space))
		}
		p.skip = p.depth
		return nil
	case p.depth == 2 && e.Name.Local == "File":
		return p.startFile(e)
	case p.depth == 3 && p.file != nil && e.Name.Local == "Block":
		return p.addBlock(e)
	case p.depth == 3 && p.file != nil && e.Name.Local == "FileHash":
		return nil // 2017: one hash over the whole file; the blocks say the same
	}
	return p.corrupt(clip(e.Name.Local), "the element is not allowed here")
}

func (p *blockMapParser) end() error {
	if p.skip == p.depth {
		p.skip = 0
	}
	p.depth--
	if p.depth != 1 || p.file == nil {
		return nil
	}
	f := p.file
	p.file = nil
	if want := blocksFor(f.Size); int64(len(f.Blocks)) != want {
		return p.corrupt(f.Path, "%d blocks for %d bytes, want %d", len(f.Blocks), f.Size, want)
	}
	return nil
}

func (p *blockMapParser) startMap(e xml.StartElement) error {
	if e.Name.Local != "BlockMap" || !blockMapSchemas[e.Name.Space] {
		return p.corrupt(BlockMapName, "the root is %q in namespace %q, want a BlockMap", clip(e.Name.Local), clip(e.Name.Space))
	}
	method := plainAttr(e, "HashMethod")
	hash, ok := hashMethods[method]
	if !ok {
		return unsupported(blockMapFormat, "BlockMap/@HashMethod", p.dec.InputOffset(), "unknown hash method %q", clip(method))
	}
	p.m.Hash, p.m.Schema = hash, e.Name.Space
	return nil
}

func (p *blockMapParser) startFile(e xml.StartElement) error {
	f := BlockMapFile{Name: plainAttr(e, "Name")}
	var ok bool
	if f.Path, ok = slashed(f.Name); !ok {
		return p.corrupt("File/@Name", "%q is not a path inside the package", clip(f.Name))
	}
	if isUnmapped(f.Path) {
		return p.corrupt(f.Path, "this file must not be in the block map")
	}
	var err error
	if f.Size, err = strconv.ParseInt(plainAttr(e, "Size"), 10, 64); err != nil || f.Size < 0 {
		return p.corrupt(f.Path, "Size %q is not a count of bytes", clip(plainAttr(e, "Size")))
	}
	if s := plainAttr(e, "LfhSize"); s != "" {
		if f.LfhSize, err = strconv.ParseInt(s, 10, 32); err != nil || f.LfhSize < 0 {
			return p.corrupt(f.Path, "LfhSize %q is not a count of bytes", clip(s))
		}
	}
	key := foldName(f.Path)
	if _, twice := p.m.index[key]; twice {
		return p.corrupt(f.Path, "the file is listed twice")
	}
	p.m.index[key] = len(p.m.Files)
	p.m.Files = append(p.m.Files, f)
	p.file = &p.m.Files[len(p.m.Files)-1]
	return nil
}

func (p *blockMapParser) addBlock(e xml.StartElement) error {
	b := Block{Size: -1}
	var err error
	b.Hash, err = base64.StdEncoding.DecodeString(plainAttr(e, "Hash"))
	if err != nil || len(b.Hash) != p.m.Hash.Size() {
		return p.corrupt(p.file.Path, "the hash of block %d is not %d bytes in base64", len(p.file.Blocks), p.m.Hash.Size())
	}
	if s := plainAttr(e, "Size"); s != "" {
		if b.Size, err = strconv.ParseInt(s, 10, 32); err != nil || b.Size < 0 {
			return p.corrupt(p.file.Path, "Size %q of block %d is not a count of bytes", clip(s), len(p.file.Blocks))
		}
	}
	p.file.Blocks = append(p.file.Blocks, b)
	return nil
}

// plainAttr gives the attribute without a namespace, or "".
func plainAttr(e xml.StartElement, local string) string {
	for _, a := range e.Attr {
		if a.Name.Local == local && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}
