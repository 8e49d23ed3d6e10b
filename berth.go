// Package berth holds the nouns of MSIX app attach and the rules that need nothing else: sites, packages, tags, hosts,
// pools, assignments, plans, facts, statuses, changes, the audit and the interfaces of the store.
//
// It imports the standard library only. How a value gets here or leaves is the business of the packages around it.
package berth

import "strings"

// Fold gives the form in which names are compared and used as keys. Names in Azure's interface and on Windows compare
// without regard to case; the casing that a person typed is kept in the object itself.
func Fold(name string) string { return strings.ToLower(strings.TrimSpace(name)) }
