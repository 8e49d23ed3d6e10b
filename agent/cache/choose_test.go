package cache

import (
	"slices"
	"strings"
	"testing"
	"time"

	"berth/imaging"
)

func TestChoose(t *testing.T) {
	at := func(n int) time.Time { return time.Unix(int64(n), 0) }
	for name, tt := range map[string]struct {
		most    int64
		all     []candidate
		keep    string // ids in order
		evict   string
		leftOut string
	}{
		"nothing":  {},
		"no bound": {0, []candidate{{id: "a", size: 1 << 60}, {id: "b", size: 1 << 60, order: 1}}, "a b", "", ""},
		"what does not fit is left out, what fits after it is not": {100, []candidate{
			{id: "a", size: 60}, {id: "b", size: 50, order: 1}, {id: "c", size: 40, order: 2}}, "a c", "", "b"},
		"least recently needed goes first": {100, []candidate{
			{id: "old", size: 60, there: true, complete: true, needed: at(1)}, {id: "new", size: 60, needed: at(2)}}, "new", "old", "old"},
		"attached stays, over the bound too": {50, []candidate{
			{id: "old", size: 60, there: true, complete: true, attached: true, needed: at(1)}, {id: "new", size: 60, needed: at(2)}}, "old", "", "new"},
		"none is thrown away for one needed no more": {100, []candidate{
			{id: "a", size: 60, needed: at(1)}, {id: "b", size: 60, there: true, complete: true, needed: at(1), order: 5}}, "b", "", "a"},
		"one begun before one not begun": {100, []candidate{
			{id: "a", size: 60, needed: at(1)}, {id: "b", size: 60, there: true, needed: at(1), order: 5}}, "b", "", "a"},
		"sizes that overflow": {100, []candidate{
			{id: "a", size: 1<<63 - 1, there: true, attached: true}, {id: "b", size: 1<<63 - 1, order: 1}}, "a", "", "b"},
	} {
		t.Run(name, func(t *testing.T) {
			c := choose(tt.all, tt.most)
			for what, pair := range map[string][2]string{"keep": {strings.Join(c.keep, " "), tt.keep},
				"evict": {strings.Join(c.evict, " "), tt.evict}, "left out": {strings.Join(c.leftOut, " "), tt.leftOut}} {
				if pair[0] != pair[1] {
					t.Errorf("%s %q, want %q", what, pair[0], pair[1])
				}
			}
		})
	}
}

func TestLayout(t *testing.T) {
	for name, tt := range map[string]struct {
		paths []string
		want  []string // nil: refused
	}{
		"one":                  {[]string{`\\fs\images\a\one.vhdx`}, []string{"one.vhdx"}},
		"local":                {[]string{"/images/one.vhdx"}, []string{"one.vhdx"}},
		"drive":                {[]string{`D:\images\one.vhdx`}, []string{"one.vhdx"}},
		"url":                  {[]string{"https://files.example/a/one.vhdx?sig=x"}, []string{"one.vhdx"}},
		"companions":           {[]string{`\\fs\i\x.cim`, `\\fs\i\region_1`, `\\fs\i\objectid_1`}, []string{"x.cim", "region_1", "objectid_1"}},
		"parent above":         {[]string{`\\fs\i\a\b\c.vhdx`, `\\fs\i\base\p.vhdx`}, []string{"a/b/c.vhdx", "base/p.vhdx"}},
		"long form":            {[]string{`\\?\UNC\fs\i\c.vhdx`}, []string{"c.vhdx"}},
		"other drive":          {[]string{`C:\a.vhdx`, `D:\b.vhdx`}, nil},
		"stream":               {[]string{`\\fs\i\a.vhdx`, `\\fs\i\a.vhdx:stream`}, nil},
		"climbs":               {[]string{`\\fs\i\a.vhdx`, `\\fs\i\..\..\b.vhdx`}, nil},
		"a name that is none":  {[]string{`\\fs\i\a.vhdx`, `\\fs\i\dot.`}, nil},
		"empty":                {[]string{""}, nil},
		"very far apart":       {[]string{"/a", strings.Repeat("/x", 40)}, nil},
		"same folder, no more": {[]string{"/i/a.vhdx", "/i/b.vhdx"}, []string{"a.vhdx", "b.vhdx"}},
	} {
		t.Run(name, func(t *testing.T) {
			var parts []imaging.Part
			for _, p := range tt.paths {
				parts = append(parts, imaging.Part{Path: p})
			}
			got, err := layout(parts)
			if (err != nil) != (tt.want == nil) || !slices.Equal(got, tt.want) {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
		})
	}
}
