package arm

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"berth"
	"berth/control"
)

// SessionHosts are the hosts of a host pool.
type SessionHosts interface {
	// SessionHosts returns the hosts of a pool.
	SessionHosts(ctx context.Context, site, pool string) ([]control.SessionHost, error)
	// SessionHost returns one; its absence is NotFound on host.
	SessionHost(ctx context.Context, site, pool, name string) (control.SessionHost, error)
	// EditSessionHost changes what a client said of one.
	EditSessionHost(ctx context.Context, site, pool, name string, fn func(control.SessionHost) (json.RawMessage, error)) (control.SessionHost, error)
	// RemoveSessionHost forgets one; existed is false when there was none.
	RemoveSessionHost(ctx context.Context, site, pool, name string, force bool) (existed bool, err error)
	// AskSession has a host end, disconnect or tell a session something.
	AskSession(ctx context.Context, site, pool, host string, what control.SessionAsk) error
}

const sessionHosts = "hostpools/sessionhosts"

// sessionHostSchema is SessionHostPatchProperties.
var sessionHostSchema = schema{"allownewsession": boolean, "assigneduser": text, "friendlyname": text}

// sessionHost is SessionHost of the specification.
type sessionHost struct {
	Name       string                `json:"name"`
	ID         string                `json:"id"`
	Type       string                `json:"type"`
	SystemData *systemData           `json:"systemData,omitempty"`
	Properties sessionHostProperties `json:"properties"`
}

type sessionHostProperties struct {
	ObjectID        string        `json:"objectId"`
	LastHeartBeat   string        `json:"lastHeartBeat"`
	Sessions        int           `json:"sessions"`
	AgentVersion    string        `json:"agentVersion"`
	AllowNewSession bool          `json:"allowNewSession"`
	VirtualMachine  string        `json:"virtualMachineId"`
	AssignedUser    *string       `json:"assignedUser,omitempty"`
	FriendlyName    *string       `json:"friendlyName,omitempty"`
	Status          string        `json:"status"`
	StatusTimestamp string        `json:"statusTimestamp"`
	OSVersion       string        `json:"osVersion"`
	UpdateState     string        `json:"updateState"`
	LastUpdateTime  string        `json:"lastUpdateTime"`
	HealthChecks    []healthCheck `json:"sessionHostHealthCheckResults"`
}

type healthCheck struct {
	Name    string         `json:"healthCheckName"`
	Result  string         `json:"healthCheckResult"`
	Details *healthDetails `json:"additionalFailureDetails,omitempty"`
}

type healthDetails struct {
	Message   string `json:"message"`
	ErrorCode int32  `json:"errorCode"`
	At        string `json:"lastHealthCheckDateTime"`
}

func (h *handler) listSessionHosts(c *call) (answer, error) {
	all, err := h.farm.SessionHosts(c.Context(), c.site.Name, c.pool())
	if err != nil {
		return answer{}, err
	}
	entries := make([]entry, 0, len(all))
	for _, one := range all {
		entries = append(entries, entry{berth.Fold(one.Host.Name), func() (any, error) { return c.sessionHost(one) }})
	}
	return c.page(entries, "pageSize")
}

func (h *handler) getSessionHost(c *call) (answer, error) {
	one, err := h.farm.SessionHost(c.Context(), c.site.Name, c.pool(), c.names[1])
	if err != nil {
		return answer{}, err
	}
	body, err := c.sessionHost(one)
	return answer{status: http.StatusOK, body: body}, err
}

// patchSessionHost merges the three properties that may be changed. The body may be missing; force makes no difference here.
func (h *handler) patchSessionHost(c *call) (answer, error) {
	if err := h.farm.Permit(c.Context(), c.site.Name, berth.RoleContributor); err != nil {
		return answer{}, err
	}
	if _, err := flag(c.URL.Query(), "force"); err != nil {
		return answer{}, err
	}
	body, err := readBody(c)
	if err != nil {
		return answer{}, err
	}
	patch, err := sessionHostPatch(body)
	if err != nil {
		return answer{}, err
	}
	one, err := h.farm.EditSessionHost(c.Context(), c.site.Name, c.pool(), c.names[1], func(was control.SessionHost) (json.RawMessage, error) {
		said, err := sessionHostSaid(was)
		if err != nil {
			return nil, err
		}
		merged, err := mergePatch(said, patch, deepestMerge)
		if err != nil || len(patch) == 0 {
			return nil, err
		}
		return encode(merged)
	})
	if err != nil {
		return answer{}, err
	}
	shown, err := c.sessionHost(one)
	return answer{status: http.StatusOK, body: shown}, err
}

// sessionHostPatch returns what a PATCH changes: the known properties alone.
func sessionHostPatch(body []byte) (patch object, err error) {
	if body == nil {
		return nil, nil
	}
	top, err := topLevel(body)
	if err != nil {
		return nil, err
	}
	value := top.get(memberProperties)
	if isNull(value) {
		return nil, nil
	}
	properties, err := sessionHostSchema.read(memberProperties, value)
	for _, m := range properties {
		if sessionHostSchema[strings.ToLower(m.name)] != nil {
			patch = patch.with(m.name, m.value)
		}
	}
	return patch, err
}

func (h *handler) removeSessionHost(c *call) (answer, error) {
	force, err := flag(c.URL.Query(), "force")
	if err != nil {
		return answer{}, err
	}
	existed, err := h.farm.RemoveSessionHost(c.Context(), c.site.Name, c.pool(), c.names[1], force)
	if !existed {
		return answer{status: http.StatusNoContent}, err
	}
	return answer{status: http.StatusOK}, err
}

func sessionHostSaid(s control.SessionHost) (object, error) {
	if s.Config.Azure == nil {
		return nil, nil
	}
	o, err := parseObject(s.Config.Azure.Document)
	if err != nil {
		return nil, fmt.Errorf("stored description of session host %s: %w", s.Host.Name, err)
	}
	return o, nil
}

func (c *call) sessionHost(s control.SessionHost) (out sessionHost, err error) {
	said, err := sessionHostSaid(s)
	if err != nil {
		return out, err
	}
	id := sessionHostID(c.site, c.pool(), s.Host.Name)
	out = sessionHost{Name: c.pool() + "/" + s.Host.Name, ID: id, Type: provider + "/" + sessionHosts}
	if s.Config.Azure != nil && c.version >= firstSystemData {
		d := systemDataOf(*s.Config.Azure)
		out.SystemData = &d
	}
	p := &out.Properties
	*p = sessionHostProperties{ObjectID: objectID(id), LastHeartBeat: s.LastSeen.UTC().Format(timeFormat), Sessions: len(s.Facts.Sessions),
		AgentVersion: s.Facts.AgentVersion, AllowNewSession: true, VirtualMachine: s.Host.ID, Status: statusOf(s),
		StatusTimestamp: s.LastSeen.UTC().Format(timeFormat), OSVersion: s.Facts.OS, UpdateState: "Succeeded",
		LastUpdateTime: s.EnrolledAt.UTC().Format(timeFormat), HealthChecks: []healthCheck{appAttachCheck(s)}}
	if v := said.get("allowNewSession"); !isNull(v) {
		p.AllowNewSession = string(v) == "true"
	}
	for name, into := range map[string]**string{"assignedUser": &p.AssignedUser, "friendlyName": &p.FriendlyName} {
		if v := said.get(name); !isNull(v) {
			text := words(v)
			*into = &text
		}
	}
	return out, nil
}

// statusOf is a host's status in Azure's words. Packages that fail leave a host usable, unless an app attach package says
// otherwise.
func statusOf(s control.SessionHost) string {
	switch {
	case !s.RevokedAt.IsZero():
		return "Unavailable"
	case s.Silent:
		return "NoHeartbeat"
	case strings.EqualFold(s.Health, control.Unhealthy):
		return "Unavailable"
	case strings.EqualFold(s.Health, control.NeedsAssistance):
		return "NeedsAssistance"
	}
	return "Available"
}

// appAttachCheck is the health check of staging: what the statuses of the host's packages say.
func appAttachCheck(s control.SessionHost) healthCheck {
	check := healthCheck{Name: "AppAttachHealthCheck", Result: "HealthCheckSucceeded"}
	switch {
	case s.Silent:
		check.Result = "Unknown"
		return check
	case len(s.Failing) == 0:
		return check
	case !strings.EqualFold(s.Health, control.DoNotFail):
		check.Result = "HealthCheckFailed"
	}
	f := s.Failing[0]
	d := healthDetails{Message: fmt.Sprintf("%s: %s: %s", f.FullName, f.Status.Name, f.Status.Cause), At: s.Facts.At.UTC().Format(timeFormat)}
	if n := len(s.Failing); n > 1 {
		d.Message = fmt.Sprintf("%d packages fail. %s", n, d.Message)
	}
	if code, err := strconv.ParseUint(strings.TrimPrefix(f.Status.Code, "0x"), 16, 32); err == nil {
		d.ErrorCode = int32(code) //nolint:gosec // an HRESULT: its 32 bits as a signed number
	}
	check.Details = &d
	return check
}

func sessionHostID(site berth.Site, pool, host string) string {
	return poolID(site, pool) + "/sessionhosts/" + host
}
