package disk

import (
	"fmt"
	"io"

	"berth/disk/cim"
	"berth/disk/part"
)

// openCIM opens a composite image: it has no disk, but is one volume. The files of its data lie beside it.
func (o Options) openCIM(f File) (*Image, error) {
	fsys, err := cim.Open(f, f.Size, func(name string) (io.ReaderAt, int64, error) {
		if o.OpenBeside == nil {
			return nil, 0, &Error{Format: CIM, Structure: "region set", Err: fmt.Errorf("%w: the image needs %s, and no other file can be opened here", ErrUnsupported, name)}
		}
		r, err := o.OpenBeside(f.Name, name)
		return r.ReaderAt, r.Size, err
	})
	if err != nil {
		return nil, err
	}
	major, minor := fsys.Version()
	v := &Volume{Size: f.Size, FileSystem: CimFS, r: f, open: func() (labelled, error) { return fsys, nil }}
	return &Image{Format: CIM, Subformat: fmt.Sprintf("%d.%d", major, minor), Size: f.Size, SectorSize: 512, Notes: []string{cim.Unverified},
		Unverified: true, PartitionTable: &part.Table{Scheme: part.None}, Volumes: []*Volume{v}, disk: f}, nil
}
