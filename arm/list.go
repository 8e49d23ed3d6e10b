package arm

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Bounds of one page. Azure's answers end at 8 MB; a resource is at most maxBody and a little more.
const (
	defaultPage  = 100
	largestPage  = 1000
	maxPageBytes = 7 << 20
	longestKey   = 256 // a resource group and a host pool have 155 characters at most
)

// paging is what a client asked of a list.
type paging struct {
	size       int
	skip       int
	descending bool
	after      string // key of the last entry that the client has; empty: from the start
}

// entry is one resource of a list.
type entry struct {
	key  string // folded; what the list is ordered by, and different for each
	show func() (any, error)
}

// page is what every list of the specification is. An empty list is [], and there is no link behind the last page: clients
// follow an empty one.
type page struct {
	Value    []json.RawMessage `json:"value"`
	NextLink string            `json:"nextLink,omitempty"`
}

// page answers one page. The next one begins behind the last key of this one, so that what is put or deleted between two
// pages neither hides nor doubles a resource. The parameter for the size of a page has different names in Azure.
func (c *call) page(entries []entry, sizeParameter string) (answer, error) {
	query := c.URL.Query()
	p, err := parsePaging(query, sizeParameter)
	if err != nil {
		return answer{}, err
	}
	return c.pageOf(p.choose(entries), p.size)
}

// pageOf answers the page that the entries begin.
func (c *call) pageOf(rest []entry, most int) (answer, error) {
	query := c.URL.Query()
	out, size := page{Value: []json.RawMessage{}}, 0
	for i, e := range rest {
		r, err := e.show()
		if err != nil {
			return answer{}, err
		}
		body, err := encode(r)
		if err != nil {
			return answer{}, err
		}
		if size += len(body); i > 0 && (i == most || size > maxPageBytes) {
			out.NextLink = nextLink(c.Request, query, rest[i-1].key)
			break
		}
		out.Value = append(out.Value, body)
	}
	return answer{status: http.StatusOK, body: out}, nil
}

// choose orders the entries and leaves out what comes before the page.
func (p paging) choose(all []entry) []entry {
	order := func(a, b string) int {
		if p.descending {
			a, b = b, a
		}
		return cmp.Compare(a, b)
	}
	slices.SortFunc(all, func(a, b entry) int { return order(a.key, b.key) })
	if p.after != "" {
		return slices.DeleteFunc(all, func(e entry) bool { return order(e.key, p.after) <= 0 })
	}
	return all[min(p.skip, len(all)):]
}

func parsePaging(query url.Values, sizeParameter string) (p paging, err error) {
	if p.size, err = number(query, sizeParameter, 1, defaultPage); err != nil {
		return p, err
	}
	p.size = min(p.size, largestPage)
	if p.skip, err = number(query, "initialSkip", 0, 0); err != nil {
		return p, err
	}
	if p.descending, err = flag(query, "isDescending"); err != nil {
		return p, err
	}
	if token := parameter(query, "$skipToken"); token != "" {
		after, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil || len(after) == 0 || len(after) > longestKey {
			return p, badParameter("$skipToken", "is none that this server gave out")
		}
		p.after = string(after)
	}
	return p, nil
}

// flag reads a boolean parameter, false where there is none.
func flag(query url.Values, name string) (bool, error) {
	switch strings.ToLower(parameter(query, name)) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, badParameter(name, "must be true or false")
}

// number reads an int32 parameter.
func number(query url.Values, name string, least, otherwise int) (int, error) {
	text := parameter(query, name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || int(n) < least {
		return 0, badParameter(name, "must be a whole number from "+strconv.Itoa(least)+" to 2147483647")
	}
	return int(n), nil
}

// nextLink is the request's own URL, as the client sees it, with the token. What was skipped at the start is behind us.
func nextLink(r *http.Request, query url.Values, last string) string {
	next := url.Values{}
	for name, values := range query {
		if !strings.EqualFold(name, "initialSkip") && !strings.EqualFold(name, "$skipToken") {
			next[name] = values
		}
	}
	next.Set("$skipToken", base64.RawURLEncoding.EncodeToString([]byte(last)))
	link := url.URL{Scheme: schemeOf(r), Host: hostOf(r), Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: next.Encode()}
	return link.String()
}
