package agent

import (
	"testing"

	"berth"
)

func TestSteady(t *testing.T) {
	disk := func(free int64) *berth.Disk { return &berth.Disk{Path: "/var", Free: free, Total: 1600} }
	tests := map[string]struct {
		before, now *berth.Disk
		want        int64 // -1: nil
	}{
		"first":             {nil, disk(800), 800},
		"gone":              {disk(800), nil, -1},
		"a little less":     {disk(800), disk(750), 800},
		"a little more":     {disk(800), disk(850), 800},
		"less":              {disk(800), disk(749), 749},
		"more":              {disk(800), disk(851), 851},
		"much of a full":    {disk(16), disk(14), 14},
		"full":              {disk(0), disk(1), 1},
		"another volume":    {&berth.Disk{Path: "/old", Free: 800, Total: 1600}, disk(801), 801},
		"the volume's size": {&berth.Disk{Path: "/var", Free: 800, Total: 900}, disk(801), 801},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := int64(-1)
			if d := steady(tt.before, tt.now); d != nil {
				got = d.Free
			}
			if got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}
