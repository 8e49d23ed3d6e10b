package arm

import (
	"net/http"

	"berth"
	"berth/control"
)

// list answers one page of the packages of a pool.
func (h *handler) list(c *call) (answer, error) {
	p, err := parsePaging(c.URL.Query(), "pageSize")
	if err != nil {
		return answer{}, err
	}
	q := control.DeclaredQuery{After: p.after, Skip: p.skip, Limit: p.size + 1, Descending: p.descending} // one more: is there a next page
	if p.after != "" {
		q.Skip = 0
	}
	page, err := h.farm.DeclaredPackages(c.Context(), c.site.Name, c.pool(), q)
	if err != nil {
		return answer{}, err
	}
	entries := make([]entry, 0, len(page))
	for _, d := range page {
		entries = append(entries, entry{berth.Fold(d.FullName), func() (any, error) { return c.resource(d) }})
	}
	return c.pageOf(entries, p.size)
}

func (h *handler) get(c *call) (answer, error) {
	d, err := h.farm.DeclaredPackage(c.Context(), c.site.Name, c.pool(), c.fullName())
	if err != nil {
		return answer{}, err
	}
	body, err := c.resource(d)
	return answer{status: http.StatusOK, body: body}, err
}

// put creates or replaces. What else the resource had is gone, but for isActive: that is the pool's, and stays as it is
// when the client does not mention it.
func (h *handler) put(c *call) (answer, error) {
	body, err := readBody(c)
	if err != nil {
		return answer{}, err
	}
	sent, err := packageProperties(body)
	if err != nil {
		return answer{}, err
	}
	d, err := declare(c, sent)
	if err != nil {
		return answer{}, err
	}
	return h.declare(c, d)
}

// patch merges (RFC 7396) the three properties that may be changed alone.
func (h *handler) patch(c *call) (answer, error) {
	if err := h.farm.Permit(c.Context(), c.site.Name, berth.RoleContributor); err != nil {
		return answer{}, err
	}
	body, err := readBody(c)
	if err != nil {
		return answer{}, err
	}
	sent, err := patchProperties(body)
	if err != nil {
		return answer{}, err
	}
	out, err := h.farm.Redeclare(c.Context(), c.site.Name, c.pool(), c.fullName(), func(was control.Declared) (control.Declare, bool, error) {
		shown, err := properties(was)
		if err != nil {
			return control.Declare{}, false, err
		}
		merged, changed := merge(shown, sent)
		if !changed {
			return control.Declare{}, false, nil
		}
		d, err := declare(c, merged)
		return d, true, err
	})
	if err != nil {
		return answer{}, err
	}
	resource, err := c.resource(out)
	return answer{status: http.StatusOK, body: resource}, err
}

func (h *handler) declare(c *call, d control.Declare) (answer, error) {
	out, created, err := h.farm.Declare(c.Context(), d)
	if err != nil {
		return answer{}, err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	body, err := c.resource(out)
	return answer{status: status, body: body}, err
}

func (h *handler) remove(c *call) (answer, error) {
	existed, err := h.farm.Undeclare(c.Context(), c.site.Name, c.pool(), c.fullName())
	if !existed {
		return answer{status: http.StatusNoContent}, err
	}
	return answer{status: http.StatusOK}, err
}

// timeFormat is how AVD writes times: UTC with seven digits behind the second.
const timeFormat = "2006-01-02T15:04:05.0000000Z"

// resource is MSIXPackage of the specification.
type resource struct {
	Name       string      `json:"name"`
	ID         string      `json:"id"`
	Type       string      `json:"type"`
	SystemData *systemData `json:"systemData,omitempty"`
	Properties object      `json:"properties"`
}

type systemData struct {
	CreatedBy          string `json:"createdBy"`
	CreatedByType      string `json:"createdByType"`
	CreatedAt          string `json:"createdAt"`
	LastModifiedBy     string `json:"lastModifiedBy"`
	LastModifiedByType string `json:"lastModifiedByType"`
	LastModifiedAt     string `json:"lastModifiedAt"`
}

// resource shows a declared package. AVD writes the fixed words of the id in lower case and puts the pool into the name;
// scripts match on both. Names are in the case of whoever put them last.
func (c *call) resource(d control.Declared) (resource, error) {
	shown, err := properties(d)
	r := resource{
		Name:       d.Pool + "/" + d.FullName,
		ID:         poolID(c.site, d.Pool) + "/msixpackages/" + d.FullName,
		Type:       provider + "/" + msixPackages,
		Properties: shown,
	}
	if c.version >= firstSystemData {
		r.SystemData = &systemData{
			CreatedBy: d.CreatedBy, CreatedByType: d.CreatedByType, CreatedAt: d.CreatedAt.UTC().Format(timeFormat),
			LastModifiedBy: d.ModifiedBy, LastModifiedByType: d.ModifiedByType, LastModifiedAt: d.ModifiedAt.UTC().Format(timeFormat),
		}
	}
	return r, err
}
