//go:build windows

package winhost

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"github.com/Microsoft/go-winio/vhd"
	"golang.org/x/sys/windows"

	"berth"
)

// Waiting for a volume: Windows makes it some time after the disk is attached.
const (
	volumeEvery = 250 * time.Millisecond
	volumeLimit = 30 * time.Second
	folderLimit = 2 * time.Second // for the folder on a volume that is there
)

// attach attaches an image, or finds it attached, and returns the GUID of its volume that has the folder.
func attach(ctx context.Context, image, relative string) (string, error) {
	if err := reachable(image); err != nil {
		return "", err
	}
	if isCIM(image) {
		return attachCIM(image)
	}
	disk, err := attachDisk(image)
	if err != nil {
		return "", err
	}
	return volumeOf(ctx, disk, image, relative)
}

func isCIM(image string) bool { return strings.HasSuffix(strings.ToLower(image), ".cim") }

// reachable opens and closes the image as attaching would, because the virtual disk service mixes up what is wrong with
// the way to a file and what is wrong with the file.
func reachable(image string) error {
	f, err := os.Open(image)
	if err != nil {
		return err
	}
	return f.Close()
}

// openDisk opens an image for attaching. With version 2 of the parameters no access right may be asked for, and without
// ReadOnly a share that is read only refuses.
func openDisk(image string) (syscall.Handle, error) {
	p := vhd.OpenVirtualDiskParameters{Version: 2, Version2: vhd.OpenVersion2{ReadOnly: true}}
	return vhd.OpenVirtualDiskWithParameters(image, vhd.VirtualDiskAccessNone, vhd.OpenVirtualDiskFlagNone, &p)
}

// attachDisk attaches a virtual disk for longer than this process lives: programs run from it while an agent is replaced.
func attachDisk(image string) (disk uint32, err error) {
	h, err := openDisk(image)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, syscall.CloseHandle(h)) }()
	if path, err := vhd.GetVirtualDiskPhysicalPath(h); err == nil && path != "" {
		return diskNumber(path) // it was attached before, by an agent that died
	}
	const how = vhd.AttachVirtualDiskFlagReadOnly | vhd.AttachVirtualDiskFlagNoDriveLetter | vhd.AttachVirtualDiskFlagPermanentLifetime
	if err := vhd.AttachVirtualDisk(h, how, &vhd.AttachVirtualDiskParameters{Version: 1}); err != nil {
		return 0, err
	}
	path, err := vhd.GetVirtualDiskPhysicalPath(h)
	if err != nil {
		return 0, err
	}
	return diskNumber(path)
}

// diskNumber reads the N of \\.\PhysicalDriveN.
func diskNumber(path string) (uint32, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(strings.ToLower(path), `\\.\physicaldrive`), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is no physical drive", path)
	}
	return uint32(n), nil
}

func detachDisk(image string) error {
	h, err := openDisk(image)
	if err != nil {
		return err
	}
	err = vhd.DetachVirtualDisk(h)
	return errors.Join(err, syscall.CloseHandle(h))
}

// volumeOf waits until the disk has a volume with the folder on it.
func volumeOf(ctx context.Context, disk uint32, image, relative string) (string, error) {
	begin := time.Now()
	for {
		ids, err := volumesOn(disk)
		if err != nil {
			return "", err
		}
		for _, id := range ids {
			if _, err := os.Stat(below(volumeRoot(id), relative)); err == nil {
				return id, nil
			}
		}
		if len(ids) > 0 && time.Since(begin) > folderLimit { // it is there, and has not the folder
			e := berth.Errorf(berth.NotFound, "%s has no folder %s", image, relative).With("make the image again, or add the package again")
			e.Code = codeNoSuchFile
			return "", e
		}
		if time.Since(begin) > volumeLimit {
			e := berth.Errorf(berth.Unavailable, "Windows made no volume of %s, disk %d, in %s", image, disk, volumeLimit)
			e.Code = codeNoVolume
			return "", e
		}
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-time.After(volumeEvery):
		}
	}
}

// volumesOn lists the GUIDs of the volumes that lie on a disk.
func volumesOn(disk uint32) ([]string, error) {
	var name [64]uint16
	find, err := windows.FindFirstVolume(&name[0], uint32(len(name)))
	if err != nil {
		if errors.Is(err, windows.ERROR_NO_MORE_FILES) {
			return nil, nil
		}
		return nil, err
	}
	defer func() { _ = windows.FindVolumeClose(find) }() // a search is closed, nothing is lost
	var ids []string
	for {
		volume := windows.UTF16ToString(name[:])
		if on, err := diskOf(volume); err == nil && on == disk {
			ids = append(ids, strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(volume, `\\?\Volume{`), `}\`)))
		}
		if err := windows.FindNextVolume(find, &name[0], uint32(len(name))); err != nil {
			if errors.Is(err, windows.ERROR_NO_MORE_FILES) {
				return ids, nil
			}
			return ids, err
		}
	}
}

// diskExtents is VOLUME_DISK_EXTENTS of winioctl.h with room for one extent: a volume of an image lies on one disk.
type diskExtents struct {
	count  uint32
	_      uint32
	disk   uint32
	_      uint32
	start  int64
	length int64
}

const ioctlVolumeDiskExtents = 0x00560000 // IOCTL_VOLUME_GET_VOLUME_DISK_EXTENTS of winioctl.h

// diskOf tells on which disk a volume lies. The volume is opened without its final backslash: that would be its root folder.
func diskOf(volume string) (uint32, error) {
	path, err := windows.UTF16PtrFromString(strings.TrimSuffix(volume, `\`))
	if err != nil {
		return 0, err
	}
	h, err := windows.CreateFile(path, 0, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		return 0, err
	}
	defer func() { _ = windows.CloseHandle(h) }() // only asked
	var e diskExtents
	var n uint32
	err = windows.DeviceIoControl(h, ioctlVolumeDiskExtents, nil, 0, (*byte)(unsafe.Pointer(&e)), uint32(unsafe.Sizeof(e)), &n, nil)
	if err != nil {
		return 0, err
	}
	if e.count != 1 {
		return 0, fmt.Errorf("the volume lies on %d disks", e.count)
	}
	return e.disk, nil
}

// volumeThere tells whether a volume is attached, without reading from it.
func volumeThere(id string) bool {
	if id == "" {
		return false
	}
	path, err := windows.UTF16PtrFromString(volumeRoot(id))
	if err != nil {
		return false
	}
	_, err = windows.GetFileAttributes(path)
	return err == nil
}

// diskAttached tells whether an image is attached.
func diskAttached(image string) (bool, error) {
	h, err := openDisk(image)
	if err != nil {
		return false, err
	}
	path, err := vhd.GetVirtualDiskPhysicalPath(h)
	if err := syscall.CloseHandle(h); err != nil {
		return false, err
	}
	return err == nil && path != "", nil
}
