package fat

import (
	"encoding/binary"
	"fmt"
	"io"

	"berth/disk/block"
)

// windowSize is how much of the FAT one read fetches. All of a FAT12 fits into the first window, and entries of the
// others do not straddle two.
const windowSize = 64 << 10

// Bounds of what is kept in memory between calls.
const (
	windowBudget = 4 << 20 // bytes of FAT
	runBudget    = 1 << 18 // runs of chains
)

// table follows cluster chains.
type table struct {
	r       io.ReaderAt
	geo     *geometry
	windows *block.Cache[int64, []byte]
	chains  *block.Cache[chainKey, []block.Run]
}

type chainKey struct {
	first, need uint32
}

func newTable(r io.ReaderAt, geo *geometry) *table {
	return &table{r, geo, block.NewCache[int64, []byte](windowBudget), block.NewCache[chainKey, []block.Run](runBudget)}
}

// chain answers the runs of the chain that starts at first, up to need clusters; what a longer chain has behind them
// was allocated and not used. need 0 asks for all up to limit clusters, which is an error to exceed.
func (t *table) chain(first, need, limit uint32, p place) ([]block.Run, error) {
	key := chainKey{first, need}
	if runs, ok := t.chains.Get(key); ok {
		return runs, nil
	}
	runs, err := t.follow(first, need, limit, p)
	if err == nil {
		t.chains.Put(key, runs, len(runs)+1)
	}
	return runs, err
}

func (t *table) follow(first, need, limit uint32, p place) ([]block.Run, error) {
	var runs []block.Run
	win := window{table: t, index: -1}
	mark, steps, next := uint32(0), uint32(1), uint32(2)
	for c, n := first, uint32(1); ; n++ {
		if c < 2 || c >= t.geo.end() {
			return nil, p.corrupt("its chain leads to cluster %d; the volume has 2 to %d", c, t.geo.end()-1)
		}
		// Brent's way to see a cycle: compare with a mark that moves ahead at powers of two.
		if c == mark || n > limit {
			return nil, p.corrupt("its chain does not end after %d clusters", n)
		}
		if steps++; steps == next {
			mark, steps, next = c, 0, next*2
		}
		runs = block.AppendRun(runs, t.geo.offset(c), t.geo.cluster)
		if len(runs) > block.MaxRuns {
			return nil, p.unsupported("it is in more than %d pieces", block.MaxRuns)
		}
		if n == need {
			return runs, nil
		}
		v, err := win.entry(c)
		if err != nil {
			return nil, err
		}
		if v >= t.geo.endOfChain() {
			if need != 0 {
				return nil, p.corrupt("its chain ends after %d of %d clusters", n, need)
			}
			return runs, nil
		}
		c = v
	}
}

// endOfChain is the lowest FAT entry that ends a chain.
func (g *geometry) endOfChain() uint32 {
	switch g.kind {
	case FAT12:
		return 0xFF8
	case FAT16:
		return 0xFFF8
	default:
		return 0x0FFFFFF8
	}
}

// window is the part of the FAT that a walk stands in.
type window struct {
	table *table
	index int64
	data  []byte
}

// entry reads the FAT entry of a cluster, which must be one of the volume's.
func (w *window) entry(cluster uint32) (uint32, error) {
	kind := w.table.geo.kind
	at := int64(cluster) * int64(kind) / 8
	if index := at / windowSize; index != w.index {
		data, err := w.table.window(index)
		if err != nil {
			return 0, err
		}
		w.index, w.data = index, data
	}
	b := w.data[at%windowSize:]
	switch kind {
	case FAT12:
		v := binary.LittleEndian.Uint16(b)
		if cluster&1 != 0 {
			return uint32(v >> 4), nil
		}
		return uint32(v & 0xFFF), nil
	case FAT16:
		return uint32(binary.LittleEndian.Uint16(b)), nil
	default:
		// The upper four bits are reserved and may hold anything.
		return binary.LittleEndian.Uint32(b) & 0x0FFFFFFF, nil
	}
}

func (t *table) window(index int64) ([]byte, error) {
	if data, ok := t.windows.Get(index); ok {
		return data, nil
	}
	off := index * windowSize
	data := make([]byte, min(windowSize, t.geo.tableLen-off))
	p := place{fmt.Sprintf("FAT, window %d", index), t.geo.table + off}
	if err := readFull(t.r, data, t.geo.table+off, p); err != nil {
		return nil, err
	}
	t.windows.Put(index, data, len(data))
	return data, nil
}
