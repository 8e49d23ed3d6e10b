package cli

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"berth"
	"berth/client"
)

// suggestPackage adds to "not found" the packages that were perhaps meant; every other error stays as it is.
func suggestPackage(ctx context.Context, c *client.Client, name string, err error) error {
	if !berth.IsNotFound(err) {
		return err
	}
	ps, listErr := c.Packages(ctx)
	if listErr != nil {
		return err
	}
	e := berth.Errorf(berth.NotFound, "%s", describe(ran{err}).Message).On("package")
	if near := nearPackages(ps, name); len(near) > 0 {
		return e.With("did you mean " + strings.Join(near, ", ") + "?")
	}
	return e.With("a package is named by its full name: see `berth package list -o name`")
}

// nearPackages returns the full names of at most three packages that the name may mean, the nearest first.
func nearPackages(ps []berth.Package, name string) []string {
	const most = 3
	type candidate struct {
		name string
		far  int
	}
	var near []candidate
	for _, p := range ps {
		far := -1
		for _, n := range []string{p.FullName, p.FamilyName, p.Name, p.DisplayName} {
			if d, ok := apart(n, name); ok && (far < 0 || d < far) {
				far = d
			}
		}
		if far >= 0 {
			near = append(near, candidate{p.FullName, far})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return cmp.Compare(a.far, b.far) })
	return namesOf(near[:min(most, len(near))], func(c candidate) string { return c.name })
}

// apart tells how far two names are from each other; ok is false when they are too far to be meant for one another: the
// one is not in the other, and more than a few letters differ.
func apart(a, b string) (letters int, ok bool) {
	a, b = berth.Fold(a), berth.Fold(b)
	if a == "" || b == "" {
		return 0, false
	}
	letters = distance(a, b)
	return letters, (len(b) >= 3 && strings.Contains(a, b)) || strings.Contains(b, a) || letters <= 1+len(b)/8
}

// distance is the number of letters to insert, delete or replace (Levenshtein). Names are short: at most 256 count.
func distance(a, b string) int {
	a, b = a[:min(256, len(a))], b[:min(256, len(b))]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// family turns what a person typed into a family name: the family name itself, or a name, display name or full name that
// just one family of the catalogue has.
func family(ctx context.Context, c *client.Client, name string) (string, error) {
	ps, err := c.Packages(ctx)
	if err != nil {
		return "", err
	}
	var families []string
	for _, p := range ps {
		if slices.ContainsFunc([]string{p.FamilyName, p.Name, p.DisplayName, p.FullName}, func(n string) bool { return berth.Fold(n) == berth.Fold(name) }) {
			families = append(families, p.FamilyName)
		}
	}
	slices.Sort(families)
	switch families = slices.Compact(families); len(families) {
	case 1:
		return families[0], nil
	case 0:
		e := berth.Errorf(berth.NotFound, "no package of the catalogue has the family or name %q", name).On("family")
		if near := nearPackages(ps, name); len(near) > 0 {
			return "", e.With("did you mean " + strings.Join(near, ", ") + "?")
		}
		return "", e.With("see `berth package list`")
	}
	return "", berth.Errorf(berth.Invalid, "%q is the name of %d families", name, len(families)).On("family").
		With("say which: " + strings.Join(families, ", "))
}
