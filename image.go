package berth

import "time"

// Image is what can be told of an image without reading the content of its packages.
type Image struct {
	Path           string    `json:"path"`
	Size           int64     `json:"size"`      // bytes of the file
	Format         string    `json:"format"`    // vhd, vhdx, cim or raw
	Subformat      string    `json:"subformat"` // fixed or dynamic
	VirtualSize    int64     `json:"virtualSize"`
	PartitionTable string    `json:"partitionTable"` // gpt, mbr or none
	Packages       []Package `json:"packages"`
	Notes          []string  `json:"notes"` // volumes and packages that could not be read, and why
}

// The kinds of entry of a folder of images.
const (
	EntryFolder  = "folder"
	EntryImage   = "image"   // a disk image that packages can be added from
	EntryPackage = "package" // an .msix or .appx, of which an image can be built
)

// ImageEntry is one entry of a folder below which images may be opened.
type ImageEntry struct {
	Name       string    `json:"name"`
	Path       string    `json:"path"` // as it is to be given back, to list the folder or to open the file
	Kind       string    `json:"kind" enum:"folder,image,package"`
	Size       int64     `json:"size,omitempty"`      // bytes, of files
	ModifiedAt time.Time `json:"modifiedAt,omitzero"` // of files
}

// BuildImage says which image to make of which packages.
type BuildImage struct {
	Packages  []string `json:"packages"`            // paths of signed .msix files
	Out       string   `json:"out"`                 // path of the image to make; it must not be there
	Format    string   `json:"format,omitempty"`    // vhd or vhdx; empty: by the name of Out
	Subformat string   `json:"subformat,omitempty"` // fixed or dynamic; empty: dynamic
	Table     string   `json:"table,omitempty"`     // gpt, mbr or none; empty: gpt
}
