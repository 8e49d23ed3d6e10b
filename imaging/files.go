package imaging

import (
	"context"
	"fmt"
	"io/fs"

	"berth"
	"berth/share"
)

// Files are the files of one volume of an image, as they lie there: nothing is verified. For files that are held against
// their signature see Attach.
type Files struct {
	fs.FS
	Volume int // index of the volume
	file   *share.File
}

// Close lets go of the image.
func (f *Files) Close() error { return f.file.Close() }

// Open opens the files of a volume, named by its index as Inspect shows it; below 0 it is the first that can be read.
func (l *Library) Open(ctx context.Context, imagePath string, volume int) (*Files, error) {
	img, err := l.open(ctx, imagePath)
	if err != nil {
		return nil, err
	}
	f, err := img.files(imagePath, volume)
	if err != nil {
		_ = img.file.Close()
	}
	return f, err
}

func (o *opened) files(imagePath string, volume int) (*Files, error) {
	err := error(berth.Errorf(berth.NotFound, "image %s has no volume %d", imagePath, volume).On("volume").
		With("see `berth image inspect` for the volumes in it"))
	if volume < 0 {
		err = berth.Errorf(berth.Invalid, "image %s has no volume", imagePath).On("imagePath")
	}
	for _, v := range o.Volumes {
		if volume >= 0 && v.Index != volume {
			continue
		}
		fsys, verr := v.Open()
		if verr == nil {
			return &Files{FS: fsys, Volume: v.Index, file: o.file}, nil
		}
		err = explain(fmt.Sprintf("%s, volume %d (%s)", imagePath, v.Index, v.FileSystem), verr)
	}
	return nil, err
}
