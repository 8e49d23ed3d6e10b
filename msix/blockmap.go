package msix

import (
	"crypto"
	_ "crypto/sha256" // the hash functions that a HashMethod can name
	_ "crypto/sha512"
)

// blockMapFormat is the Format of errors about an AppxBlockMap.xml.
const blockMapFormat = "block map"

// BlockMap is an AppxBlockMap.xml: the size and block hashes of every file of a package.
type BlockMap struct {
	Schema string      // namespace of the root element
	Hash   crypto.Hash // SHA-256, SHA-384 or SHA-512, from HashMethod
	Files  []BlockMapFile

	index map[string]int // foldName(Path) -> position in Files
}

// BlockMapFile is one File element.
type BlockMapFile struct {
	Name    string // as written, with backslashes
	Path    string // the same with slashes, valid for fs.FS
	Size    int64  // uncompressed bytes
	LfhSize int64  // bytes of the zip local file header; 0 when absent
	Blocks  []Block
}

// Block is one Block element: BlockSize bytes of content, or what is left at the end.
type Block struct {
	Hash []byte
	Size int64 // compressed bytes in the zip; -1 when absent (stored, or not said)
}

// File finds a file by path, case-insensitively as Windows does.
func (m *BlockMap) File(path string) (*BlockMapFile, bool) {
	i, ok := m.index[foldName(path)]
	if !ok {
		return nil, false
	}
	return &m.Files[i], true
}

// BlockCount is the number of blocks of all files.
func (m *BlockMap) BlockCount() int {
	n := 0
	for i := range m.Files {
		n += len(m.Files[i].Blocks)
	}
	return n
}

// blockLen is the number of uncompressed bytes of block i.
func (f *BlockMapFile) blockLen(i int) int {
	return int(min(BlockSize, f.Size-int64(i)*BlockSize))
}

// checkBlock compares the content of block i with its hash.
func (f *BlockMapFile) checkBlock(hash crypto.Hash, i int, content []byte) error {
	h := hash.New()
	h.Write(content)
	if string(h.Sum(nil)) == string(f.Blocks[i].Hash) {
		return nil
	}
	return &Error{Format: blockMapFormat, Structure: f.Path, Offset: int64(i) * BlockSize, Err: ErrBlockHash}
}

// blocksFor is the number of blocks that a file of size bytes has.
func blocksFor(size int64) int64 {
	n := size / BlockSize
	if size%BlockSize != 0 {
		n++
	}
	return n
}
