//go:build windows

package winhost

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"

	"berth"
	"golang.org/x/sys/windows"
)

// cimLibrary are the two calls of cimfs.dll that attaching needs; Windows 11 24H2 and Server 2025 have them, Server 2022
// from update 2031 on.
type cimLibrary struct{ mount, dismount *windows.LazyProc }

func cimfs() cimLibrary {
	dll := windows.NewLazySystemDLL("cimfs.dll")
	return cimLibrary{dll.NewProc("CimMountImage"), dll.NewProc("CimDismountImage")}
}

// attachCIM mounts a CIM image and returns the GUID of its volume.
func attachCIM(path string) (string, error) {
	if err := companions(path); err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	lib := cimfs()
	if err := lib.mount.Find(); err != nil {
		e := berth.Errorf(berth.Unavailable, "this Windows cannot attach CIM images: %w", err)
		e.Code = codeNotSupported
		return "", e
	}
	id := CIMVolume(path, info.ModTime())
	if volumeThere(id) {
		return id, nil
	}
	dir, err := windows.UTF16PtrFromString(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	name, err := windows.UTF16PtrFromString(filepath.Base(path))
	if err != nil {
		return "", err
	}
	guid, err := windows.GUIDFromString("{" + id + "}")
	if err != nil {
		return "", err
	}
	r, _, _ := lib.mount.Call(uintptr(unsafe.Pointer(dir)), uintptr(unsafe.Pointer(name)), 0, uintptr(unsafe.Pointer(&guid)))
	if int32(r) < 0 {
		return "", syscall.Errno(uint32(r))
	}
	return id, nil
}

// companions looks for the files that a CIM image consists of beside the .cim itself: its objects and its regions.
func companions(path string) error {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return err
	}
	objects, regions := false, false
	for _, e := range entries {
		name := strings.ToLower(e.Name())
		objects, regions = objects || strings.HasPrefix(name, "objectid_"), regions || strings.HasPrefix(name, "region_")
	}
	if objects && regions {
		return nil
	}
	e := berth.Errorf(berth.NotFound, "%s is not whole: beside it there must be files objectid_* and region_*", path).With("copy all files of the image")
	e.Code = codeNoSuchFile
	return e
}

func detachCIM(volume string) error {
	guid, err := windows.GUIDFromString("{" + volume + "}")
	if err != nil {
		return err
	}
	lib := cimfs()
	if err := lib.dismount.Find(); err != nil {
		return err
	}
	if r, _, _ := lib.dismount.Call(uintptr(unsafe.Pointer(&guid))); int32(r) < 0 {
		return syscall.Errno(uint32(r))
	}
	return nil
}
