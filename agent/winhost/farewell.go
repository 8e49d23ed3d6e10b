//go:build windows

package winhost

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/windows"
)

// EndClass is the class of the hidden window to which Windows tells that a session ends.
const EndClass = "BerthSessionWorker"

// Messages and parameters of winuser.h and winbase.h.
const (
	wmQueryEndSession = 0x11
	wmEndSession      = 0x16
	lastToEnd         = 0x100 // SetProcessShutdownParameters: the last of the programs that are no part of Windows
	noRetry           = 1     // SHUTDOWN_NORETRY: nobody is asked about a worker that takes long
)

// windowClass is WNDCLASSEXW of winuser.h.
type windowClass struct {
	size, style                        uint32
	procedure                          uintptr
	classExtra, windowExtra            int32
	instance, icon, cursor, background uintptr
	menu, name                         *uint16
	smallIcon                          uintptr
}

// message is MSG of winuser.h.
type message struct {
	window  uintptr
	message uint32
	_       uint32
	wparam  uintptr
	lparam  uintptr
	time    uint32
	x, y    int32
	_       uint32
}

// endWindow is a window of no size that hears of the session's end. It must be a top-level one: others are not told.
type endWindow struct {
	user32 *windows.LazyDLL
	ends   func()
}

// watchEnd calls ends once the session in which this process runs is really ended: not when Windows asks whether it may.
// By then all other programs of the user have ended, and those of packages too; the user's profile is still there. The
// session ends when the function returns, or after some seconds in any case. A sign-out is never held up, and nobody asked.
func watchEnd(session uint32, ends func()) error {
	w := &endWindow{user32: windows.NewLazySystemDLL("user32.dll"), ends: ends}
	if err := w.user32.Load(); err != nil {
		return err
	}
	opened := make(chan error)
	go w.run(fmt.Sprintf("session %d", session), opened)
	return <-opened
}

// run opens the window and serves it; a window belongs to one thread for as long as it lives.
func (w *endWindow) run(title string, opened chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := w.open(title)
	opened <- err
	if err != nil {
		return
	}
	var m message
	get, dispatch := w.user32.NewProc("GetMessageW"), w.user32.NewProc("DispatchMessageW")
	for {
		r, _, _ := get.Call(uintptr(unsafe.Pointer(&m)), 0, 0, 0)
		if int32(r) <= 0 {
			return
		}
		_, _, _ = dispatch.Call(uintptr(unsafe.Pointer(&m)))
	}
}

func (w *endWindow) open(title string) error {
	_, _, _ = windows.NewLazySystemDLL("kernel32.dll").NewProc("SetProcessShutdownParameters").Call(lastToEnd, noRetry) // else it only ends earlier
	class, err := windows.UTF16PtrFromString(EndClass)
	if err != nil {
		return err
	}
	name, err := windows.UTF16PtrFromString(title)
	if err != nil {
		return err
	}
	c := windowClass{procedure: windows.NewCallback(w.hear), name: class}
	c.size = uint32(unsafe.Sizeof(c))
	if r, _, err := w.user32.NewProc("RegisterClassExW").Call(uintptr(unsafe.Pointer(&c))); r == 0 {
		return fmt.Errorf("RegisterClassEx: %w", err)
	}
	r, _, err := w.user32.NewProc("CreateWindowExW").Call(0, uintptr(unsafe.Pointer(class)), uintptr(unsafe.Pointer(name)), 0, 0, 0, 0, 0, 0, 0, 0, 0)
	if r == 0 {
		return fmt.Errorf("CreateWindowEx: %w", err)
	}
	return nil
}

// hear is the window's procedure.
func (w *endWindow) hear(window, msg, wparam, lparam uintptr) uintptr {
	switch uint32(msg) {
	case wmQueryEndSession:
		return 1 // it may end
	case wmEndSession:
		if wparam != 0 {
			w.ends()
		}
		return 0
	}
	r, _, _ := w.user32.NewProc("DefWindowProcW").Call(window, msg, wparam, lparam)
	return r
}
