//go:build windows

package winhost

import (
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"unicode/utf16"

	"golang.org/x/sys/windows"
)

// Codes of MS-FSCC 2.3.81 (FSCTL_SET_REPARSE_POINT) and 2.1.2.1 (the tag of mount points).
const (
	fsctlSetReparsePoint = 0x000900A4
	reparseMountPoint    = 0xA0000003
)

// makeJunction makes a folder that leads to another one, on a volume that needs no drive letter.
func makeJunction(path, target string) (err error) {
	if err := os.Mkdir(path, 0o700); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return err
	}
	h, err := windows.CreateFile(name, windows.GENERIC_WRITE, 0, nil, windows.OPEN_EXISTING,
		windows.FILE_FLAG_BACKUP_SEMANTICS|windows.FILE_FLAG_OPEN_REPARSE_POINT, 0)
	if err != nil {
		return err
	}
	data := mountPoint(target)
	var n uint32
	err = windows.DeviceIoControl(h, fsctlSetReparsePoint, &data[0], uint32(len(data)), nil, 0, &n, nil)
	return errors.Join(err, windows.CloseHandle(h))
}

// mountPoint is the Mount Point Reparse Data Buffer of MS-FSCC 2.1.2.5 for a path that begins with \\?\.
func mountPoint(target string) []byte {
	substitute := utf16.Encode([]rune(`\??\` + strings.TrimPrefix(target, `\\?\`)))
	print := utf16.Encode([]rune(target))
	names := append(append(append(append([]uint16{}, substitute...), 0), print...), 0)
	b := binary.LittleEndian.AppendUint32(nil, reparseMountPoint)
	b = binary.LittleEndian.AppendUint16(b, uint16(8+2*len(names))) // ReparseDataLength: what follows Reserved
	for _, v := range []int{0 /* Reserved */, 0, 2 * len(substitute), 2 * (len(substitute) + 1), 2 * len(print)} {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	for _, u := range names {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}
