package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"berth"
	"berth/agent"
)

// Files of a copy's folder, and of the folder of all.
const (
	documentFile = "copy.json"
	goodFile     = "good.json"
	journalFile  = "journal"
	dataFolder   = "data"
	indexFile    = "index.json"
)

// Bounds of what is read back: a document names some dozen files.
const (
	mostDocument = 4 << 20
	mostFiles    = 4096
	mostSize     = 64 << 40 // bytes of one file: the largest disk that any format knows
)

// document says of what a copy is made.
type document struct {
	ID    string    `json:"id"` // 32 hex digits, also in the journal
	Image string    `json:"image"`
	Chunk int64     `json:"chunk"`
	Files []file    `json:"files"` // the image first
	Begun time.Time `json:"begun"`
}

// file is one file of the share.
type file struct {
	Path  string `json:"path"`
	Name  string `json:"name"` // below data, with slashes
	Size  int64  `json:"size"`
	Stamp string `json:"stamp,omitempty"`
}

func (d document) size() (total int64) {
	for _, f := range d.Files {
		total += f.Size
	}
	return total
}

// chunks is how many chunks a file has.
func (d document) chunks(file int) int64 { return (d.Files[file].Size + d.Chunk - 1) / d.Chunk }

// all is how many chunks there are.
func (d document) all() (n int64) {
	for i := range d.Files {
		n += d.chunks(i)
	}
	return n
}

// length of a chunk: the last of a file may be short.
func (d document) length(at place) int {
	return int(min(d.Chunk, d.Files[at.file].Size-at.chunk*d.Chunk))
}

func (d document) valid(at place) bool {
	return at.file >= 0 && at.file < len(d.Files) && at.chunk >= 0 && at.chunk < d.chunks(at.file)
}

// check refuses documents that nobody wrote who knew the format.
func (d document) check() error {
	if len(d.ID) != 32 || d.Image == "" || d.Chunk < 512 || d.Chunk > 1<<26 || len(d.Files) == 0 || len(d.Files) > mostFiles {
		return errors.New("it is no description of a copy")
	}
	for _, f := range d.Files {
		if f.Size < 0 || f.Size > mostSize || !filepath.IsLocal(filepath.FromSlash(f.Name)) {
			return fmt.Errorf("it names the file %q with %d bytes", f.Name, f.Size)
		}
	}
	return nil
}

// verdict says which packages of a complete copy were checked.
type verdict struct {
	Packages []checked `json:"packages"`
	At       time.Time `json:"at"`
}

// checked is a package that was compared with its block map, all of it, and with what a plan said.
type checked struct {
	FullName       string `json:"fullName"`
	RelativePath   string `json:"relativePath"`
	BlockMapSHA256 string `json:"blockMapSha256,omitempty"`
	Thumbprint     string `json:"thumbprint,omitempty"`
}

func checkedOf(p berth.PlannedPackage) checked {
	return checked{berth.Fold(p.FullName), berth.Fold(p.RelativePath), berth.Fold(p.BlockMapSHA256), berth.Fold(p.Thumbprint)}
}

// folderNames are those of copies: nothing else in the folder is touched.
var folderNames = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{16}-[0-9a-f]{8}$`) })

// keyOf names an image in the names of folders.
func keyOf(image string) string {
	sum := sha256.Sum256([]byte(nameOf(image)))
	return hex.EncodeToString(sum[:8])
}

// loadCopies reads the copies of the folder and removes what a death left of one.
func (c *Cache) loadCopies() error {
	entries, err := os.ReadDir(c.options.Folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || !folderNames().MatchString(e.Name()) {
			continue
		}
		k, err := loadCopy(filepath.Join(c.options.Folder, e.Name()))
		if err != nil {
			c.options.Log.Info("removing what is left of a copy", "folder", e.Name(), "reason", err)
			if err := removeCopy(filepath.Join(c.options.Folder, e.Name())); err != nil {
				c.options.Log.Warn("cannot remove what is left of a copy", "folder", e.Name(), "error", err)
			}
			continue
		}
		im := c.image(k.doc.Image)
		im.copies = append(im.copies, k)
	}
	for _, im := range c.images {
		im.sort()
	}
	return nil
}

func loadCopy(dir string) (*copied, error) {
	k := &copied{dir: dir}
	if err := agent.ReadJSON(filepath.Join(dir, documentFile), mostDocument, &k.doc); err != nil {
		return nil, err
	}
	if err := k.doc.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", documentFile, err)
	}
	if !strings.HasPrefix(filepath.Base(dir), keyOf(k.doc.Image)+"-") {
		return nil, fmt.Errorf("%s is about %s, not about what the folder is named after", documentFile, k.doc.Image)
	}
	var good verdict
	err := agent.ReadJSON(filepath.Join(dir, goodFile), mostDocument, &good)
	if err == nil && k.whole() {
		k.good, k.have = &good, k.doc.size()
	}
	return k, nil
}

// whole tells whether the files of a copy are there with their sizes.
func (k *copied) whole() bool {
	for _, f := range k.doc.Files {
		info, err := os.Lstat(k.path(f))
		if err != nil || !info.Mode().IsRegular() || info.Size() != f.Size {
			return false
		}
	}
	return true
}

func (k *copied) path(f file) string {
	return filepath.Join(k.dir, dataFolder, filepath.FromSlash(f.Name))
}

// removeCopy removes a copy: what says that it is one goes first.
func removeCopy(dir string) error {
	for _, name := range []string{goodFile, documentFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return errors.Join(syncFolder(dir), os.RemoveAll(dir))
}
