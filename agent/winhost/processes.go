//go:build windows

package winhost

import (
	"errors"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"

	"berth"
)

// running is a process that runs from a package.
type running struct {
	pid     uint32
	session uint32
	program string
}

// mostProcesses bounds a walk through the list of processes.
const mostProcesses = 200_000

// uses finds the processes of a package: those that Windows says belong to it, and those whose program lies on its volume
// or behind its link in WindowsApps, such as a helper that was started without the package's identity.
func (h *Host) uses(rec record) ([]running, error) {
	snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return nil, coded(err, "cannot list the processes of this machine")
	}
	defer func() { _ = windows.CloseHandle(snapshot) }() // only read
	var list []running
	entry := windows.ProcessEntry32{Size: uint32(unsafe.Sizeof(windows.ProcessEntry32{}))}
	err = windows.Process32First(snapshot, &entry)
	for n := 0; err == nil && n < mostProcesses; n++ {
		if program, ok := belongs(entry.ProcessID, rec); ok {
			r := running{pid: entry.ProcessID, program: program}
			_ = windows.ProcessIdToSessionId(entry.ProcessID, &r.session) // unknown: of no session
			list = append(list, r)
		}
		err = windows.Process32Next(snapshot, &entry)
	}
	if errors.Is(err, windows.ERROR_NO_MORE_FILES) {
		err = nil
	}
	return list, coded(err, "cannot list the processes of this machine")
}

// belongs tells whether a process is of the package. One that cannot be opened, or that has ended, is not.
func belongs(pid uint32, rec record) (program string, is bool) {
	p, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return "", false
	}
	defer func() { _ = windows.CloseHandle(p) }() // only asked
	var buf [1024]uint16
	n := uint32(len(buf))
	if err := windows.QueryFullProcessImageName(p, 0, &buf[0], &n); err == nil {
		program = windows.UTF16ToString(buf[:n])
	}
	if berth.Fold(packageOf(p)) == berth.Fold(rec.Package.FullName) {
		return program, true
	}
	return program, liesIn(program, rec)
}

// liesIn tells whether a program's path is on the volume of a package's folder, or behind its link in WindowsApps.
func liesIn(program string, rec record) bool {
	path := strings.ToLower(program)
	if rec.Volume != "" && strings.HasPrefix(path, strings.ToLower(below(volumeRoot(rec.Volume), rec.Package.RelativePath))+`\`) {
		return true
	}
	return strings.Contains(path, `\windowsapps\`+strings.ToLower(rec.Package.FullName)+`\`)
}

// packageOf asks Windows which package a process belongs to; empty: none.
func packageOf(p windows.Handle) string {
	proc := windows.NewLazySystemDLL("kernel32.dll").NewProc("GetPackageFullName")
	if proc.Find() != nil {
		return ""
	}
	var buf [256]uint16
	n := uint32(len(buf))
	if r, _, _ := proc.Call(uintptr(p), uintptr(unsafe.Pointer(&n)), uintptr(unsafe.Pointer(&buf[0]))); r != 0 {
		return "" // APPMODEL_ERROR_NO_PACKAGE for ordinary programs
	}
	return windows.UTF16ToString(buf[:])
}
