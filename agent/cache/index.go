package cache

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"berth/agent"
)

// index is what is remembered of images beside their copies.
type index struct {
	Images []indexed `json:"images"`
}

type indexed struct {
	Path   string    `json:"path"`
	Needed time.Time `json:"needed,omitzero"`
	Bad    *bad      `json:"bad,omitempty"`
}

func (c *Cache) loadIndex() {
	var x index
	if err := agent.ReadJSON(filepath.Join(c.options.Folder, indexFile), mostDocument, &x); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			c.options.Log.Warn("the index of copies cannot be read; a new one begins", "error", err)
		}
		return
	}
	for _, i := range x.Images {
		im := c.image(i.Path)
		im.needed, im.bad = i.Needed, i.Bad
	}
}

// saveIndex writes the index when it changed. A failure is logged and no more: losing it is harmless.
func (c *Cache) saveIndex() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.dirty {
		return
	}
	var x index
	for _, im := range c.images {
		x.Images = append(x.Images, indexed{im.path, im.needed, im.bad})
	}
	if _, err := os.Stat(c.options.Folder); err != nil {
		return // nothing was copied yet
	}
	if err := agent.WriteJSON(filepath.Join(c.options.Folder, indexFile), 0o600, x); err != nil {
		c.options.Log.Warn("cannot keep the index of copies", "error", err)
		return
	}
	c.dirty = false
}

// wantedAs is what the plan says of the packages of an image, in one text.
func (im *image) wantedAs() string {
	var s strings.Builder
	for _, p := range im.packages {
		k := checkedOf(p)
		s.WriteString(k.FullName + "|" + k.RelativePath + "|" + k.BlockMapSHA256 + "|" + k.Thumbprint + "\n")
	}
	return s.String()
}

// isBad tells whether files of the share are known to be not what the plan says.
func (im *image) isBad(files string) bool {
	return im.bad != nil && im.bad.Files == files && im.bad.Packages == im.wantedAs()
}
