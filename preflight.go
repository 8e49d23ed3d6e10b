package berth

import "time"

// PreflightResult is the outcome of one check of a pre-flight.
type PreflightResult string

// The outcomes. A check that cannot be made, since an earlier one failed or the platform has no such thing, is not
// applicable and says why.
const (
	PreflightPass          PreflightResult = "pass"
	PreflightFail          PreflightResult = "fail"
	PreflightNotApplicable PreflightResult = "notApplicable"
)

// Names of the checks, in the order in which they are made and shown.
const (
	CheckImage        = "image"        // the image can be opened as the host opens it
	CheckFormat       = "format"       // image and file system are of a kind that can be attached
	CheckPackage      = "package"      // the package is in the image, and is the one that was added
	CheckSignature    = "signature"    // signature, manifest and block map belong together
	CheckContent      = "content"      // every file is as it was signed
	CheckTrust        = "trust"        // the host trusts the signer
	CheckDisk         = "disk"         // there is room, where attaching needs any
	CheckArchitecture = "architecture" // the host can run the package
	CheckBuild        = "build"        // the host's Windows is new enough
	CheckDependencies = "dependencies" // the frameworks that it needs are there or come along
)

// PreflightCheck is one line of a pre-flight.
type PreflightCheck struct {
	Name    string          `json:"name"`
	Result  PreflightResult `json:"result"`
	Message string          `json:"message"`
	Code    string          `json:"code,omitempty"`   // as the platform gave it
	Remedy  string          `json:"remedy,omitempty"` // what to do about a failure
}

// PreflightRequest is what an agent must know to try a package.
type PreflightRequest struct {
	ID           string                `json:"id"`
	Package      PlannedPackage        `json:"package"`
	Architecture string                `json:"architecture,omitempty"` // of the package
	MinBuild     int                   `json:"minBuild,omitempty"`     // lowest Windows build of the package, 0: any
	Certificate  *Certificate          `json:"certificate,omitempty"`  // of the signer, when the site provisions it to hosts
	Dependencies []PreflightDependency `json:"dependencies,omitempty"`
}

// PreflightDependency is a framework that the package needs.
type PreflightDependency struct {
	Dependency
	Catalogue string `json:"catalogue,omitempty"` // full name of the one that would be planned along, empty when there is none
}

// Preflight is one pre-flight of a package on a host.
type Preflight struct {
	ID         string           `json:"id"`
	Site       string           `json:"site"`
	HostID     string           `json:"hostId"`
	Host       string           `json:"host"`
	Package    string           `json:"package"` // full name
	AskedAt    time.Time        `json:"askedAt"`
	AskedBy    string           `json:"askedBy"`
	AnsweredAt time.Time        `json:"answeredAt,omitzero"`
	Checks     []PreflightCheck `json:"checks,omitempty"`
	Request    PreflightRequest `json:"request"`
}

// PreflightStore keeps pre-flights until they are of no use any more, also across restarts of the server.
type PreflightStore interface {
	// Preflight returns the pre-flight of that id, or NotFound.
	Preflight(id string) (Preflight, error)
	// Preflights returns those of the host with that id, newest first.
	Preflights(hostID string) ([]Preflight, error)
	// PutPreflight creates or replaces the pre-flight.
	PutPreflight(Preflight) error
	// DeletePreflight removes the pre-flight; removing one that is not there is no error.
	DeletePreflight(id string) error
}
