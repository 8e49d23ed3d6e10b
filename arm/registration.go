package arm

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"berth/control"
)

// Registrations are the tokens with which agents enrol into a host pool.
type Registrations interface {
	// NewRegistrationToken makes a pool's token, in place of the one of before.
	NewRegistrationToken(ctx context.Context, site, pool string, expires time.Time) (control.RegistrationToken, error)
	// RegistrationTokens returns the tokens that are in force, the newest first.
	RegistrationTokens(ctx context.Context, site, pool string) ([]control.RegistrationToken, error)
	// EndRegistrationTokens revokes a pool's tokens.
	EndRegistrationTokens(ctx context.Context, site, pool string) error
	// CheckRegistration says whether the caller may do these things, and whether a token may expire then.
	CheckRegistration(ctx context.Context, site string, expires time.Time) error
}

const memberRegistration = "registrationInfo"

// registrationInfo is RegistrationInfo of the specification.
type registrationInfo struct {
	ExpirationTime *string `json:"expirationTime"`
	Token          *string `json:"token"`
	Operation      string  `json:"registrationTokenOperation"`
}

// registration is what a PUT or PATCH of a host pool wants of its token.
type registration struct {
	operation string // Update, Delete or None
	expires   time.Time
}

// registrationOf reads the wish out of a host pool's properties, and takes the token out of what is kept: a client may send
// back the one that it got.
func registrationOf(sent object) (object, registration, error) {
	var none registration
	properties, err := propertiesOf(sent)
	value := properties.get(memberRegistration)
	if err != nil || isNull(value) {
		return sent, none, err
	}
	path := memberProperties + "." + memberRegistration
	info, err := parseObject(value)
	if err != nil {
		return nil, none, badContent(path, path+" "+err.Error())
	}
	r := registration{operation: words(info.get("registrationTokenOperation"))}
	kept, err := encode(info.without("token"))
	if err != nil {
		return nil, none, err
	}
	inner, err := encode(properties.with(memberRegistration, kept))
	if err != nil {
		return nil, none, err
	}
	sent = sent.with(memberProperties, inner)
	switch strings.ToLower(r.operation) {
	case "", "none":
		return sent, none, nil
	case "delete", "update":
	default:
		return nil, none, badContent(path+".registrationTokenOperation", path+".registrationTokenOperation must be one of Delete, None, Update")
	}
	r.operation = strings.ToLower(r.operation)
	if r.operation == "update" {
		at := info.get("expirationTime")
		if isNull(at) {
			return nil, none, badContent(path+".expirationTime", path+".expirationTime is required to update the token")
		}
		r.expires, err = timeOf(words(at))
	}
	return sent, r, err
}

// timeOf reads a moment that passed its check; without a time zone it is UTC.
func timeOf(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		at, err = time.Parse("2006-01-02T15:04:05", text)
	}
	return at, err
}

// registerPool does to the pool's token what was wanted; nil when nothing was, or nothing is to be shown.
func (h *handler) registerPool(c *call, r registration) (*registrationInfo, error) {
	switch r.operation {
	case "update":
		t, err := h.farm.NewRegistrationToken(c.Context(), c.site.Name, c.pool(), r.expires)
		if err != nil {
			return nil, err
		}
		info := infoOf(t)
		info.Operation = "Update"
		return &info, nil
	case "delete":
		return nil, h.farm.EndRegistrationTokens(c.Context(), c.site.Name, c.pool())
	}
	return nil, nil //nolint:nilnil // there is nothing to show
}

func infoOf(t control.RegistrationToken) registrationInfo {
	at := t.ExpiresAt.UTC().Format(timeFormat)
	return registrationInfo{ExpirationTime: &at, Token: &t.Text, Operation: "None"}
}

// withRegistration puts a token that was just made into what the client is shown.
func withRegistration(o object, info *registrationInfo) (object, error) {
	if info == nil {
		return o, nil
	}
	properties, err := propertiesOf(o)
	if err != nil {
		return nil, err
	}
	shown, err := parseOr(properties.get(memberRegistration))
	if err != nil {
		return nil, err
	}
	if isNull(shown.get("expirationTime")) {
		shown = shown.with("expirationTime", quote(*info.ExpirationTime))
	}
	value, err := encode(shown.with("token", quote(*info.Token)))
	if err != nil {
		return nil, err
	}
	inner, err := encode(properties.with(memberRegistration, value))
	return o.with(memberProperties, inner), err
}

// parseOr is parseObject, with an empty object for nothing.
func parseOr(value json.RawMessage) (object, error) {
	if isNull(value) {
		return nil, nil
	}
	return parseObject(value)
}

// retrieveToken answers HostPools_RetrieveRegistrationToken: the token in force, or none.
func (h *handler) retrieveToken(c *call) (answer, error) {
	tokens, err := h.farm.RegistrationTokens(c.Context(), c.site.Name, c.pool())
	if err != nil {
		return answer{}, err
	}
	info := registrationInfo{Operation: "None"}
	if len(tokens) > 0 {
		info = infoOf(tokens[0])
	}
	return answer{status: http.StatusOK, body: info}, nil
}

// registrationToken is RegistrationTokenMinimal of the specification.
type registrationToken struct {
	ExpirationTime string `json:"expirationTime"`
	Token          string `json:"token"`
}

// listTokens answers HostPools_ListRegistrationTokens.
func (h *handler) listTokens(c *call) (answer, error) {
	tokens, err := h.farm.RegistrationTokens(c.Context(), c.site.Name, c.pool())
	out := struct {
		Value []registrationToken `json:"value"`
	}{[]registrationToken{}}
	for _, t := range tokens {
		out.Value = append(out.Value, registrationToken{t.ExpiresAt.UTC().Format(timeFormat), t.Text})
	}
	return answer{status: http.StatusOK, body: out}, err
}
