package msix

// Manifest is what Berth needs of an AppxManifest.xml. Texts are as written:
// "ms-resource:" references are not resolved.
type Manifest struct {
	Identity
	Properties   Properties
	Applications []Application
	Dependencies []Dependency
	MainPackages []Dependency // packages that this optional or modification package extends
	Targets      []TargetDeviceFamily
	Capabilities []Capability
	Resources    []Resource
	Schema       string // namespace of the root element: tells the generation
}

// Properties is the Properties element.
type Properties struct {
	DisplayName          string
	PublisherDisplayName string
	Description          string
	Logo                 string // path in the package, with backslashes as written
	Framework            bool   // other packages depend on it, it has no applications of its own
	ResourcePackage      bool   // languages or scales of a main package
}

// Application is one entry point that a user can start.
type Application struct {
	ID          string
	DisplayName string
	Description string
	Executable  string // path in the package, with backslashes as written; empty for web applications
	EntryPoint  string // a class, or Windows.FullTrustApplication
	StartPage   string // web applications only

	// Square44x44Logo and Square150x150Logo are paths of the small and the
	// medium tile. Older generations name them SmallLogo, Square30x30Logo and
	// Logo: those land here too.
	Square44x44Logo   string
	Square150x150Logo string
	BackgroundColor   string

	Hidden    bool              // AppListEntry="none": not shown in the list of applications
	FileTypes []FileAssociation // windows.fileTypeAssociation
	Protocols []string          // windows.protocol, without the colon
	Aliases   []string          // windows.appExecutionAlias, as in "tool.exe"
}

// FileAssociation names a group of file extensions that an application opens.
type FileAssociation struct {
	Name       string
	Extensions []string // with the dot
}

// Dependency is a framework package that must be there first.
type Dependency struct {
	Name       string
	Publisher  string
	MinVersion Version
}

// FamilyName is the family in which the dependency is looked for.
func (d Dependency) FamilyName() string {
	return Identity{Name: d.Name, Publisher: d.Publisher}.FamilyName()
}

// TargetDeviceFamily is a kind of Windows that the package is made for. For
// packages of Windows 8, which have Prerequisites in its place, Name is empty.
type TargetDeviceFamily struct {
	Name             string
	MinVersion       Version
	MaxVersionTested Version
}

// Capability is a right that the package asks for. Family is the prefix under
// which the documentation lists it: "" for the foundation schema, else uap,
// uap2, rescap, device, custom, ...
type Capability struct {
	Family string
	Name   string
}

// String writes the capability as a manifest does: "internetClient", "rescap:runFullTrust".
func (c Capability) String() string {
	if c.Family == "" {
		return c.Name
	}
	return c.Family + ":" + c.Name
}

// Resource is one language, scale or feature level that the package carries.
type Resource struct {
	Language string
	Scale    string
	DXLevel  string // DXFeatureLevel
}
