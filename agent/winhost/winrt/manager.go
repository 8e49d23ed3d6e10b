//go:build windows

package winrt

import (
	"context"
	"errors"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// pollEvery is between two looks at an operation that runs. Staging takes some hundred milliseconds at the least.
const pollEvery = 50 * time.Millisecond

// Manager is the package manager of Windows. It may be used by several goroutines at once, on any thread.
type Manager struct {
	p       *procedures
	one     *object // IPackageManager
	two     *object // IPackageManager2
	factory *object // IUriRuntimeClassFactory
}

// NewManager connects to the package manager. The error of a Windows without one has the code REGDB_E_CLASSNOTREG.
func NewManager() (*Manager, error) {
	p, err := load()
	if err != nil {
		return nil, err
	}
	// One reference keeps the multi-threaded apartment for the whole process, so that goroutines need not hold threads.
	var cookie uintptr
	if r, _, _ := p.keepMTA.Call(uintptr(unsafe.Pointer(&cookie))); int32(r) < 0 {
		return nil, failed("CoIncrementMTAUsage", r)
	}
	m := &Manager{p: p}
	base, err := m.activate("Windows.Management.Deployment.PackageManager")
	if err != nil {
		return nil, err
	}
	defer base.release()
	if m.one, err = base.as("IPackageManager", iidPackageManager); err != nil {
		return nil, err
	}
	if m.two, err = base.as("IPackageManager2", iidPackageManager2); err != nil {
		return nil, err
	}
	m.factory, err = m.activationFactory("Windows.Foundation.Uri", iidURIFactory)
	return m, err
}

// Close gives back what the Manager holds.
func (m *Manager) Close() {
	m.one.release()
	m.two.release()
	m.factory.release()
}

func (m *Manager) activate(class string) (*object, error) {
	h, err := m.p.newString(class)
	if err != nil {
		return nil, err
	}
	defer m.p.free(h)
	var o *object
	r, _, _ := m.p.activate.Call(uintptr(h), uintptr(unsafe.Pointer(&o)))
	return o, failed("RoActivateInstance("+class+")", r)
}

func (m *Manager) activationFactory(class, iid string) (*object, error) {
	h, err := m.p.newString(class)
	if err != nil {
		return nil, err
	}
	defer m.p.free(h)
	var o *object
	id := guid(iid)
	r, _, _ := m.p.factory.Call(uintptr(h), uintptr(unsafe.Pointer(&id)), uintptr(unsafe.Pointer(&o)))
	return o, failed("RoGetActivationFactory("+class+")", r)
}

// StageInPlace makes a package known to the machine from the folder that the address names, without copying it.
func (m *Manager) StageInPlace(ctx context.Context, address string) error {
	return m.stage(ctx, address, deploymentStageInPlace)
}

// Stage makes a package known to the machine from a package file, as frameworks come: its files are copied.
func (m *Manager) Stage(ctx context.Context, address string) error {
	return m.stage(ctx, address, deploymentNone)
}

func (m *Manager) stage(ctx context.Context, address string, options uintptr) error {
	uri, err := m.uri(address)
	if err != nil {
		return err
	}
	defer uri.release()
	const call = "StagePackageWithOptionsAsync"
	return m.run(ctx, call, func(out **object) error {
		return m.two.call(call, slotStageWithOptions, uintptr(unsafe.Pointer(uri)), 0, options, uintptr(unsafe.Pointer(out)))
	})
}

// Register makes the applications of a staged package available to the user as whom this process runs.
func (m *Manager) Register(ctx context.Context, fullName string) error {
	const call = "RegisterPackageByFullNameAsync"
	return m.named(ctx, call, fullName, func(name hstring, out **object) error {
		return m.two.call(call, slotRegisterByFullName, uintptr(name), 0, deploymentNone, uintptr(unsafe.Pointer(out)))
	})
}

// Deregister takes a registration from the user as whom this process runs. Roaming data of the package stays.
func (m *Manager) Deregister(ctx context.Context, fullName string) error {
	return m.remove(ctx, fullName, removalPreserveRoamable)
}

// Destage takes a package from every user and from the machine.
func (m *Manager) Destage(ctx context.Context, fullName string) error {
	return m.remove(ctx, fullName, removalForAllUsers)
}

func (m *Manager) remove(ctx context.Context, fullName string, options uintptr) error {
	const call = "RemovePackageWithOptionsAsync"
	return m.named(ctx, call, fullName, func(name hstring, out **object) error {
		return m.two.call(call, slotRemoveWithOptions, uintptr(name), options, uintptr(unsafe.Pointer(out)))
	})
}

// Cleanup takes a package from a user whose profile is gone.
func (m *Manager) Cleanup(ctx context.Context, fullName, sid string) error {
	const call = "CleanupPackageForUserAsync"
	user, err := m.p.newString(sid)
	if err != nil {
		return err
	}
	defer m.p.free(user)
	return m.named(ctx, call, fullName, func(name hstring, out **object) error {
		return m.one.call(call, slotCleanup, uintptr(name), uintptr(user), uintptr(unsafe.Pointer(out)))
	})
}

func (m *Manager) uri(address string) (*object, error) {
	h, err := m.p.newString(address)
	if err != nil {
		return nil, err
	}
	defer m.p.free(h)
	var o *object
	err = m.factory.call("CreateUri("+address+")", slotCreateURI, uintptr(h), uintptr(unsafe.Pointer(&o)))
	return o, err
}

// named starts an operation on a package by its full name, and waits for it.
func (m *Manager) named(ctx context.Context, call, fullName string, start func(name hstring, out **object) error) error {
	h, err := m.p.newString(fullName)
	if err != nil {
		return err
	}
	defer m.p.free(h)
	return m.run(ctx, call, func(out **object) error { return start(h, out) })
}

// run starts an operation of the deployment engine and waits for its end.
func (m *Manager) run(ctx context.Context, call string, start func(out **object) error) error {
	var op *object
	if err := start(&op); err != nil {
		return err
	}
	defer op.release()
	info, err := op.as("IAsyncInfo", iidAsyncInfo)
	if err != nil {
		return err
	}
	defer info.release()
	status, err := await(ctx, info)
	if err != nil {
		return err
	}
	err = m.result(call, op, info, status)
	_ = info.call("Close", slotAsyncClose) // it has ended: nothing is lost when closing fails
	return err
}

// await polls an operation until it has ended. When the context ends first, the operation is cancelled and waited for a
// little, so that what follows does not meet it still running.
func await(ctx context.Context, info *object) (uint32, error) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	done, patience := ctx.Done(), (<-chan time.Time)(nil)
	for {
		status, err := info.number("get_Status", slotAsyncStatus)
		if err != nil || status != asyncStarted {
			return status, err
		}
		select {
		case <-tick.C:
		case <-done:
			_ = info.call("Cancel", slotAsyncCancel) // what cannot be cancelled is left to end
			done, patience = nil, time.After(5*time.Second)
		case <-patience:
			return 0, context.Cause(ctx)
		}
	}
}

// result reads how an operation ended. The engine gives a result with a text for failures too; where it does not, the
// operation's own code stands.
func (m *Manager) result(call string, op, info *object, status uint32) error {
	res, err := op.get(call+": GetResults", slotGetResults)
	if res != nil {
		defer res.release()
		if err := m.verdict(call, res); err != nil {
			return err
		}
	}
	if status == asyncCompleted {
		return err
	}
	code, codeErr := info.number("get_ErrorCode", slotAsyncErrorCode)
	if codeErr != nil {
		return errors.Join(err, codeErr)
	}
	if int32(code) >= 0 {
		code = 0x80073CF8 // ERROR_INSTALL_CANCEL: it neither completed nor failed
	}
	return failed(call, uintptr(code))
}

// verdict reads a DeploymentResult; one without an error code is a success.
func (m *Manager) verdict(call string, res *object) error {
	code, err := res.number("get_ExtendedErrorCode", slotExtendedCode)
	if err != nil || int32(code) >= 0 {
		return err
	}
	e := &Error{Call: call, Code: code}
	if e.Text, err = m.p.text(res, "get_ErrorText", slotErrorText); err != nil || e.Text == "" {
		e.Text = words(code)
	}
	var activity windows.GUID
	if err := res.call("get_ActivityId", slotActivityID, uintptr(unsafe.Pointer(&activity))); err == nil {
		e.Activity = activity.String()
	}
	return e
}
