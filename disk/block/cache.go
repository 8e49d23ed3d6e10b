package block

import (
	"container/list"
	"io"
	"slices"
	"sync"
)

// Cache keeps the most recently used values up to a total cost. It is safe for concurrent use.
type Cache[K comparable, V any] struct {
	mu    sync.Mutex
	limit int
	cost  int
	order *list.List // front is the most recent
	items map[K]*list.Element
}

type cached[K comparable, V any] struct {
	key   K
	value V
	cost  int
}

// NewCache returns a cache for values that cost limit together.
func NewCache[K comparable, V any](limit int) *Cache[K, V] {
	return &Cache[K, V]{limit: limit, order: list.New(), items: map[K]*list.Element{}}
}

// Get returns a value that is kept.
func (c *Cache[K, V]) Get(key K) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.items[key]
	if !ok {
		return value, false
	}
	c.order.MoveToFront(el)
	return el.Value.(*cached[K, V]).value, true
}

// Put stores a value. One that costs more than the whole cache is not kept.
func (c *Cache[K, V]) Put(key K, value V, cost int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.items[key]; ok || cost > c.limit {
		return
	}
	c.items[key] = c.order.PushFront(&cached[K, V]{key, value, cost})
	c.cost += cost
	for c.cost > c.limit {
		last := c.order.Remove(c.order.Back()).(*cached[K, V])
		delete(c.items, last.key)
		c.cost -= last.cost
	}
}

// pageSize is what one read of metadata fetches: folders lie scattered, and each needs little. Metadata that is read on
// and on, as a table of files is, comes in runs of pages.
const (
	pageSize = 8 << 10
	runPages = 16
)

// pageBudget bounds the bytes of metadata kept.
const pageBudget = 8 << 20

// Pager reads in aligned pages, which it keeps. Metadata goes through it, file data does not.
type Pager struct {
	r     io.ReaderAt
	size  int64
	pages *Cache[int64, []byte]
	at    Error
}

// NewPager returns a Pager over size bytes of r; its errors name the format.
func NewPager(r io.ReaderAt, size int64, format string) *Pager {
	return &Pager{r: r, size: size, pages: NewCache[int64, []byte](pageBudget), at: Error{Format: format, Structure: "metadata"}}
}

// ReadAt implements [io.ReaderAt].
func (p *Pager) ReadAt(b []byte, off int64) (int, error) {
	n := 0
	for n < len(b) {
		at := off + int64(n)
		if at < 0 || at >= p.size {
			return n, io.EOF
		}
		page, err := p.page(at / pageSize)
		if err != nil {
			return n, err
		}
		n += copy(b[n:], page[at%pageSize:])
	}
	return n, nil
}

// page returns a page, reading it if it is not kept, and more behind it when the one before it is: who reads one after the
// other will want them.
func (p *Pager) page(index int64) ([]byte, error) {
	if page, ok := p.pages.Get(index); ok {
		return page, nil
	}
	at := p.at
	at.Offset = index * pageSize
	run := int64(1)
	if _, goesOn := p.pages.Get(index - 1); goesOn {
		run = runPages
	}
	all := make([]byte, min(run*pageSize, p.size-at.Offset))
	if err := ReadFull(p.r, all, at.Offset, at); err != nil {
		return nil, err
	}
	first := all[:min(pageSize, len(all)):min(pageSize, len(all))]
	for page := range slices.Chunk(all, pageSize) {
		p.pages.Put(index, page, len(page))
		index++
	}
	return first, nil
}
