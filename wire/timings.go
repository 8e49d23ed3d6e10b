package wire

import (
	"time"

	"berth"
)

// HostTimings is what one package has cost on one host. Times are milliseconds, medians of some dozens of runs.
type HostTimings struct {
	Package      string             `json:"package"`
	DisplayName  string             `json:"displayName"`
	Registration berth.Registration `json:"registration,omitempty" doc:"how sessions get it; absent: no session does, by the plan"`
	StagingMs    float64            `json:"stagingMs" doc:"attaching, verifying and staging: once after each start of the host"`
	SessionMs    float64            `json:"sessionMs" doc:"registering: for each session"`
	LogonMs      float64            `json:"logonMs" doc:"what of it a sign-in waits for: registering at logon, nothing on demand"`
	At           time.Time          `json:"at" doc:"the last run, by the host's clock"`
	Phases       []berth.Timing     `json:"phases"`
}

// PackageTimings is what one package has cost over all hosts.
type PackageTimings struct {
	Package   string               `json:"package"`
	Hosts     int                  `json:"hosts" doc:"hosts that told of any phase"`
	StagingMs float64              `json:"stagingMs" doc:"sum of the medians of attaching, verifying and staging"`
	SessionMs float64              `json:"sessionMs" doc:"median of registering"`
	Phases    []berth.TimingSpread `json:"phases"`
}
