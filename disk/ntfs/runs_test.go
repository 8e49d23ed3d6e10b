package ntfs

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"
)

var runGeometry = geometry{cluster: 4096, clusters: 1 << 20}

func TestSigned(t *testing.T) {
	for want, b := range map[int64][]byte{
		0: {0}, 127: {0x7F}, -1: {0xFF}, -128: {0x80}, 128: {0x80, 0}, 255: {0xFF, 0x00}, -2: {0xFE, 0xFF},
		math.MaxInt64: {255, 255, 255, 255, 255, 255, 255, 127}, math.MinInt64: {0, 0, 0, 0, 0, 0, 0, 128},
	} {
		if got := signed(b); got != want {
			t.Errorf("% x: %d, want %d", b, got, want)
		}
	}
}

func TestMappingPairs(t *testing.T) {
	for name, c := range map[string]struct {
		pairs []byte
		high  int64
		want  []run
	}{
		"empty":          {[]byte{0}, -1, nil},
		"one":            {[]byte{0x21, 0x10, 0x00, 0x01, 0}, 15, []run{{0, 256, 16}}},
		"backwards":      {[]byte{0x11, 2, 100, 0x11, 3, 0xF6, 0}, 4, []run{{0, 100, 2}, {2, 90, 3}}},
		"joined":         {[]byte{0x11, 2, 100, 0x11, 3, 2, 0}, 4, []run{{0, 100, 5}}},
		"hole":           {[]byte{0x11, 2, 100, 0x01, 5, 0x11, 1, 10, 0}, 7, []run{{0, 100, 2}, {2, hole, 5}, {7, 110, 1}}},
		"holes joined":   {[]byte{0x01, 5, 0x01, 6, 0}, 10, []run{{0, hole, 11}}},
		"wide":           {[]byte{0x38, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0}, 0, []run{{0, 65537, 1}}},
		"trailing bytes": {[]byte{0x11, 1, 1, 0, 0xFF, 0xFF}, 0, []run{{0, 1, 1}}},
	} {
		got, err := appendRuns(nil, &attribute{pairs: c.pairs, highVCN: c.high}, runGeometry)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for name, pairs := range map[string][]byte{
		"no end":         {0x11, 1, 1},
		"nothing":        {},
		"no count":       {0x10, 1, 0},
		"wide count":     {0x19, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0},
		"cut":            {0x44, 1, 1, 0},
		"negative count": {0x11, 0xFF, 1, 0},
		"outside":        {0x31, 1, 0xFF, 0xFF, 0x7F, 0},
		"overflow":       {0x08, 255, 255, 255, 255, 255, 255, 255, 127, 0},
		"short of high":  {0x11, 1, 1, 0},
	} {
		if _, err := appendRuns(nil, &attribute{pairs: pairs, highVCN: 9}, runGeometry); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOverlaps(t *testing.T) {
	for name, c := range map[string]struct {
		runs []run
		want bool
	}{
		"none":    {nil, false},
		"apart":   {[]run{{0, 10, 5}, {5, 0, 5}}, false},
		"touch":   {[]run{{0, 10, 5}, {5, 5, 5}}, false},
		"holes":   {[]run{{0, hole, 5}, {5, 1, 1}, {6, hole, 5}}, false},
		"same":    {[]run{{0, 10, 5}, {5, 10, 5}}, true},
		"partial": {[]run{{0, 10, 5}, {5, 6, 5}}, true},
	} {
		if got := overlaps(c.runs); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestFileTime(t *testing.T) {
	for v, want := range map[uint64]time.Time{
		0:                      time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC),
		116444736000000000:     time.Unix(0, 0),
		116444736000000000 + 1: time.Unix(0, 100),
		1 << 63:                {},
	} {
		if got := fileTime(le.AppendUint64(nil, v)); !got.Equal(want) {
			t.Errorf("%d: %v, want %v", v, got, want)
		}
	}
}
