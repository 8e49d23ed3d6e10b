package wire

import (
	"time"

	"berth"
)

// Overview is how a site stands, on one page.
type Overview struct {
	Site          berth.Site            `json:"site"`
	Enabled       bool                  `json:"enabled" doc:"the application packages feature, as drafted"`
	Packages      OverviewPackages      `json:"packages"`
	Status        StatusSummary         `json:"status"`
	Attention     []OverviewHost        `json:"attention" doc:"hosts that need somebody, the worst first, at most ten"`
	NeedAttention int                   `json:"needAttention" doc:"how many such hosts there are"`
	Notices       map[string]int        `json:"notices" doc:"hosts by notice"`
	Certificates  []ExpiringCertificate `json:"certificates" doc:"those that end within 60 days, or have ended, with packages that end with them"`
	Pending       OverviewPending       `json:"pending"`
	Audit         []AuditEntry          `json:"audit" doc:"the newest entries"`
	Tasks         []berth.Task          `json:"tasks" doc:"those that wait or run"`
}

// OverviewPackages counts the catalogue, as drafted.
type OverviewPackages struct {
	Total    int `json:"total"`
	Enabled  int `json:"enabled"`
	Families int `json:"families"`
}

// OverviewHost is a host that needs somebody.
type OverviewHost struct {
	Host    string         `json:"host"`
	Counts  map[string]int `json:"counts" doc:"packages by status"`
	Notices []berth.Notice `json:"notices"`
}

// ExpiringCertificate is a signer's certificate that ends soon, or has ended.
type ExpiringCertificate struct {
	CommonName string              `json:"commonName"`
	Thumbprint string              `json:"thumbprint"`
	State      berth.ForecastState `json:"state"`
	EndsAt     time.Time           `json:"endsAt"`
	Days       int                 `json:"days"`
	Ending     int                 `json:"ending" doc:"packages that end with it; those with a timestamp outlast it"`
}

// OverviewPending is what waits to be applied.
type OverviewPending struct {
	Count int       `json:"count"`
	By    []string  `json:"by" doc:"who drafted it"`
	Since time.Time `json:"since,omitzero" doc:"the oldest draft"`
}

// ServerInfo is what is known of the server itself.
type ServerInfo struct {
	Version     string    `json:"version"`
	Protocol    int       `json:"protocol" doc:"of agents"`
	StartedAt   time.Time `json:"startedAt"`
	Now         time.Time `json:"now" doc:"the server's clock"`
	Authority   string    `json:"authority" doc:"SHA-256 fingerprint of the authority that certifies hosts and the server"`
	ImageRoots  []string  `json:"imageRoots" doc:"folders and shares below which images may be opened; set with --image-root where the server is started"`
	Roles       []string  `json:"roles" doc:"the roles there are"`
	SessionIdle string    `json:"sessionIdle" doc:"how long an unused session lives"`
	SessionLife string    `json:"sessionLife" doc:"how long any session lives"`
}
