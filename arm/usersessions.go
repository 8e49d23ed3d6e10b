package arm

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"berth"
	"berth/control"
)

const userSessions = "hostpools/sessionhosts/usersessions"

// longestSession is how long the id of a session may be in a path.
const longestSession = 24

// userSession is UserSession of the specification.
type userSession struct {
	Name       string                `json:"name"`
	ID         string                `json:"id"`
	Type       string                `json:"type"`
	Properties userSessionProperties `json:"properties"`
}

type userSessionProperties struct {
	ObjectID        string `json:"objectId"`
	UserPrincipal   string `json:"userPrincipalName"`
	ApplicationType string `json:"applicationType"`
	SessionState    string `json:"sessionState"`
	DirectoryName   string `json:"activeDirectoryUserName"`
	CreateTime      string `json:"createTime"`
}

// sessionKey is the id of a session as it stands in paths: its own, or one made of it where that is too long.
func sessionKey(s berth.Session) string {
	if len(s.ID) <= longestSession && !strings.Contains(s.ID, "/") {
		return s.ID
	}
	sum := sha256.Sum256([]byte(s.ID))
	return hex.EncodeToString(sum[:longestSession/2])
}

func (c *call) userSession(host string, s berth.Session) userSession {
	id := sessionHostID(c.site, c.pool(), host) + "/usersessions/" + sessionKey(s)
	return userSession{Name: c.pool() + "/" + host + "/" + sessionKey(s), ID: id, Type: provider + "/" + userSessions,
		Properties: userSessionProperties{ObjectID: objectID(id), UserPrincipal: s.User, ApplicationType: "Desktop", SessionState: "Active",
			DirectoryName: s.User, CreateTime: s.Since.UTC().Format(timeFormat)}}
}

// listPoolSessions answers UserSessions_ListByHostPool.
func (h *handler) listPoolSessions(c *call) (answer, error) {
	wanted, err := conditions(parameter(c.URL.Query(), "$filter"))
	if err != nil {
		return answer{}, err
	}
	for _, w := range wanted {
		if w.name != "userprincipalname" && w.name != "sessionstate" && w.name != "state" {
			return answer{}, badFilter("names '" + w.name + "'; use userPrincipalName or sessionState")
		}
	}
	hosts, err := h.farm.SessionHosts(c.Context(), c.site.Name, c.pool())
	if err != nil {
		return answer{}, err
	}
	var entries []entry
	for _, host := range hosts {
		entries = append(entries, c.sessionEntries(host, wanted)...)
	}
	return c.page(entries, "pageSize")
}

// listUserSessions answers UserSessions_List.
func (h *handler) listUserSessions(c *call) (answer, error) {
	host, err := h.farm.SessionHost(c.Context(), c.site.Name, c.pool(), c.names[1])
	if err != nil {
		return answer{}, err
	}
	return c.page(c.sessionEntries(host, nil), "pageSize")
}

func (c *call) sessionEntries(host control.SessionHost, wanted []condition) (entries []entry) {
	for _, s := range host.Facts.Sessions {
		u := c.userSession(host.Host.Name, s)
		fits := true
		for _, w := range wanted {
			is := u.Properties.SessionState
			if w.name == "userprincipalname" {
				is = u.Properties.UserPrincipal
			}
			fits = fits && strings.EqualFold(is, w.value)
		}
		if fits {
			entries = append(entries, entry{berth.Fold(host.Host.Name) + "/" + sessionKey(s), func() (any, error) { return u, nil }})
		}
	}
	return entries
}

// session finds the session of the path.
func (h *handler) session(c *call) (host control.SessionHost, s berth.Session, err error) {
	host, err = h.farm.SessionHost(c.Context(), c.site.Name, c.pool(), c.names[1])
	if err != nil {
		return host, s, err
	}
	for _, s := range host.Facts.Sessions {
		if strings.EqualFold(sessionKey(s), c.names[2]) {
			return host, s, nil
		}
	}
	return host, s, berth.Errorf(berth.NotFound, "host %s has no session %q", host.Host.Name, c.names[2]).On("session")
}

func (h *handler) getUserSession(c *call) (answer, error) {
	host, s, err := h.session(c)
	return answer{status: http.StatusOK, body: c.userSession(host.Host.Name, s)}, err
}

// removeUserSession logs a user off.
func (h *handler) removeUserSession(c *call) (answer, error) {
	if _, err := flag(c.URL.Query(), "force"); err != nil {
		return answer{}, err
	}
	if err := h.farm.Permit(c.Context(), c.site.Name, berth.RoleContributor); err != nil {
		return answer{}, err
	}
	host, s, err := h.session(c)
	if e, ok := asKnown(err); ok && e.Kind == berth.NotFound && e.Field == "session" {
		return answer{status: http.StatusNoContent}, nil
	}
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK}, h.askSession(c, host, control.SessionAsk{Session: s.ID, What: control.LogOff})
}

func (h *handler) disconnectSession(c *call) (answer, error) {
	if err := h.farm.Permit(c.Context(), c.site.Name, berth.RoleContributor); err != nil {
		return answer{}, err
	}
	host, s, err := h.session(c)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK}, h.askSession(c, host, control.SessionAsk{Session: s.ID, What: control.Disconnect})
}

// messageSchema is SendMessage.
var messageSchema = schema{"messagetitle": text, "messagebody": text}

// sendMessage shows a text in a session. The body of the request may be missing; then there is nothing to show.
func (h *handler) sendMessage(c *call) (answer, error) {
	if err := h.farm.Permit(c.Context(), c.site.Name, berth.RoleContributor); err != nil {
		return answer{}, err
	}
	body, err := readBody(c)
	if err != nil {
		return answer{}, err
	}
	ask := control.SessionAsk{What: control.Message}
	if body != nil {
		o, err := messageSchema.read("the body", body)
		if err != nil {
			return answer{}, err
		}
		ask.Title, ask.Body = words(o.get("messageTitle")), words(o.get("messageBody"))
	}
	host, s, err := h.session(c)
	if err != nil {
		return answer{}, err
	}
	if ask.Session = s.ID; ask.Title == "" && ask.Body == "" {
		return answer{status: http.StatusOK}, nil
	}
	return answer{status: http.StatusOK}, h.askSession(c, host, ask)
}

// askSession carries a wish to the host. What the host says no to is an error of Azure Virtual Desktop itself.
func (h *handler) askSession(c *call, host control.SessionHost, ask control.SessionAsk) error {
	err := h.farm.AskSession(c.Context(), c.site.Name, c.pool(), host.Host.Name, ask)
	e, ok := asKnown(err)
	if !ok || (e.Kind != berth.Conflict && e.Kind != berth.Unavailable) {
		return err
	}
	why := e.Error()
	if e.Code != "" {
		why += " (" + e.Code + ")"
	}
	return c.avdFault("The request failed on the Session Host that it was sent to. Session Host: " + host.Host.Name + ", Error: " + why)
}
