package agent

import (
	"unsafe"

	"golang.org/x/sys/windows"

	"berth"
)

// seal encrypts the host's key for this machine, so that a copy of the state folder is no identity elsewhere. On the
// machine itself the rights of the folder keep users from it: the key is the machine's and not a user's.
func seal(key []byte) ([]byte, error) {
	out, err := protect(key, func(in, out *windows.DataBlob) error {
		const how = windows.CRYPTPROTECT_LOCAL_MACHINE | windows.CRYPTPROTECT_UI_FORBIDDEN
		return windows.CryptProtectData(in, nil, nil, 0, nil, how, out)
	})
	if err != nil {
		return nil, berth.Errorf(berth.Internal, "cannot encrypt the key of this host: %w", err)
	}
	return out, nil
}

// unseal decrypts what seal made. A key from before keys were sealed is a PKCS#8 structure and begins as every ASN.1
// sequence does; what DPAPI makes begins with its version, 1.
func unseal(sealed []byte) ([]byte, error) {
	if len(sealed) > 0 && sealed[0] == 0x30 {
		return sealed, nil
	}
	key, err := protect(sealed, func(in, out *windows.DataBlob) error {
		return windows.CryptUnprotectData(in, nil, nil, 0, nil, windows.CRYPTPROTECT_UI_FORBIDDEN, out)
	})
	if err != nil {
		return nil, berth.Errorf(berth.Internal, "cannot decrypt the key of this host: %w", err).
			With("a state folder is of use on its own machine only: enrol this host anew, with force")
	}
	return key, nil
}

func protect(data []byte, call func(in, out *windows.DataBlob) error) ([]byte, error) {
	if len(data) == 0 {
		return nil, windows.ERROR_INVALID_DATA
	}
	in, out := windows.DataBlob{Size: uint32(len(data)), Data: &data[0]}, windows.DataBlob{}
	if err := call(&in, &out); err != nil {
		return nil, err
	}
	result := append([]byte(nil), unsafe.Slice(out.Data, out.Size)...)
	_, err := windows.LocalFree(windows.Handle(unsafe.Pointer(out.Data)))
	return result, err
}
