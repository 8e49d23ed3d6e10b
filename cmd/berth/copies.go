package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"berth"
	"berth/agent/cache"
	"berth/imaging"
)

// copyOptions are the flags that say where this machine keeps copies of images, and how much of them. Whether it keeps any
// is the site's decision.
type copyOptions struct {
	folder string
	most   byteCount
	spread time.Duration
}

func (o *copyOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.folder, "cache-folder", "", "`FOLDER` for copies of images, where the site wants them; empty: cache, in the state folder")
	f.Var(&o.most, "cache-size", "`SIZE` that copies may take on this machine, as 50GB, whatever the site allows; none: as the site allows")
	f.DurationVar(&o.spread, "cache-spread", 0, "`TIME` over which hosts spread the beginning of copies and checks; 0: 2m")
}

func (o *platformOptions) copyFolder() string {
	return cmp.Or(o.copies.folder, filepath.Join(o.state, "cache"))
}

// newCopies opens the folder of copies.
func (o *platformOptions) newCopies() (*cache.Cache, error) {
	return cache.New(cache.Options{Folder: o.copyFolder(), Most: int64(o.copies.most), Log: o.log, Spread: o.copies.spread,
		Images: cache.NewImages(o.opener, imaging.New(o.opener, o.log))})
}

// byteCount is a flag with a number of bytes.
type byteCount int64

// String implements pflag.Value.
func (b *byteCount) String() string {
	if *b == 0 {
		return "none"
	}
	return fmt.Sprint(int64(*b))
}

// Set implements pflag.Value.
func (b *byteCount) Set(text string) error {
	n, err := berth.ParseBytes(text)
	*b = byteCount(n)
	return err
}

// Type implements pflag.Value.
func (b *byteCount) Type() string { return "size" }
