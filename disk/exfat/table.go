package exfat

import (
	"encoding/binary"

	"berth/disk/block"
)

// endOfChain is the FAT entry of a chain's last cluster (4.1.3).
const endOfChain = 0xFFFFFFFF

// chain answers the runs of the chain that starts at first, up to need clusters; what a longer one has behind them was
// allocated and not used. need 0 asks for all up to limit clusters, which is damage to exceed.
func (f *FS) chain(first, need, limit uint32, p place) ([]block.Run, error) {
	var runs []block.Run
	mark, steps, next := uint32(0), uint32(1), uint32(2)
	for c, n := first, uint32(1); ; n++ {
		if c < 2 || c >= f.geo.end() {
			return nil, p.corrupt("its chain leads to cluster %d; %s", c, f.geo.extent())
		}
		// Brent's way to see a cycle: compare with a mark that moves ahead at powers of two.
		if c == mark || n > limit {
			return nil, p.corrupt("its chain does not end after %d clusters", n)
		}
		if steps++; steps == next {
			mark, steps, next = c, 0, next*2
		}
		runs = block.AppendRun(runs, f.geo.offset(c), f.geo.cluster)
		if len(runs) > block.MaxRuns {
			return nil, p.unsupported("it is in more than %d pieces", block.MaxRuns)
		}
		if n == need {
			return runs, nil
		}
		var b [4]byte
		at := f.geo.table + 4*int64(c)
		if err := readFull(f.pager, b[:], at, place{"FAT", at}); err != nil {
			return nil, err
		}
		if c = binary.LittleEndian.Uint32(b[:]); c == endOfChain {
			if need != 0 {
				return nil, p.corrupt("its chain ends after %d of %d clusters", n, need)
			}
			return runs, nil
		}
	}
}

// stream makes the content of a file or directory (6.3, 7.6).
func (f *FS) stream(a allocation, p place) (*block.Extents, error) {
	s := &block.Extents{Reader: f.r, Size: a.length, Valid: a.valid, At: p.error()}
	if a.length == 0 {
		return s, nil
	}
	need := (a.length + f.geo.cluster - 1) / f.geo.cluster
	if need > int64(f.geo.clusters) {
		return nil, p.corrupt("%d bytes are more than there are: %s", a.length, f.geo.extent())
	}
	if !a.contiguous {
		var err error
		s.Runs, err = f.chain(a.first, uint32(need), f.geo.clusters, p)
		return s, err
	}
	if a.first < 2 || int64(a.first)+need > int64(f.geo.end()) {
		return nil, p.corrupt("clusters %d to %d; %s", a.first, int64(a.first)+need-1, f.geo.extent())
	}
	s.Runs = []block.Run{{Offset: f.geo.offset(a.first), Length: need * f.geo.cluster}}
	return s, nil
}
