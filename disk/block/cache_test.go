package block

import "testing"

func TestCacheIsBounded(t *testing.T) {
	c := NewCache[int, string](10)
	for i := range 100 {
		c.Put(i, "value", 3)
		c.Get(0) // keeps 0 the most recent but one
	}
	if c.cost > 10 || len(c.items) != 3 || c.order.Len() != 3 {
		t.Errorf("cost %d, %d items", c.cost, len(c.items))
	}
	if _, ok := c.Get(0); !ok {
		t.Error("what is used often went")
	}
	c.Put(1000, "too large", 11)
	if _, ok := c.Get(1000); ok || len(c.items) != 3 {
		t.Error("a value larger than the cache was kept")
	}
}
