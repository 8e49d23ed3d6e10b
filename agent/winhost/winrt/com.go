//go:build windows

package winrt

import (
	"fmt"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Error is a failure as Windows gave it.
type Error struct {
	Call string // what was asked for
	Code uint32 // HRESULT
	Text string // in the system's words, or the deployment engine's
	// Activity names the operation in the event logs; empty when there was none.
	Activity string
}

// Error says what failed, in the words of the system.
func (e *Error) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("%s: HRESULT 0x%08X", e.Call, e.Code)
	}
	return e.Call + ": " + e.Text
}

// failed makes an Error of an HRESULT; S_OK and other successes give nil.
func failed(call string, r uintptr) error {
	code := uint32(r)
	if int32(code) >= 0 {
		return nil
	}
	return &Error{Call: call, Code: code, Text: words(code)}
}

// words is the system's text for an HRESULT; empty when it has none.
func words(code uint32) string {
	const flags = windows.FORMAT_MESSAGE_FROM_SYSTEM | windows.FORMAT_MESSAGE_IGNORE_INSERTS
	var buf [512]uint16
	n, err := windows.FormatMessage(flags, 0, code, 0, buf[:], nil)
	if err != nil {
		return ""
	}
	for n > 0 && (buf[n-1] == '\r' || buf[n-1] == '\n' || buf[n-1] == ' ') {
		n--
	}
	return windows.UTF16ToString(buf[:n])
}

// procedures are the functions of the runtime's library.
type procedures struct {
	activate, factory, createString, deleteString, readString, keepMTA *windows.LazyProc
}

func load() (*procedures, error) {
	combase := windows.NewLazySystemDLL("combase.dll")
	p := &procedures{activate: combase.NewProc("RoActivateInstance"), factory: combase.NewProc("RoGetActivationFactory"),
		createString: combase.NewProc("WindowsCreateString"), deleteString: combase.NewProc("WindowsDeleteString"),
		readString: combase.NewProc("WindowsGetStringRawBuffer"), keepMTA: combase.NewProc("CoIncrementMTAUsage")}
	for _, f := range []*windows.LazyProc{p.activate, p.factory, p.createString, p.deleteString, p.readString, p.keepMTA} {
		if err := f.Find(); err != nil {
			return nil, &Error{Call: f.Name, Code: 0x80040154, Text: err.Error()} // REGDB_E_CLASSNOTREG: no such thing on this Windows
		}
	}
	return p, nil
}

// Slots of IUnknown, which every interface begins with.
const (
	slotQueryInterface = 0
	slotRelease        = 2
)

// object is a reference to an interface of a COM object.
type object struct{ table *[64]uintptr }

// call calls the method in the slot with its arguments behind the object itself. Pointers among them must be converted to
// numbers in the list of arguments itself: then what they point to stays where it is until the call returns.
//
//go:uintptrescapes
func (o *object) call(name string, slot int, args ...uintptr) error {
	all := make([]uintptr, 0, len(args)+1)
	all = append(append(all, uintptr(unsafe.Pointer(o))), args...)
	r, _, _ := syscall.SyscallN(o.table[slot], all...)
	runtime.KeepAlive(o)
	return failed(name, r)
}

// as asks the object for another interface.
func (o *object) as(name, iid string) (*object, error) {
	var out *object
	id := guid(iid)
	err := o.call("QueryInterface("+name+")", slotQueryInterface, uintptr(unsafe.Pointer(&id)), uintptr(unsafe.Pointer(&out)))
	return out, err
}

// release gives the reference back; a nil object is none.
func (o *object) release() {
	if o != nil {
		_, _, _ = syscall.SyscallN(o.table[slotRelease], uintptr(unsafe.Pointer(o)))
	}
}

// get calls a property that gives an object.
func (o *object) get(name string, slot int) (*object, error) {
	var out *object
	err := o.call(name, slot, uintptr(unsafe.Pointer(&out)))
	return out, err
}

// number calls a property that gives a 32-bit value.
func (o *object) number(name string, slot int) (uint32, error) {
	var n uint32
	err := o.call(name, slot, uintptr(unsafe.Pointer(&n)))
	return n, err
}

// truth calls a property that gives a boolean, which is one byte.
func (o *object) truth(name string, slot int) (bool, error) {
	var b uint8
	err := o.call(name, slot, uintptr(unsafe.Pointer(&b)))
	return b != 0, err
}

// guid reads the id of an interface, which is one of our constants.
func guid(s string) windows.GUID {
	g, err := windows.GUIDFromString("{" + s + "}")
	if err != nil {
		panic("winrt: " + s + " is no interface id")
	}
	return g
}

// hstring is a string of the runtime.
type hstring uintptr

func (p *procedures) newString(s string) (hstring, error) {
	text, err := windows.UTF16FromString(s)
	if err != nil {
		return 0, err
	}
	var h hstring
	r, _, _ := p.createString.Call(uintptr(unsafe.Pointer(&text[0])), uintptr(len(text)-1), uintptr(unsafe.Pointer(&h)))
	return h, failed("WindowsCreateString", r)
}

func (p *procedures) free(h hstring) {
	if h != 0 {
		_, _, _ = p.deleteString.Call(uintptr(h))
	}
}

// text calls a property that gives a string.
func (p *procedures) text(o *object, name string, slot int) (string, error) {
	var h hstring
	if err := o.call(name, slot, uintptr(unsafe.Pointer(&h))); err != nil {
		return "", err
	}
	defer p.free(h)
	var n uint32
	var at *uint16
	// The pointer is read as a pointer, not as a number, so that vet can follow it.
	r, _, _ := p.readString.Call(uintptr(h), uintptr(unsafe.Pointer(&n)))
	*(*uintptr)(unsafe.Pointer(&at)) = r
	if at == nil || n == 0 {
		return "", nil
	}
	return windows.UTF16ToString(unsafe.Slice(at, n)), nil
}
