package wire

import "berth"

// ImageFolder is what the server sees in a folder of images.
type ImageFolder struct {
	Path    string             `json:"path" doc:"empty: the configured roots themselves"`
	Parent  *string            `json:"parent,omitempty" doc:"the folder above, empty for the list of roots; absent there"`
	Roots   []string           `json:"roots" doc:"folders and shares below which images may be opened"`
	Entries []berth.ImageEntry `json:"entries"`
	More    bool               `json:"more,omitempty" doc:"there are further entries, which were not looked at"`
}

// InspectImage names an image to look into.
type InspectImage struct {
	Path string `json:"path" doc:"path of the image as the hosts open it"`
}

// ImageView is what is in an image, and what an administrator should know before a package of it is added.
type ImageView struct {
	Path           string         `json:"path"`
	Size           int64          `json:"size" doc:"bytes of the file"`
	Format         string         `json:"format"`
	Subformat      string         `json:"subformat"`
	VirtualSize    int64          `json:"virtualSize"`
	PartitionTable string         `json:"partitionTable"`
	Packages       []ImagePackage `json:"packages"`
	Notes          []string       `json:"notes" doc:"volumes and packages that could not be read, and why"`
}

// ImagePackage is one package of an image, held against the site.
type ImagePackage struct {
	berth.Package
	Checks           []ImageCheck            `json:"checks" doc:"in the order in which they matter"`
	DependencyChecks []berth.DependencyCheck `json:"dependencyChecks"`
	InCatalogue      bool                    `json:"inCatalogue" doc:"the site has this version already"`
	Addable          bool                    `json:"addable" doc:"nothing is known that adding would refuse; the content is verified then"`
	Siblings         []PackageSibling        `json:"siblings" doc:"other versions of the family in the catalogue, highest first"`
}

// The results of an ImageCheck.
const (
	CheckPass    = "pass"
	CheckWarning = "warning"
	CheckFail    = "fail" // adding would be refused, or no host could use it
)

// ImageCheck is one thing that was looked at before a package is added.
type ImageCheck struct {
	Name    string `json:"name" enum:"signature,certificate,dependencies,catalogue,hosts"`
	Result  string `json:"result" enum:"pass,warning,fail"`
	Message string `json:"message"`
	Remedy  string `json:"remedy,omitempty"`
}

// PackageSibling is another version of a family in the catalogue.
type PackageSibling struct {
	FullName string   `json:"fullName"`
	Version  string   `json:"version"`
	Tags     []string `json:"tags" doc:"present names"`
	Enabled  bool     `json:"enabled"`
}

// StartTask asks for work that goes on while nobody waits. Of the parts the one of its kind is needed.
type StartTask struct {
	Kind    berth.TaskKind    `json:"kind" enum:"inspect,verify,add,build"`
	Path    string            `json:"path,omitempty" doc:"of inspect and verify: path of the image"`
	Package string            `json:"package,omitempty" doc:"of verify, in place of a path: full name of a package of the catalogue"`
	Add     *AddPackage       `json:"add,omitempty"`
	Build   *berth.BuildImage `json:"build,omitempty"`
}

// VerifiedImage is the result of a task that verifies.
type VerifiedImage struct {
	OK       bool              `json:"ok" doc:"every file of every package is as it was signed"`
	Packages []VerifiedPackage `json:"packages"`
}

// VerifiedPackage is one package of it.
type VerifiedPackage struct {
	FullName string             `json:"fullName"`
	OK       bool               `json:"ok"`
	Failure  *berth.TaskFailure `json:"failure,omitempty"`
}
