package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"berth/disk/vhd"
	"berth/disk/vhdx"
)

// File is one of the files that an image consists of.
type File struct {
	io.ReaderAt
	Size int64
	Name string // its path, as messages name it
}

// Options say how to open an image that is more than one file.
type Options struct {
	// OpenBeside opens another file of an image: the parent of a differencing one, the data of a CIM. path is relative
	// to the folder of the file from, with slashes, and may climb with "..". An error that wraps fs.ErrNotExist lets
	// other places be tried. Who opens the image closes the files. Without it an image must be one file.
	OpenBeside func(from, path string) (File, error)
}

// maxParents ends chains of differencing images.
const maxParents = 32

// container is what the packages of the formats return.
type container interface {
	io.ReaderAt
	Size() int64
	Subformat() string
	SectorSize() int
	ID() string
}

// findParent gives the differencing image d its parent, which may be one itself. names are the files opened on the way.
func (o Options) findParent(d container, child File, names []string) ([]string, error) {
	paths := parentPaths(d)
	if paths == nil {
		return names, nil
	}
	format := VHD
	if _, ok := d.(*vhdx.Disk); ok {
		format = VHDX
	}
	fail := func(kind error, text string, args ...any) error {
		return &Error{Format: format, Structure: "parent locator", Offset: -1, Err: fmt.Errorf("%w: "+text, append([]any{kind}, args...)...)}
	}
	if len(names) == maxParents {
		return names, fail(ErrUnsupported, "more than %d images stand on each other", maxParents)
	}
	if o.OpenBeside == nil {
		return names, fail(ErrNoParent, "a differencing image of %q, and no other file can be opened here", paths[0])
	}
	other := fail(ErrNoParent, "a differencing image, whose parent %q is not beside \"%s\"", paths[0], child.Name)
	for _, place := range places(paths) {
		f, err := o.OpenBeside(child.Name, place)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return names, fmt.Errorf("parent \"%s\": %w", place, err)
		}
		base, err := openFormat(format, f)
		if err != nil {
			return names, fmt.Errorf("parent \"%s\": %w", f.Name, err)
		}
		if err := join(d, base); err != nil {
			other = fmt.Errorf("%w: \"%s\": %w", ErrOtherParent, f.Name, err)
			continue
		}
		return o.findParent(base, f, append(names, f.Name))
	}
	return names, other
}

// parentPaths is nil for an image that is none's child.
func parentPaths(d container) []string {
	var paths []string
	switch d := d.(type) {
	case *vhd.Disk:
		if d.Parent() == nil {
			return nil
		}
		paths = d.Parent().Paths
	case *vhdx.Disk:
		if d.Parent() == nil {
			return nil
		}
		paths = d.Parent().Paths
	}
	if len(paths) == 0 {
		return []string{""} // it has a parent and does not say where
	}
	return paths
}

func openFormat(format string, f File) (container, error) {
	if format == VHD {
		return vhd.Open(f, f.Size)
	}
	return vhdx.Open(f, f.Size)
}

func join(d, base container) error {
	if d, ok := d.(*vhd.Disk); ok {
		return d.Join(base.(*vhd.Disk))
	}
	return d.(*vhdx.Disk).Join(base.(*vhdx.Disk))
}

// places are where a parent may be, as the child states it: a relative path first, then its name beside the child. An
// absolute path is of the machine that made the image, and a share in it would be any that the image's maker chose: of
// those the name alone counts.
func places(paths []string) []string {
	var out []string
	add := func(p string) {
		if p != "" && p != "." && p != ".." && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	for _, p := range paths {
		if p := strings.ReplaceAll(p, `\`, "/"); !strings.HasPrefix(p, "/") && !strings.Contains(p, ":") {
			for strings.HasPrefix(p, "./") {
				p = p[2:]
			}
			add(p)
		}
	}
	for _, p := range paths {
		add(p[strings.LastIndexAny(p, `\/`)+1:])
	}
	return out
}
