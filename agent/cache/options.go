package cache

import (
	"cmp"
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"berth"
	"berth/imaging"
	"berth/share"
)

// Images is what a Cache asks of images; NewImages makes one of a library.
type Images interface {
	// Open opens a file of the share.
	Open(ctx context.Context, path string) (*share.File, error)
	// Parts names the files that an image consists of, itself first.
	Parts(ctx context.Context, imagePath string) ([]imaging.Part, error)
	// Check reads all of a package in the copy of an image and compares it with its block map and with the plan.
	Check(ctx context.Context, file string, p berth.PlannedPackage) error
}

// NewImages are the images that an opener opens and a library over it reads.
func NewImages(o imaging.Opener, l *imaging.Library) Images { return images{o, l} }

type images struct {
	imaging.Opener
	library *imaging.Library
}

func (i images) Parts(ctx context.Context, imagePath string) ([]imaging.Part, error) {
	return i.library.Parts(ctx, imagePath)
}

func (i images) Check(ctx context.Context, file string, p berth.PlannedPackage) error {
	p.ImagePath = file
	return i.library.CheckPackage(ctx, p, imaging.CheckOptions{All: true})
}

// Options say how a Cache works. Folder, Images and Log must be set; zero values take their defaults.
type Options struct {
	Folder string // made when it is not there; what is in it and not of a Cache is left alone
	Most   int64  // bytes that copies may take on this host, whatever the site allows; 0: as the site allows
	Images Images
	Log    *slog.Logger

	Spread   time.Duration // over how long the hosts of a site spread the beginning of a copy; 2 min
	Recheck  time.Duration // how often a complete copy is compared with the share; 30 min
	Patience time.Duration // how long the share may take for one read; 1 min
	Retry    time.Duration // before a failed copy is tried again, doubled each time up to 32 times; 30 s
	Reserve  int64         // bytes of the volume that are left free; 1 GiB
	Chunk    int64         // bytes of a chunk; 1 MiB

	Free   func(folder string) (int64, error) // bytes free on the volume; the system's answer
	Now    func() time.Time                   // time.Now
	Random func() float64                     // from 0 to 1, for jitter
}

func (o Options) withDefaults() Options {
	o.Spread = cmp.Or(o.Spread, 2*time.Minute)
	o.Recheck = cmp.Or(o.Recheck, 30*time.Minute)
	o.Patience = cmp.Or(o.Patience, time.Minute)
	o.Retry = cmp.Or(o.Retry, 30*time.Second)
	o.Reserve = cmp.Or(o.Reserve, 1<<30)
	o.Chunk = cmp.Or(o.Chunk, 1<<20)
	if o.Free == nil {
		o.Free = freeOn
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	return o
}
