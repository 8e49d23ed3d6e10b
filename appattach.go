package berth

// AppAttachPackage is an app attach package as a client of Azure's interface described it: one package of an image, offered
// from host pools. It is a configuration object of its own, applied at once; its key is its name. What hosts have follows from
// the catalogue and the pools' lists, as with everything else.
type AppAttachPackage struct {
	Name     string          `json:"name"`
	FullName string          `json:"fullName,omitempty"` // of the package in the image; empty: none was named
	Pools    []AppAttachPool `json:"pools"`
	// OnFailure is what becomes of a host's health when staging fails: Unhealthy, NeedsAssistance, which an empty one means
	// too, or DoNotFail.
	OnFailure string        `json:"onFailure,omitempty"`
	Azure     AzureResource `json:"azure"`
}

// AppAttachPool is one host pool that an app attach package is offered from.
type AppAttachPool struct {
	Pool      string `json:"pool"`      // name of the pool
	Reference string `json:"reference"` // the resource id, as the client wrote it
}
