package wire

import "berth"

// Protocol is the version of the agent protocol that this build speaks. A server serves this one and the two before it.
//
//	1  2026-11-21  enrol with a certificate request, sync with whole facts, plans by generation
//	1  2026-11-21  renew the certificate over mutual TLS (before the first release: the number stays)
//	1  2026-11-30  plans ask for copies of images and a depth of verification; agents that know neither go on without
const Protocol = 1

// Paths of the agent protocol.
const (
	PathEnroll = "/agent/v1/enroll" // no certificate yet; the key in the request is the proof
	PathSync   = "/agent/v1/sync"   // mutual TLS
	PathRenew  = "/agent/v1/renew"  // mutual TLS
)

// EnrollRequest asks for a host certificate.
type EnrollRequest struct {
	Protocol int         `json:"protocol"`
	Key      string      `json:"key"`  // the one-time enrolment key
	Name     string      `json:"name"` // the host's name in the site
	CSR      []byte      `json:"csr"`  // PKCS#10, DER; its subject is ignored, its key is certified
	Facts    berth.Facts `json:"facts"`
}

// EnrollResponse is a host's new identity.
type EnrollResponse struct {
	HostID      string `json:"hostId"`
	Site        string `json:"site"`
	Certificate []byte `json:"certificate"` // DER, for TLS client authentication, common name = HostID
	CA          []byte `json:"ca"`          // DER of the server's authority, which the agent trusts from now on
}

// SyncRequest carries what changed on the host and asks for the next plan.
type SyncRequest struct {
	Protocol   int          `json:"protocol"`
	Generation int64        `json:"generation"`      // of the plan that the agent holds; 0: none
	Digest     string       `json:"digest"`          // of that plan, as the server gave it
	Retry      int64        `json:"retry"`           // the counter that the server last gave
	Facts      *berth.Facts `json:"facts,omitempty"` // whole; nil when they are as at the last sync that was answered
	Wait       int          `json:"wait"`            // seconds to wait for a newer plan; 0: answer at once

	Preflights *PreflightReport `json:"preflights,omitempty"` // nil: the agent knows no pre-flights
	Asks       *AskReport       `json:"asks,omitempty"`       // nil: the agent knows no asks

	Timings []berth.Timing `json:"timings,omitempty"` // those that changed since the last sync that was answered
}

// SyncResponse is the plan to hold from now on.
type SyncResponse struct {
	Protocol   int         `json:"protocol"`
	Generation int64       `json:"generation"`     // the one to report as held
	Digest     string      `json:"digest"`         // names the plan's content: equal digests, equal plans
	Plan       *berth.Plan `json:"plan,omitempty"` // nil: the plan held is still right, under the new generation
	Retry      int64       `json:"retry"`          // rises when an administrator asks to retry failed packages at once
	Next       int         `json:"next"`           // seconds until the next sync, already with jitter; 0: at once, as after one that waited

	Preflights []berth.PreflightRequest `json:"preflights,omitempty"` // packages to try, beside all else
	Asks       []Ask                    `json:"asks,omitempty"`       // what somebody waits for
}

// RenewRequest asks for a certificate to follow the one with which it comes.
type RenewRequest struct {
	Protocol int    `json:"protocol"`
	CSR      []byte `json:"csr"` // PKCS#10, DER; its subject is ignored, its key is certified
}

// RenewResponse is the certificate to use from now on. The one of before is in force until the first sync with this one.
type RenewResponse struct {
	Certificate []byte `json:"certificate"` // DER, for the same host
	CA          []byte `json:"ca"`          // DER of the server's authority
}
