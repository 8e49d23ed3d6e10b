package berth

import (
	"time"
)

// Host is a session host with an agent, as the server knows it.
type Host struct {
	ID         string    `json:"id"` // UUID, given at enrolment; the common name of the host's certificate
	Site       string    `json:"site"`
	Name       string    `json:"name"`
	Kind       HostKind  `json:"kind"`
	EnrolledAt time.Time `json:"enrolledAt"`
	LastSeen   time.Time `json:"lastSeen"`
	Serial     string    `json:"serial"` // serial number of the certificate in force, hex
	Retry      int64     `json:"retry"`  // rises when an administrator asks to retry at once
	Facts      Facts     `json:"facts"`

	ExpiresAt     time.Time `json:"expiresAt,omitzero"`     // of the certificate in force; zero: of before this was kept
	RevokedAt     time.Time `json:"revokedAt,omitzero"`     // since when no certificate of the host is in force
	NextSerial    string    `json:"nextSerial,omitempty"`   // of the renewed certificate, until the host has used it
	NextExpiresAt time.Time `json:"nextExpiresAt,omitzero"` // of that one
}

// Certified tells whether the certificate of that serial number (hex) is in force for the host.
func (h Host) Certified(serial string) bool {
	return serial != "" && h.RevokedAt.IsZero() && (serial == h.Serial || serial == h.NextSerial)
}

// TakeUp lets a renewed certificate replace the one of before, once the host has shown it.
func (h *Host) TakeUp(serial string) {
	if serial != "" && serial == h.NextSerial {
		h.Serial, h.ExpiresAt, h.NextSerial, h.NextExpiresAt = h.NextSerial, h.NextExpiresAt, "", time.Time{}
	}
}

// Facts are what an agent saw on its host. An agent sends facts; statuses are made from them by the server.
type Facts struct {
	Hostname     string         `json:"hostname,omitempty"`
	OS           string         `json:"os,omitempty"`           // as the system calls itself
	Build        int            `json:"build,omitempty"`        // Windows build, 0 elsewhere
	Architecture string         `json:"architecture,omitempty"` // x86, x64, arm or arm64
	AgentVersion string         `json:"agentVersion,omitempty"`
	Platform     string         `json:"platform,omitempty"`   // winhost, linuxhost or simhost
	AttachMode   string         `json:"attachMode,omitempty"` // how images are attached: virtdisk, fuse or extract, with the reason
	Disk         *Disk          `json:"disk,omitempty"`       // where the agent keeps its state; nil when not told
	Generation   int64          `json:"generation"`           // of the plan that the agent holds
	At           time.Time      `json:"at"`
	Sessions     []Session      `json:"sessions"`
	Packages     []PackageFacts `json:"packages"`
	Problems     []string       `json:"problems,omitempty"` // orphans and other things found and not asked for
	Cache        *CacheFacts    `json:"cache,omitempty"`    // copies of images; nil: there are none and none are asked for
}

// Disk is the room on the volume of a folder.
type Disk struct {
	Path  string `json:"path"`
	Free  int64  `json:"free"`  // bytes that the agent may still use
	Total int64  `json:"total"` // bytes
}

// Session is a user's session on a host.
type Session struct {
	ID    string    `json:"id"`
	User  string    `json:"user"`
	Since time.Time `json:"since"`
}

// PackageFacts are what an agent saw of one package.
type PackageFacts struct {
	FullName   string       `json:"fullName"`
	FamilyName string       `json:"familyName"`
	Attached   bool         `json:"attached"` // the image is attached
	Staged     bool         `json:"staged"`   // the machine knows the package
	Since      time.Time    `json:"since"`    // when the state, or the failure, last changed
	Sessions   []Registered `json:"sessions"` // where its applications are registered
	Failure    *Failure     `json:"failure,omitempty"`
	FromCopy   bool         `json:"fromCopy,omitempty"` // the image was attached from the host's copy of it
	Verified   bool         `json:"verified,omitempty"` // every file was compared with the block map, on this host

	Until time.Time `json:"until,omitzero"` // of one that is leaving: when it is taken from the sessions that still have it
}

// Registered is one session in which a package's applications are registered.
type Registered struct {
	Session string    `json:"session"`
	User    string    `json:"user"`
	Since   time.Time `json:"since"`
}

// Phase is the step of an agent that failed.
type Phase string

// The phases of a package's life on a host.
const (
	PhaseTrust      Phase = "trust"      // the signer is not trusted by the host
	PhaseAttach     Phase = "attach"     // opening or attaching the image
	PhaseVerify     Phase = "verify"     // the content differs from what was signed or added
	PhaseStage      Phase = "stage"      // making the package known to the machine
	PhaseRegister   Phase = "register"   // making applications available to a session
	PhaseDeregister Phase = "deregister" // taking that back
	PhaseDestage    Phase = "destage"    // taking staging back and detaching
)

// Failure is why a step did not succeed, in the words and with the code of the platform.
type Failure struct {
	Phase     Phase     `json:"phase"`
	Code      string    `json:"code,omitempty"`
	Message   string    `json:"message"`
	Attempts  int       `json:"attempts"`
	NextRetry time.Time `json:"nextRetry,omitzero"`
}

// Package returns the facts about the package, nil when the agent did not mention it.
func (f Facts) Package(fullName string) *PackageFacts {
	for i := range f.Packages {
		if Fold(f.Packages[i].FullName) == Fold(fullName) {
			return &f.Packages[i]
		}
	}
	return nil
}
