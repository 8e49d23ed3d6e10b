package msix

import (
	"compress/flate"
	"crypto"
	"hash/crc32"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// PackOptions says how Pack writes. The zero value compresses at the default level.
type PackOptions struct {
	Hash     crypto.Hash // of the block map; 0 takes SHA-256
	Level    int         // of compress/flate, 1 to 9; 0 takes its default
	Modified time.Time   // of every file; zero takes each file's own
	Workers  int         // goroutines that compress; 0 takes one per processor
}

// stored are file types whose content is compressed already.
var stored = map[string]bool{
	".png": true, ".jpg": true, ".jpeg": true, ".gif": true, ".webp": true, ".zip": true, ".7z": true, ".gz": true,
	".cab": true, ".msi": true, ".appx": true, ".msix": true, ".mp3": true, ".mp4": true, ".m4a": true, ".woff": true, ".woff2": true, ".jar": true, ".nupkg": true,
}

// Pack writes the files of tree as an unsigned package to w, with a block map
// and [Content_Types].xml of its own: those in the tree, and a signature,
// are left out. The tree must hold an AppxManifest.xml that can be read.
func Pack(w io.Writer, tree fs.FS, opt PackOptions) error {
	if opt.Hash == 0 {
		opt.Hash = crypto.SHA256
	}
	if opt.Level == 0 {
		opt.Level = flate.DefaultCompression
	}
	if hashMethodOf(opt.Hash) == "" {
		return unsupported(blockMapFormat, "HashMethod", -1, "%v", opt.Hash)
	}
	files, err := packList(tree)
	if err != nil {
		return err
	}
	p := &packer{zip: zipWriter{w: w}, tree: tree, opt: opt}
	for _, name := range files {
		if err := p.addFile(name); err != nil {
			return &Error{Format: "pack", Structure: name, Offset: -1, Err: err}
		}
	}
	if err := p.addText(BlockMapName, writeBlockMap(&p.blockMap)); err != nil {
		return err
	}
	if err := p.addText(ContentTypesName, contentTypes(files)); err != nil {
		return err
	}
	return p.zip.close()
}

// packList gives the files to pack, the manifest last as makeappx has it.
func packList(tree fs.FS) ([]string, error) {
	var files []string
	seen := map[string]string{}
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || isFootprint(name) {
			return err
		}
		if _, ok := slashed(name); !ok || strings.Contains(name, `\`) || !d.Type().IsRegular() {
			return unsupported("pack", name, -1, "not a regular file with a name that Windows can hold")
		}
		if other, twice := seen[foldName(name)]; twice {
			return corrupt("pack", name, -1, "Windows takes this for the same file as %s", other)
		}
		seen[foldName(name)] = name
		if name != ManifestName {
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	f, err := tree.Open(ManifestName)
	if err != nil {
		return nil, &Error{Format: "pack", Structure: ManifestName, Offset: -1, Err: err}
	}
	defer f.Close()
	if _, err := ReadManifest(f); err != nil {
		return nil, err
	}
	slices.Sort(files)
	return append(files, ManifestName), nil
}

// isFootprint tells the files that Pack writes itself, or that Sign will add.
// A code integrity catalogue is kept out too: it names hashes of another build.
func isFootprint(name string) bool { return isUnmapped(name) }

// packer is the state of one Pack.
type packer struct {
	zip      zipWriter
	tree     fs.FS
	opt      PackOptions
	blockMap BlockMap
}

// addFile writes one payload file and notes its blocks.
func (p *packer) addFile(name string) error {
	f, err := p.tree.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	modified := p.opt.Modified
	if modified.IsZero() {
		modified = info.ModTime()
	}
	method := uint16(methodDeflate)
	if stored[strings.ToLower(path.Ext(name))] || info.Size() == 0 {
		method = methodStore
	}
	e, header, err := p.zip.begin(name, method, modified)
	if err != nil {
		return err
	}
	m := BlockMapFile{Name: strings.ReplaceAll(name, "/", `\`), Path: name, LfhSize: header}
	if err := p.addBlocks(f, e, &m); err != nil {
		return err
	}
	p.blockMap.Hash = p.opt.Hash
	p.blockMap.Files = append(p.blockMap.Files, m)
	return nil
}

// addBlocks compresses a file's blocks side by side and writes them in order.
func (p *packer) addBlocks(r io.Reader, e *zipEntry, m *BlockMapFile) error {
	workers := workerCount(p.opt.Workers)
	work := make(chan *packedBlock)
	ordered := make(chan *packedBlock, 2*workers)
	stop := make(chan struct{})
	var readErr error
	go func() {
		defer close(work)
		defer close(ordered)
		readErr = readBlocksOf(r, func(content []byte) bool {
			b := &packedBlock{content: content, done: make(chan struct{})}
			select {
			case ordered <- b:
			case <-stop:
				return false
			}
			work <- b
			return true
		})
	}()
	var running sync.WaitGroup
	for range workers {
		running.Go(func() { p.packBlocks(work, e.method) })
	}
	err := p.writeBlocks(ordered, e, m)
	close(stop)
	for range ordered { // what the reader gave before it saw the stop
	}
	running.Wait()
	if err != nil {
		return err
	}
	return readErr
}

// packBlocks hashes and compresses what it is given.
func (p *packer) packBlocks(work <-chan *packedBlock, method uint16) {
	var d deflateBlock
	for b := range work {
		h := p.opt.Hash.New()
		h.Write(b.content)
		b.hash, b.data = h.Sum(nil), b.content
		if method == methodDeflate {
			b.data, b.err = d.compress(b.content, p.opt.Level)
		}
		close(b.done)
	}
}

// writeBlocks writes blocks in order, then ends the entry.
func (p *packer) writeBlocks(ordered <-chan *packedBlock, e *zipEntry, m *BlockMapFile) error {
	crc, start := uint32(0), p.zip.pos
	for b := range ordered {
		<-b.done
		if b.err != nil {
			return b.err
		}
		crc = crc32.Update(crc, crc32.IEEETable, b.content)
		m.Size += int64(len(b.content))
		block := Block{Hash: b.hash, Size: -1}
		if e.method == methodDeflate {
			block.Size = int64(len(b.data))
		}
		m.Blocks = append(m.Blocks, block)
		if _, err := p.zip.Write(b.data); err != nil {
			return err
		}
	}
	if e.method == methodDeflate {
		if _, err := io.WriteString(&p.zip, streamEnd); err != nil {
			return err
		}
	}
	return p.zip.finish(e, crc, p.zip.pos-start, m.Size)
}

// addText writes a footprint file.
func (p *packer) addText(name string, text []byte) error {
	return p.zip.addSmall(name, text, p.opt.Modified)
}

// addSmall writes a file that is in memory, deflated as one segment.
func (z *zipWriter) addSmall(name string, content []byte, modified time.Time) error {
	e, _, err := z.begin(name, methodDeflate, modified)
	if err != nil {
		return err
	}
	var d deflateBlock
	data, err := d.compress(content, flate.DefaultCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(append(data, streamEnd...)); err != nil {
		return err
	}
	return z.finish(e, crc32.ChecksumIEEE(content), int64(len(data)+len(streamEnd)), int64(len(content)))
}
