package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"berth"
	"berth/imaging"
	"berth/mount"
)

// mountOptions are the flags of `image mount`.
type mountOptions struct {
	volume   int
	noVerify bool
}

// mounted is what a mount serves.
type mounted struct {
	Image    string   `json:"image"`
	Folder   string   `json:"folder"`
	Volume   int      `json:"volume"`
	Verified bool     `json:"verified"` // false: --no-verify
	Packages []string `json:"packages"` // whose files are verified
}

func (p *program) imageMount() *cobra.Command {
	var o mountOptions
	c := p.command(verb{use: "mount IMAGE FOLDER", short: "Serve the files of an image as a read-only folder, verified",
		long: `Mount a volume of an image at FOLDER, which must be empty or is made. The files of the packages in it are held against
their block maps as they are read: what was altered after signing cannot be read (input/output error) and is told on standard
error. The signature of a package must hold; whether its signer is trusted is asked by "berth image verify". What belongs to
no signed package is served as it lies there, and said.

The files are there until Ctrl-C, or until somebody else unmounts them. This needs Linux with FUSE: /dev/fuse, and for
others than root the program fusermount3.`,
		example: "  berth image mount notes.vhdx /mnt/notes\n  berth image mount '\\\\files\\apps\\notes.vhdx' /mnt/notes --volume 1\n  berth image mount disk.raw /mnt/disk --no-verify",
		args:    cobra.ExactArgs(2), run: func(ctx context.Context, args []string) error {
			return p.mountImage(ctx, o, args[0], args[1])
		}})
	c.Flags().BoolVar(&o.noVerify, "no-verify", false, "serve all files as they lie there")
	volumeFlag(c, &o.volume)
	return c
}

func (p *program) mountImage(ctx context.Context, o mountOptions, image, folder string) error {
	files, err := p.openMount(ctx, o, image)
	if err != nil {
		return err
	}
	defer func() { _ = files.Close() }()
	folder, err = filepath.Abs(folder)
	if err != nil {
		return usage("folder", "", "%s: %w", folder, err)
	}
	made, err := mountPoint(folder)
	if err != nil {
		return err
	}
	if made {
		defer func() { _ = os.Remove(folder) }() // an empty folder again, unless it could not be unmounted
	}
	m, err := mount.Serve(folder, files.FS, mount.Options{Source: image, Log: slog.New(slog.DiscardHandler), Failed: p.unserved()})
	if err != nil {
		return berth.Errorf(berth.Unavailable, "%s cannot be mounted at %s: %w", image, folder, err).With(mountRemedy(err))
	}
	value := mounted{image, folder, files.Volume, !o.noVerify, files.Packages}
	if err := errors.Join(p.show(result{value: value, names: []string{folder}, table: func(t *table) { mountTable(t, value) }}), ctx.Err()); err != nil {
		return errors.Join(err, m.Unmount(true))
	}
	p.note("mounted; Ctrl-C unmounts")
	p.flush()
	return p.serve(ctx, m, folder)
}

func mountTable(t *table, m mounted) {
	t.fact("Image", m.Image)
	t.fact("Volume", fmt.Sprint(m.Volume))
	t.fact("Folder", m.Folder)
	for _, name := range m.Packages {
		t.fact("Verified", name)
	}
}

// openMount opens what will be served, and says what of it is not verified.
func (p *program) openMount(ctx context.Context, o mountOptions, image string) (*imaging.Guarded, error) {
	if o.noVerify {
		files, err := p.openFiles(ctx, image, o.volume)
		return &imaging.Guarded{Files: files, Packages: []string{}}, err
	}
	lib, err := p.Library()
	if err != nil {
		return nil, err
	}
	files, err := lib.OpenGuarded(ctx, image, o.volume)
	if err != nil {
		return nil, err
	}
	p.opened(ctx, files.Files, o.volume)
	for _, n := range files.Notes {
		p.note("note: %s", n)
	}
	return files, nil
}

// mountPoint makes the folder unless it is there and empty.
func mountPoint(folder string) (made bool, err error) {
	err = os.Mkdir(folder, 0o755)
	if !errors.Is(err, fs.ErrExist) {
		if err != nil {
			err = berth.Errorf(berth.Invalid, "the folder %s cannot be made: %w", folder, reason(err)).On("folder").With("make the folder above it, or name another")
		}
		return err == nil, err
	}
	list, err := os.ReadDir(folder)
	if err != nil {
		return false, berth.Errorf(berth.Invalid, "%s is no folder to mount at: %w", folder, reason(err)).On("folder").
			With("name an empty folder; after a crash of a mount, `fusermount3 -u` lets go of it")
	}
	if len(list) > 0 {
		return false, berth.Errorf(berth.Conflict, "the folder %s is not empty", folder).On("folder").With("name an empty folder, or one that is not there yet")
	}
	return false, nil
}

func mountRemedy(err error) string {
	if errors.Is(err, errors.ErrUnsupported) {
		return "attach the image with the system's own means (Windows: Mount-DiskImage), or use `berth image extract`"
	}
	return "check that /dev/fuse is there and may be used, and for others than root that fusermount3 is installed; or use `berth image extract`"
}

// unserved tells of files that could not be served, each once: programs ask again and again.
func (p *program) unserved() func(name string, off int64, err error) {
	told := newOnce(1000)
	return func(name string, off int64, err error) {
		line := plain(fmt.Sprintf("%s: byte %d cannot be served: %v", name, off, reason(err)))
		if told.first(line) {
			fmt.Fprintln(p.Err, "berth: "+line)
		}
	}
}

// serve waits for the end of the mount. An interrupt is how it ends; then it goes also when programs still use it, who get
// errors from then on.
func (p *program) serve(ctx context.Context, m *mount.Mount, folder string) error {
	gone := make(chan struct{})
	go func() {
		m.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		p.note("unmounted")
		return nil
	case <-ctx.Done():
	}
	err := m.Unmount(false)
	if errors.Is(err, syscall.EBUSY) {
		p.note("programs still use %s: they get errors from now on", folder)
		err = m.Unmount(true)
	}
	if err != nil {
		return berth.Errorf(berth.Internal, "%s cannot be unmounted: %w", folder, err).With("unmount it with `umount -l " + folder + "`")
	}
	p.note("unmounted")
	return nil
}
