package msix

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"unicode/utf16"
)

// Identity is the Identity element of a manifest: what makes two packages the same.
type Identity struct {
	Name         string // 3-50 of [-.A-Za-z0-9]
	Publisher    string // distinguished name, equal to the signer's subject
	Version      Version
	Architecture string // x86, x64, arm, arm64, x86a64 or neutral, in lower case
	ResourceID   string // empty for main packages, "~" for bundles
}

// publisherAlphabet is Crockford's base32 in lower case, which Windows uses for publisher ids.
const publisherAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// publisherIDLength is the length of every publisher id: 64 bits and one zero bit, five a character.
const publisherIDLength = 13

// PublisherID hashes a publisher's distinguished name as Windows does: the
// first 8 bytes of SHA-256 over the UTF-16LE text, in base32.
func PublisherID(publisher string) string {
	units := utf16.Encode([]rune(publisher))
	raw := make([]byte, 0, 2*len(units))
	for _, u := range units {
		raw = append(raw, byte(u), byte(u>>8))
	}
	sum := sha256.Sum256(raw)
	return base32.NewEncoding(publisherAlphabet).WithPadding(base32.NoPadding).EncodeToString(sum[:8])
}

// PublisherID gives the id of the identity's publisher.
func (i Identity) PublisherID() string { return PublisherID(i.Publisher) }

// FamilyName is Name_PublisherID: what all versions of a package share.
func (i Identity) FamilyName() string { return i.Name + "_" + i.PublisherID() }

// FullName is Name_Version_Architecture_ResourceID_PublisherID: one package.
func (i Identity) FullName() string {
	arch := i.Architecture
	if arch == "" {
		arch = "neutral"
	}
	return strings.Join([]string{i.Name, i.Version.String(), arch, i.ResourceID, i.PublisherID()}, "_")
}

// AppUserModelID is the id under which Windows starts an application of the package.
func (i Identity) AppUserModelID(app string) string { return i.FamilyName() + "!" + app }

// FullName is a package full name taken apart. It holds the publisher's id,
// because the publisher itself cannot be recovered from it.
type FullName struct {
	Name         string
	Version      Version
	Architecture string
	ResourceID   string
	PublisherID  string
}

// ParseFullName takes a package full name apart.
func ParseFullName(s string) (FullName, error) {
	parts := strings.Split(s, "_")
	if len(parts) != 5 {
		return FullName{}, corrupt("full name", s, -1, "want Name_Version_Architecture_ResourceId_PublisherId")
	}
	version, err := ParseVersion(parts[1])
	if err != nil {
		return FullName{}, err
	}
	n := FullName{Name: parts[0], Version: version, Architecture: parts[2], ResourceID: parts[3], PublisherID: parts[4]}
	if err := checkName(n.Name); err != nil {
		return FullName{}, err
	}
	if !knownArchitecture(n.Architecture) {
		return FullName{}, corrupt("full name", s, -1, "unknown architecture %q", n.Architecture)
	}
	if len(n.PublisherID) != publisherIDLength || strings.Trim(n.PublisherID, publisherAlphabet) != "" {
		return FullName{}, corrupt("full name", s, -1, "%q is not a publisher id", n.PublisherID)
	}
	return n, nil
}

// String puts the name together again.
func (n FullName) String() string {
	return strings.Join([]string{n.Name, n.Version.String(), n.Architecture, n.ResourceID, n.PublisherID}, "_")
}

// FamilyName is the family that the full name belongs to.
func (n FullName) FamilyName() string { return n.Name + "_" + n.PublisherID }

func knownArchitecture(s string) bool {
	switch s {
	case "x86", "x64", "arm", "arm64", "x86a64", "neutral":
		return true
	}
	return false
}

// checkName holds a package name to the schema's ST_PackageName: names become
// folder names and parts of registry keys on hosts.
func checkName(name string) error {
	if len(name) < 3 || len(name) > 50 {
		return corrupt("identity", "Name", -1, "%q has %d characters, want 3 to 50", clip(name), len(name))
	}
	for _, r := range name {
		ok := r == '-' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !ok {
			return corrupt("identity", "Name", -1, "%q holds %q, only letters, digits, dot and dash are allowed", name, r)
		}
	}
	return nil
}

// clip shortens text from the input before it goes into an error.
func clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
