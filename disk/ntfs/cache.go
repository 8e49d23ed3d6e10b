package ntfs

import (
	"container/list"
	"io"
	"sync"
)

// lru keeps the most recently used values up to a total cost. It is safe for concurrent use.
type lru[K comparable, V any] struct {
	mu    sync.Mutex
	limit int
	cost  int
	order *list.List // front is the most recent
	items map[K]*list.Element
}

type lruItem[K comparable, V any] struct {
	key   K
	value V
	cost  int
}

func newLRU[K comparable, V any](limit int) *lru[K, V] {
	return &lru[K, V]{limit: limit, order: list.New(), items: map[K]*list.Element{}}
}

func (c *lru[K, V]) get(key K) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.items[key]
	if !ok {
		return value, false
	}
	c.order.MoveToFront(el)
	return el.Value.(*lruItem[K, V]).value, true
}

// put stores a value. One that costs more than the whole cache is not kept.
func (c *lru[K, V]) put(key K, value V, cost int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.items[key]; ok || cost > c.limit {
		return
	}
	c.items[key] = c.order.PushFront(&lruItem[K, V]{key, value, cost})
	c.cost += cost
	for c.cost > c.limit {
		last := c.order.Remove(c.order.Back()).(*lruItem[K, V])
		delete(c.items, last.key)
		c.cost -= last.cost
	}
}

// pageSize is what one read of metadata fetches: over a network the round trip costs more than the bytes, and MFT
// records and index blocks that are used together lie together.
const pageSize = 64 << 10

// pageBudget bounds the bytes of metadata kept.
const pageBudget = 8 << 20

// pager is the volume, read in aligned pages that are kept. Metadata goes through it, file data does not.
type pager struct {
	r     io.ReaderAt
	size  int64
	pages *lru[int64, []byte]
}

func newPager(r io.ReaderAt, size int64) *pager {
	return &pager{r: r, size: size, pages: newLRU[int64, []byte](pageBudget)}
}

// ReadAt implements [io.ReaderAt].
func (p *pager) ReadAt(b []byte, off int64) (int, error) {
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

func (p *pager) page(index int64) ([]byte, error) {
	if page, ok := p.pages.get(index); ok {
		return page, nil
	}
	off := index * pageSize
	page := make([]byte, min(pageSize, p.size-off))
	if err := readFull(p.r, page, off, place{"metadata", off}); err != nil {
		return nil, err
	}
	p.pages.put(index, page, len(page))
	return page, nil
}
