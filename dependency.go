package berth

import "fmt"

// DependencyState says how a dependency of a package stands.
type DependencyState string

// The states of a dependency.
const (
	DependencySatisfied DependencyState = "satisfied"   // a version in the catalogue is planned with the package
	DependencyUnusable  DependencyState = "inCatalogue" // the catalogue has the framework, but no version that would do
	DependencyMissing   DependencyState = "missing"     // the catalogue does not have the framework
)

// DependencyCheck is one dependency of a package, or of a framework that it needs, held against the catalogue.
type DependencyCheck struct {
	Dependency
	NeededBy string          `json:"neededBy"` // full name of the package whose manifest asks for it
	State    DependencyState `json:"state"`
	FullName string          `json:"fullName,omitempty"` // the version that is planned with the package
	Why      string          `json:"why,omitempty"`      // nothing is planned for it
}

// Warning says the dependency in a sentence for somebody who assigns the package.
func (c DependencyCheck) Warning() string {
	need := fmt.Sprintf("%s needs %s %s", c.NeededBy, c.Name, c.MinVersion)
	switch c.State {
	case DependencySatisfied:
		return fmt.Sprintf("%s: %s is staged with it", need, c.FullName)
	case DependencyUnusable:
		return fmt.Sprintf("%s: in the catalogue, but %s", need, c.Why)
	default:
		return fmt.Sprintf("%s: missing, %s; add it to the catalogue, or see that the hosts have it", need, c.Why)
	}
}
