package share

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"

	"github.com/cloudsoda/go-smb2"

	"berth"
)

// readAt words what failed in a read.
func readAt(off int64) string { return fmt.Sprintf("read at byte %d", off) }

// errReplaced says that an open file is not the one at its path any more.
var errReplaced = errors.New("the file on the share was replaced while it was in use")

// codeUntrusted is CERT_E_UNTRUSTEDROOT (winerror.h).
const codeUntrusted = "0x800B0109"

// explain gives an error of the system or of an SMB server its kind, code and remedy. done is what could not be done:
// "opened", "read at byte 12".
func explain(path, done string, err error) error {
	e := &berth.Error{Kind: berth.Unavailable, Field: "imagePath", Err: err, Code: code(err)}
	switch {
	case errors.Is(err, errFolder):
		e.Kind, e.Message, e.Remedy = berth.Invalid, path+" is a folder, not an image file", "name the .vhd or .vhdx file itself"
	case errors.Is(err, errNotRegular):
		e.Kind, e.Message, e.Remedy = berth.Invalid, path+" is a device or a pipe, not an image file", "name the .vhd or .vhdx file itself"
	case errors.Is(err, errNoRanges), errors.Is(err, errNoValidator), errors.Is(err, errEncoded), errors.Is(err, errAnswer):
		e.Kind, e.Message = berth.Invalid, fmt.Sprintf("image %s cannot be %s: %v", path, done, err)
		e.Remedy = "put the file on a server that gives parts of it as it is, with an ETag: most do for plain files; or on a file share"
	case errors.As(err, new(*tls.CertificateVerificationError)):
		e.Kind, e.Code, e.Message = berth.Invalid, codeUntrusted, fmt.Sprintf("image %s cannot be %s: the server's certificate is not trusted: %v", path, done, errors.Unwrap(err))
		e.Remedy = "have this system trust the authority that certified the server, and name the server as its certificate does"
	case errors.Is(err, context.Canceled):
		e.Message = fmt.Sprintf("image %s was not %s: the operation was stopped", path, done)
	default:
		e.Kind, e.Message, e.Remedy = describe(path, done, e.Code, err)
	}
	return e
}

// describe words the failures that have a code.
func describe(path, done, code string, err error) (kind berth.Kind, message, remedy string) {
	switch code {
	case "ENOENT", "ENOTDIR", "0x80070002", "0x80070003":
		return berth.NotFound, fmt.Sprintf("image %s is not there%s", path, reason(err)), "check the path and that the file is on the share"
	case "EACCES", "0x80070005":
		return berth.Invalid, fmt.Sprintf("image %s may not be %s%s", path, done, reason(err)),
			"give the computer account (or the configured login) read permission on the share and on the file"
	case "ECONNRESET", "EPIPE":
		return berth.Unavailable, fmt.Sprintf("image %s cannot be %s: the connection to the file server was lost", path, done),
			"check the network and that the file server is running, then try again"
	case "ETIMEDOUT":
		return berth.Unavailable, fmt.Sprintf("image %s cannot be %s: the file server did not answer in time", path, done),
			"check the network and the load of the file server, then try again"
	case "ESTALE":
		return berth.Unavailable, fmt.Sprintf("image %s cannot be %s: %v", path, done, err), "open the image again, or attach it again; never overwrite an image: give a new one a new name"
	}
	return berth.Unavailable, fmt.Sprintf("image %s cannot be %s%s", path, done, reason(err)), "check the network and the file server, then try again"
}

// step is what was being done when an error came, for steps before the file itself is asked for.
type step struct {
	doing string
	err   error
}

func (s *step) Error() string { return s.doing + ": " + s.err.Error() }
func (s *step) Unwrap() error { return s.err }

// reason words the cause without the path, which the message holds already, nor what the message says by itself.
func reason(err error) string {
	before := ""
	if s, ok := errors.AsType[*step](err); ok {
		before, err = ": "+s.doing, s.err
	}
	if answer, ok := errors.AsType[*smb2.ResponseError](err); ok {
		return before + ": " + statusText(answer.Code)
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), before == "" && errors.Is(err, fs.ErrPermission):
		return before
	case errors.Is(err, fs.ErrPermission):
		return before + ": the file server refuses this user"
	}
	return before + ": " + err.Error()
}

// code gives the code of an error as its platform names it: errno names, HRESULTs on Windows, and where an SMB server
// answered with a status that has no errno, that status.
func code(err error) string {
	var (
		answer *smb2.ResponseError
		n      syscall.Errno
		name   *net.DNSError
		lost   *smb2.TransportError
	)
	switch {
	case errors.As(err, &answer):
		return statusCode(answer.Code)
	case errors.As(err, &n):
		return errnoCode(n)
	case errors.As(err, &name):
		return "EAI_NONAME" // getaddrinfo(3)
	case errors.As(err, &lost): // it does not unwrap
		if c := code(lost.Err); c != "" {
			return c
		}
		return "ECONNRESET"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return "ETIMEDOUT"
	case errors.Is(err, errReplaced):
		return "ESTALE"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "ECONNRESET"
	case errors.Is(err, fs.ErrNotExist):
		return "ENOENT"
	case errors.Is(err, fs.ErrPermission):
		return "EACCES"
	case errors.Is(err, smb2.ErrRequestNotAccepted):
		return "0xC00000D0"
	}
	return ""
}

func isTimeout(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}
