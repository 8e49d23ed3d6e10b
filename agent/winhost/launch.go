//go:build windows

package winhost

import (
	"errors"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// child is a process that runs as the user of a session, with pipes to it.
type child struct {
	process  windows.Handle
	in       *os.File // its standard input
	out, log *os.File // its standard output and error
}

// userDesktop is where a user's own programs run. A process that opens a window anywhere else does not hear of the end of
// the session; os/exec cannot say it.
const userDesktop = `winsta0\default`

// launch starts a program as the owner of the token, without a window that anybody sees.
func launch(token windows.Token, program string, args ...string) (c *child, err error) {
	var env *uint16
	if err := windows.CreateEnvironmentBlock(&env, token, false); err != nil {
		return nil, err
	}
	defer func() { _ = windows.DestroyEnvironmentBlock(env) }() // the process has its own
	var ends [3]*os.File                                        // of the process
	c = &child{}
	defer func() {
		for _, f := range ends {
			if f != nil {
				_ = f.Close() // the process has its own
			}
		}
		if err != nil {
			c.close()
		}
	}()
	if ends[0], c.in, err = os.Pipe(); err == nil {
		if c.out, ends[1], err = os.Pipe(); err == nil {
			c.log, ends[2], err = os.Pipe()
		}
	}
	if err != nil {
		return nil, err
	}
	return c, c.start(token, env, windows.ComposeCommandLine(append([]string{program}, args...)), ends)
}

// start creates the process, which inherits the three ends of pipes and nothing else.
func (c *child) start(token windows.Token, env *uint16, line string, ends [3]*os.File) error {
	var handles [3]windows.Handle
	for i, f := range ends {
		handles[i] = windows.Handle(f.Fd())
		if err := windows.SetHandleInformation(handles[i], windows.HANDLE_FLAG_INHERIT, windows.HANDLE_FLAG_INHERIT); err != nil {
			return err
		}
	}
	list, err := windows.NewProcThreadAttributeList(1)
	if err != nil {
		return err
	}
	defer list.Delete()
	if err := list.Update(windows.PROC_THREAD_ATTRIBUTE_HANDLE_LIST, unsafe.Pointer(&handles[0]), unsafe.Sizeof(handles)); err != nil {
		return err
	}
	var texts [3]*uint16
	for i, s := range []string{line, systemFolder(), userDesktop} {
		if texts[i], err = windows.UTF16PtrFromString(s); err != nil {
			return err
		}
	}
	si := windows.StartupInfoEx{ProcThreadAttributeList: list.List()}
	si.Cb, si.Flags, si.Desktop = uint32(unsafe.Sizeof(si)), windows.STARTF_USESTDHANDLES, texts[2]
	si.StdInput, si.StdOutput, si.StdErr = handles[0], handles[1], handles[2]
	const flags = windows.CREATE_UNICODE_ENVIRONMENT | windows.EXTENDED_STARTUPINFO_PRESENT | windows.CREATE_NO_WINDOW
	var pi windows.ProcessInformation
	if err := windows.CreateProcessAsUser(token, nil, texts[0], nil, nil, true, flags, env, texts[1], &si.StartupInfo, &pi); err != nil {
		return err
	}
	c.process = pi.Process
	return windows.CloseHandle(pi.Thread)
}

// wait waits for the end of the process, or for some time, and tells whether it has ended, and how.
func (c *child) wait(d time.Duration) (code uint32, ended bool) {
	event, err := windows.WaitForSingleObject(c.process, uint32(d.Milliseconds()))
	if err != nil || event != windows.WAIT_OBJECT_0 {
		return 0, false
	}
	err = windows.GetExitCodeProcess(c.process, &code)
	return code, err == nil
}

func (c *child) kill() {
	_ = windows.TerminateProcess(c.process, 1) // it has ended already
}

func (c *child) close() {
	for _, f := range []*os.File{c.in, c.out, c.log} {
		if f != nil {
			_ = f.Close() // nothing more is said
		}
	}
	if c.process != 0 {
		_ = windows.CloseHandle(c.process) // it goes on, or has ended
	}
}

// systemFolder is a folder that every user may enter: the agent's own is not one.
func systemFolder() string {
	dir, err := windows.GetSystemDirectory()
	if err != nil {
		return `C:\`
	}
	return dir
}

var errWorkerGone = errors.New("the worker in the session ended")
