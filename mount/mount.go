// Package mount serves an fs.FS as a read-only file system of the machine, through FUSE. Programs read files of an image as
// if they lay in a folder; what the fs.FS checks as it reads (a block against its hash) is checked before they see it.
//
// The content must not change while it is served: the kernel keeps what it was told for as long as it likes. The fs.FS is
// used by many goroutines at once, and its files best implement io.ReaderAt.
//
// Only Linux can do this; elsewhere Serve is errors.ErrUnsupported.
package mount

import (
	"log/slog"
)

// Options say what a mount is called and who hears of its troubles.
type Options struct {
	Source string       // what the table of mounts names as its origin
	Log    *slog.Logger // what FUSE itself has to say, at level debug; may be nil

	// MostRead bounds one read of the kernel, in bytes; 0: 1 MiB. A mount holds a buffer of that size for as long as it is
	// served, so a process with many mounts wants it small.
	MostRead int

	// Failed is told when a file cannot be served, of the offset at which reading it failed, and why. The program that
	// reads gets EIO. It is called by many goroutines at once. It may be nil.
	Failed func(name string, off int64, err error)
}

func (o Options) logger() *slog.Logger {
	if o.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Log
}

func (o Options) failed(name string, off int64, err error) {
	if o.Failed != nil {
		o.Failed(name, off, err)
	}
}
