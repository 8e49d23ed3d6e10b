//go:build linux

package linuxhost

import (
	"errors"
	"io/fs"
	"syscall"

	"berth"
	"golang.org/x/sys/unix"
)

// Codes of Windows for the findings that both platforms have, so that a failure has one explanation (winerror.h).
const (
	codeAltered   = "0x80080207" // APPX_E_BLOCK_HASH_INVALID
	codeUnsigned  = "0x800B0100" // TRUST_E_NOSIGNATURE
	codeExpired   = "0x800B0101" // CERT_E_EXPIRED
	codeUntrusted = "0x800B0109" // CERT_E_UNTRUSTEDROOT
	codeManifest  = "0x80080204" // APPX_E_INVALID_MANIFEST
)

// coded makes an Error that says what could not be done and bears the errno's name as its code. An Error stays as it is.
func coded(err error, what string) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*berth.Error](err); ok {
		return e
	}
	e := berth.Errorf(berth.Internal, "%s: %w", what, err)
	if n, ok := errors.AsType[syscall.Errno](err); ok {
		e.Code = unix.ErrnoName(n)
	}
	if errors.Is(err, fs.ErrNotExist) {
		e.Kind = berth.NotFound
	}
	return e
}
