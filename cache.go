package berth

import (
	"fmt"
	"strconv"
	"strings"
)

// CacheSettings say that hosts keep copies of the images that their plans name, and how.
type CacheSettings struct {
	Enabled        bool  `json:"enabled"`
	MaxBytes       int64 `json:"maxBytes,omitempty"`       // that the copies may take on each host; 0: no bound but the host's own
	BytesPerSecond int64 `json:"bytesPerSecond,omitempty"` // that a host reads from the share for copies; 0: no bound
}

// Check refuses bounds that mean nothing, or that no copy fits into.
func (c CacheSettings) Check() error {
	const least = 1 << 20
	switch {
	case c.MaxBytes != 0 && c.MaxBytes < least:
		return Errorf(Invalid, "copies cannot take %d bytes", c.MaxBytes).On("cache.maxBytes").With(fmt.Sprintf("allow at least %d bytes, or 0 for no bound", least))
	case c.BytesPerSecond != 0 && c.BytesPerSecond < 1<<10:
		return Errorf(Invalid, "images cannot be copied with %d bytes a second", c.BytesPerSecond).On("cache.bytesPerSecond").
			With("allow at least 1024 bytes a second, or 0 for no bound")
	}
	return nil
}

// VerifyDepth says how much of a package a host compares with its block map. Manifest, block map and signature, and every
// file that can run, are checked in any case before a package is staged.
type VerifyDepth string

// The depths of verification.
const (
	VerifyCode VerifyDepth = "code" // no more than that
	VerifyAll  VerifyDepth = "all"  // the other files too, in the background, once for each content
)

// Check refuses depths that are none.
func (d VerifyDepth) Check() error {
	if d == "" || d == VerifyCode || d == VerifyAll {
		return nil
	}
	return Errorf(Invalid, "packages cannot be verified to the depth %q", string(d)).On("verify").With("use code or all")
}

// CacheFacts are how the copies of images stand on a host.
type CacheFacts struct {
	Folder string        `json:"folder"`
	Most   int64         `json:"most,omitempty"` // bytes that copies may take, 0: no bound
	Bytes  int64         `json:"bytes"`          // of the complete copies
	Images []CachedImage `json:"images"`
}

// images of facts that may be nil.
func (c *CacheFacts) images() []CachedImage {
	if c == nil {
		return nil
	}
	return c.Images
}

// Stands words how the copy stands.
func (i CachedImage) Stands() string {
	var s string
	switch {
	case i.Complete && i.Attached:
		s = "complete, attached"
	case i.Complete:
		s = "complete"
	case i.LeftOut != "":
		s = "none: " + i.LeftOut
	default:
		s = fmt.Sprintf("%d %%", i.Percent)
	}
	if !i.Wanted {
		s += "; not in the plan any more"
	}
	if i.Replaced {
		s += "; the share has another file now"
	}
	if i.Error != "" {
		s += "; " + i.Error
	}
	return s
}

// ParseBytes reads a number of bytes as people write it: 500, 64KiB, 1.5 GB, 20G. K, M, G and T are powers of 1024, with or
// without "iB" or "B"; "none" and 0 are no bound.
func ParseBytes(text string) (int64, error) {
	s := strings.TrimSpace(strings.ToLower(text))
	if s == "none" {
		return 0, nil
	}
	number := strings.TrimRight(s, "kmgtib ")
	unit := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(s[len(number):]), "b"), "i")
	power := strings.Index("kmgt", unit) + 1
	if unit == "" {
		power = 0
	}
	v, err := strconv.ParseFloat(number, 64)
	n := v * float64(int64(1)<<(10*power))
	if err != nil || len(unit) > 1 || unit != "" && power == 0 || v < 0 || !(n < 1<<62) { // NaN too
		return 0, Errorf(Invalid, "%q is no number of bytes", text).With("write for example 20GB, 512MB, 1000000 or none")
	}
	return int64(n), nil
}

// CachedImage is how the copy of one image stands.
type CachedImage struct {
	Path     string `json:"path"` // of the image on the share
	Size     int64  `json:"size"` // bytes of all its files, 0 while not known
	Percent  int    `json:"percent"`
	Complete bool   `json:"complete"`           // and every package of the plan in it was checked
	Wanted   bool   `json:"wanted"`             // the plan names it
	Attached bool   `json:"attached,omitempty"` // a package is attached from a copy
	Replaced bool   `json:"replaced,omitempty"` // the share has another file than the copy is made of
	LeftOut  string `json:"leftOut,omitempty"`  // why there is no copy: it does not fit
	Error    string `json:"error,omitempty"`    // why copying does not go on
}
