package berth_test

import (
	"testing"

	"berth"
)

func TestParseBytes(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "none": 0, "500": 500, "64KiB": 64 << 10, "1.5 GB": 3 << 29, "20G": 20 << 30, " 2tb ": 2 << 40, "7 B": 7, "12mib": 12 << 20,
		"": -1, "GB": -1, "-1": -1, "1XB": -1, "1 GBB": -1, "1e30": -1, "NaN": -1, "inf": -1, "1KM": -1, "1.5.2G": -1, "99999999T": -1,
	} {
		got, err := berth.ParseBytes(text)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
		if err != nil && berth.ErrorKind(err) != berth.Invalid {
			t.Errorf("%q: kind %v", text, berth.ErrorKind(err))
		}
	}
}

func TestCacheSettings(t *testing.T) {
	for _, tt := range []struct {
		c  berth.CacheSettings
		ok bool
	}{
		{berth.CacheSettings{}, true},
		{berth.CacheSettings{Enabled: true, MaxBytes: 1 << 20, BytesPerSecond: 1024}, true},
		{berth.CacheSettings{MaxBytes: 1<<20 - 1}, false},
		{berth.CacheSettings{MaxBytes: -1}, false},
		{berth.CacheSettings{BytesPerSecond: 1023}, false},
		{berth.CacheSettings{BytesPerSecond: -5}, false},
	} {
		if err := tt.c.Check(); (err == nil) != tt.ok {
			t.Errorf("%+v: %v", tt.c, err)
		}
	}
	for d, ok := range map[berth.VerifyDepth]bool{"": true, "code": true, "all": true, "All": false, "none": false} {
		if err := d.Check(); (err == nil) != ok {
			t.Errorf("%q: %v", d, err)
		}
	}
}

func TestCachedImageStands(t *testing.T) {
	for want, i := range map[string]berth.CachedImage{
		"complete, attached":                 {Wanted: true, Complete: true, Attached: true},
		"40 %":                               {Wanted: true, Percent: 40},
		"40 %; cut off":                      {Wanted: true, Percent: 40, Error: "cut off"},
		"none: too large":                    {Wanted: true, LeftOut: "too large"},
		"complete; not in the plan any more": {Complete: true},
		"complete; the share has another file now": {Wanted: true, Complete: true, Replaced: true},
	} {
		if got := i.Stands(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
