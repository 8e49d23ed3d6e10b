package ntfs

import (
	"cmp"
	"math"
	"slices"
)

// hole is the logical cluster number of clusters that are not stored.
const hole = -1

// run maps count clusters of a stream, from virtual cluster vcn on, to the volume's clusters from lcn on, or to a hole.
type run struct {
	vcn, lcn, count int64
}

func (r run) end() int64 { return r.vcn + r.count }

// appendRuns decodes the mapping pairs of one attribute (ATTRIBUTE_RECORD_HEADER, Nonresident, MappingPairs) behind
// those of the parts before it. Neighbours on the volume are joined, so that one run is one read.
func appendRuns(runs []run, a *attribute, g geometry) ([]run, error) {
	vcn, lcn := a.lowVCN, int64(0)
	if n := len(runs); n > 0 && runs[n-1].end() != vcn || n == 0 && vcn != 0 {
		return nil, a.corrupt("the part maps clusters from %d, which do not follow the part before", vcn)
	}
	for b := a.pairs; ; {
		if len(b) == 0 {
			return nil, a.corrupt("the mapping pairs have no end")
		}
		if b[0] == 0 {
			break
		}
		nCount, nDelta := int(b[0]&15), int(b[0]>>4)
		if nCount == 0 || nCount > 8 || nDelta > 8 || 1+nCount+nDelta > len(b) {
			return nil, a.corrupt("mapping pair header %#02x", b[0])
		}
		r := run{vcn: vcn, lcn: hole, count: signed(b[1 : 1+nCount])}
		if nDelta > 0 {
			lcn += signed(b[1+nCount : 1+nCount+nDelta])
			r.lcn = lcn
		}
		if err := a.checkRun(r, g); err != nil {
			return nil, err
		}
		runs = join(runs, r)
		vcn, b = r.end(), b[1+nCount+nDelta:]
	}
	if vcn != a.highVCN+1 {
		return nil, a.corrupt("the mapping pairs end at cluster %d, HighestVcn says %d", vcn, a.highVCN)
	}
	return runs, nil
}

// checkRun keeps every run inside the volume and every byte position inside an int64.
func (a *attribute) checkRun(r run, g geometry) error {
	if r.count <= 0 || r.vcn > math.MaxInt64/g.cluster-r.count {
		return a.corrupt("a run of %d clusters", r.count)
	}
	if r.lcn != hole && (r.lcn < 0 || r.count > g.clusters || r.lcn > g.clusters-r.count) {
		return a.corrupt("clusters %d+%d lie outside the volume's %d", r.lcn, r.count, g.clusters)
	}
	return nil
}

func join(runs []run, r run) []run {
	if n := len(runs); n > 0 {
		last := &runs[n-1]
		if last.lcn == hole && r.lcn == hole || last.lcn != hole && r.lcn == last.lcn+last.count {
			last.count += r.count
			return runs
		}
	}
	return append(runs, r)
}

// signed reads a little-endian two's complement number of 1 to 8 bytes.
func signed(b []byte) int64 {
	v := int64(int8(b[len(b)-1]))
	for i := len(b) - 2; i >= 0; i-- {
		v = v<<8 | int64(b[i])
	}
	return v
}

// overlaps reports whether two runs use the same cluster of the volume, which no sound stream does.
func overlaps(runs []run) bool {
	sorted := slices.Clone(runs)
	slices.SortFunc(sorted, func(a, b run) int { return cmp.Compare(a.lcn, b.lcn) })
	for i := 1; i < len(sorted); i++ {
		if prev := sorted[i-1]; prev.lcn != hole && sorted[i].lcn < prev.lcn+prev.count {
			return true
		}
	}
	return false
}
