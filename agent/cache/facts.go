package cache

import (
	"cmp"
	"slices"
	"strings"

	"berth"
)

// percentStep is how far a copy gets between two reports: every change of the facts is sent.
const percentStep = 10

// Facts tell how the copies stand; nil when the plan asks for none and there are none.
func (c *Cache) Facts() *berth.CacheFacts {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.on && len(c.images) == 0 {
		return nil
	}
	f := &berth.CacheFacts{Folder: c.options.Folder, Most: c.most, Images: []berth.CachedImage{}}
	for _, im := range c.images {
		f.Images = append(f.Images, im.facts())
		for _, k := range im.copies {
			if k.good != nil {
				f.Bytes += k.doc.size()
			}
		}
	}
	slices.SortFunc(f.Images, func(a, b berth.CachedImage) int {
		return cmp.Or(strings.Compare(berth.Fold(a.Path), berth.Fold(b.Path)), strings.Compare(a.Path, b.Path))
	})
	return f
}

// facts of one image: of its newest copy, and whether an older one is used meanwhile.
func (im *image) facts() berth.CachedImage {
	f := berth.CachedImage{Path: im.path, Size: im.size, Error: im.err, LeftOut: im.left, Wanted: len(im.packages) > 0}
	for _, k := range im.copies {
		f.Attached = f.Attached || k.held()
	}
	k := im.newest()
	if k == nil {
		return f
	}
	f.Size = k.doc.size()
	if f.Complete = k.good != nil && k.checkedAll(im.packages); f.Complete {
		f.Percent = 100
	} else if f.Size > 0 {
		f.Percent = int(min(k.have*100/f.Size, 99)) / percentStep * percentStep
	}
	f.Replaced = im.replaced
	return f
}
