package winhost

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"berth"
)

// Codes for what Berth itself finds (winerror.h).
const (
	codeAltered      = "0x80080207" // APPX_E_BLOCK_HASH_INVALID
	codeContent      = "0x80080206" // APPX_E_CORRUPT_CONTENT
	codeManifest     = "0x80080204" // APPX_E_INVALID_MANIFEST
	codeUnsigned     = "0x800B0100" // TRUST_E_NOSIGNATURE
	codeUntrusted    = "0x800B0109" // CERT_E_UNTRUSTEDROOT
	codeInUse        = "0x80073D02" // ERROR_PACKAGES_IN_USE
	codeNoVolume     = "0x800703ED" // ERROR_UNRECOGNIZED_VOLUME
	codeNotFound     = "0x80073CF1" // ERROR_INSTALL_PACKAGE_NOT_FOUND
	codeNoFramework  = "0x80073CF3" // ERROR_INSTALL_RESOLVE_DEPENDENCY_FAILED
	codeInvalidArg   = "0x80070057" // E_INVALIDARG
	codeNoSuchFile   = "0x80070002" // ERROR_FILE_NOT_FOUND
	codeNotSupported = "0x80070032" // ERROR_NOT_SUPPORTED
)

// hresult is the code of an error of the system; empty for other errors. Win32 errors become HRESULTs as HRESULT_FROM_WIN32
// of winerror.h does it; the virtual disk service's own are HRESULTs already.
func hresult(err error) string {
	n, ok := errors.AsType[syscall.Errno](err)
	switch {
	case !ok || n == 0:
		return ""
	case n < 1<<16:
		return fmt.Sprintf("0x%08X", 0x80070000|uint32(n))
	}
	return fmt.Sprintf("0x%08X", uint32(n))
}

// coded makes an Error that says what could not be done and bears the system's code. An Error stays as it is.
func coded(err error, what string) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*berth.Error](err); ok {
		return e
	}
	e := berth.Errorf(berth.Unavailable, "%s: %w", what, err)
	e.Code = hresult(err)
	if errors.Is(err, fs.ErrNotExist) {
		e.Kind = berth.NotFound
	}
	return e
}

// codeOf is the code that an error bears.
func codeOf(err error) string {
	if e, ok := errors.AsType[*berth.Error](err); ok {
		return e.Code
	}
	return ""
}
