//go:build windows

package winhost

import (
	"os"

	"golang.org/x/sys/windows"
)

// guarded is a folder that only LocalSystem and administrators may open, without what its parent would hand down (SDDL).
const guarded = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"

// Protect makes the state folder and keeps users out of it: the host's key is in it.
func Protect(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return coded(err, "cannot make the state folder "+dir)
	}
	sd, err := windows.SecurityDescriptorFromString(guarded)
	if err != nil {
		return coded(err, "cannot make the rights of "+dir)
	}
	dacl, _, err := sd.DACL()
	if err != nil {
		return coded(err, "cannot make the rights of "+dir)
	}
	const what = windows.DACL_SECURITY_INFORMATION | windows.PROTECTED_DACL_SECURITY_INFORMATION
	return coded(windows.SetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT, what, nil, nil, dacl, nil), "cannot keep users out of "+dir)
}
