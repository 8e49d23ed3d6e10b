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

	"berth"
	"berth/control"
)

// Bounds of one page. Azure's answers end at 8 MB; a resource is at most maxBody and a little more.
const (
	defaultPage  = 100
	largestPage  = 1000
	maxPageBytes = 7 << 20
)

// paging is what a client asked of a list.
type paging struct {
	size       int
	skip       int
	descending bool
	after      string // folded full name of the last package that the client has; empty: from the start
}

// page is MSIXPackageList of the specification. An empty list is [], and there is no link behind the last page: clients
// follow an empty one.
type page struct {
	Value    []json.RawMessage `json:"value"`
	NextLink string            `json:"nextLink,omitempty"`
}

// list answers one page. The next one begins behind the last name of this one, so that what is put or deleted between
// two pages neither hides nor doubles a package.
func (h *handler) list(c *call) (answer, error) {
	query := c.URL.Query()
	p, err := parsePaging(query)
	if err != nil {
		return answer{}, err
	}
	all, err := h.farm.DeclaredPackages(c.Context(), c.site.Name, c.pool())
	if err != nil {
		return answer{}, err
	}
	rest := p.choose(all)
	out, size := page{Value: []json.RawMessage{}}, 0
	for i, d := range rest {
		r, err := c.resource(d)
		if err != nil {
			return answer{}, err
		}
		body, err := encode(r)
		if err != nil {
			return answer{}, err
		}
		if size += len(body); i > 0 && (i == p.size || size > maxPageBytes) {
			out.NextLink = nextLink(c.Request, query, rest[i-1].FullName)
			break
		}
		out.Value = append(out.Value, body)
	}
	return answer{http.StatusOK, out}, nil
}

// choose orders the packages and leaves out what comes before the page.
func (p paging) choose(all []control.Declared) []control.Declared {
	order := func(a, b string) int {
		if p.descending {
			a, b = b, a
		}
		return cmp.Compare(berth.Fold(a), berth.Fold(b))
	}
	slices.SortFunc(all, func(a, b control.Declared) int { return order(a.FullName, b.FullName) })
	if p.after != "" {
		return slices.DeleteFunc(all, func(d control.Declared) bool { return order(d.FullName, p.after) <= 0 })
	}
	return all[min(p.skip, len(all)):]
}

func parsePaging(query url.Values) (p paging, err error) {
	if p.size, err = number(query, "pageSize", 1, defaultPage); err != nil {
		return p, err
	}
	p.size = min(p.size, largestPage)
	if p.skip, err = number(query, "initialSkip", 0, 0); err != nil {
		return p, err
	}
	switch strings.ToLower(parameter(query, "isDescending")) {
	case "", "false":
	case "true":
		p.descending = true
	default:
		return p, badParameter("isDescending", "must be true or false")
	}
	if token := parameter(query, "$skipToken"); token != "" {
		after, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil || len(after) == 0 || len(after) > maxFullName {
			return p, badParameter("$skipToken", "is none that this server gave out")
		}
		p.after = string(after)
	}
	return p, nil
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
	next.Set("$skipToken", base64.RawURLEncoding.EncodeToString([]byte(berth.Fold(last))))
	scheme := "https"
	if r.TLS == nil && !strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		scheme = "http"
	}
	link := url.URL{Scheme: scheme, Host: r.Host, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: next.Encode()}
	return link.String()
}
