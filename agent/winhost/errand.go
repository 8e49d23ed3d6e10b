//go:build windows

package winhost

import (
	"context"
	"fmt"
	"unsafe"

	"berth"
	"berth/agent"
	"golang.org/x/sys/windows"
)

var (
	_ agent.Expander      = (*Host)(nil)
	_ agent.SessionKeeper = (*Host)(nil)
)

// Expand implements agent.Expander. The image is opened with the rights of this machine and read, not attached.
func (h *Host) Expand(ctx context.Context, imagePath string) ([]berth.Package, error) {
	if h.options.Images == nil {
		return nil, berth.Errorf(berth.Precondition, "this host reads no images but those of its plan")
	}
	list, err := h.options.Images.Read(ctx, imagePath)
	return list, coded(err, "cannot open the image "+imagePath)
}

// LogOff implements agent.SessionKeeper: WTSLogoffSession of wtsapi32.h. It returns when the session has been told to end;
// that it has ended is seen.
func (h *Host) LogOff(_ context.Context, id string) error {
	return h.upon(id, "sign out", func(s wtsSession) error { return wtsCall("WTSLogoffSession", 0, uintptr(s.number), 0) })
}

// Disconnect implements agent.SessionKeeper: WTSDisconnectSession of wtsapi32.h.
func (h *Host) Disconnect(_ context.Context, id string) error {
	return h.upon(id, "disconnect", func(s wtsSession) error { return wtsCall("WTSDisconnectSession", 0, uintptr(s.number), 0) })
}

// messageStyle is MB_OK with MB_ICONINFORMATION and MB_SETFOREGROUND of winuser.h.
const messageStyle = 0x00010040

// Message implements agent.SessionKeeper: WTSSendMessageW of wtsapi32.h, which shows a window in the session. Nobody waits
// until the user has closed it.
func (h *Host) Message(_ context.Context, id, title, body string) error {
	return h.upon(id, "send a message to", func(s wtsSession) error {
		head, err := windows.UTF16FromString(title)
		if err != nil {
			return berth.Errorf(berth.Invalid, "the title holds a NUL character").On("title")
		}
		text, err := windows.UTF16FromString(body)
		if err != nil {
			return berth.Errorf(berth.Invalid, "the message holds a NUL character").On("body")
		}
		var response uint32
		// Lengths are in bytes, without the NUL.
		return wtsCall("WTSSendMessageW", 0, uintptr(s.number), uintptr(unsafe.Pointer(&head[0])), uintptr(2*(len(head)-1)),
			uintptr(unsafe.Pointer(&text[0])), uintptr(2*(len(text)-1)), messageStyle, 0, uintptr(unsafe.Pointer(&response)), 0)
	})
}

// upon does something in a session that runs. The id has the time of the logon in it, so that a session whose number
// was given out again is never hit.
func (h *Host) upon(id, what string, do func(wtsSession) error) error {
	s, runs, err := h.find(id)
	if err != nil {
		return err
	}
	if !runs {
		return berth.Errorf(berth.NotFound, "there is no session %s on this host any more", id).On("session")
	}
	return coded(do(s), fmt.Sprintf("cannot %s session %d of %s", what, s.number, s.user))
}

// wtsCall calls a function of wtsapi32.dll that returns whether it succeeded.
//
//go:uintptrescapes
func wtsCall(name string, args ...uintptr) error {
	proc := windows.NewLazySystemDLL("wtsapi32.dll").NewProc(name)
	if err := proc.Find(); err != nil {
		return err
	}
	if ok, _, err := proc.Call(args...); ok == 0 {
		return err
	}
	return nil
}
