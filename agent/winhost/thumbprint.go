package winhost

import (
	"crypto/sha1" // thumbprints are SHA-1, as Windows shows them; nothing is trusted by them
	"encoding/hex"
	"strings"
)

// thumbprint names a certificate as Windows does.
func thumbprint(der []byte) string {
	sum := sha1.Sum(der)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// familyOf makes the family name out of a full name: its first part and its last.
func familyOf(fullName string) string {
	parts := strings.Split(fullName, "_")
	return parts[0] + "_" + parts[len(parts)-1]
}
