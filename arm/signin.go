package arm

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"berth"
	"berth/auth"
)

// Clients are the service principals, which sign in here as at Azure's directory.
type Clients interface {
	// SignInClient returns the principal for its id and one of its secrets, and the secret's id.
	SignInClient(ctx context.Context, id, secret string) (p auth.Principal, secretID string, err error)
	// ClientOf returns the principal that signed in with that secret, with the roles of now.
	ClientOf(ctx context.Context, id, secretID string) (auth.Principal, error)
}

// accessLife is how long an access token lasts, as at Azure.
const accessLife = time.Hour

// maxForm bounds a request for a token.
const maxForm = 64 << 10

const grantClient = "client_credentials"

// azureAudiences are what clients ask a token for who know Azure's own address alone. They are taken beside our own.
var azureAudiences = []string{"management.azure.com", "management.core.windows.net", "management.usgovcloudapi.net",
	"management.core.usgovcloudapi.net", "management.chinacloudapi.cn", "management.core.chinacloudapi.cn"}

// directoryRequest is a request to the directory, which needs no token.
type directoryRequest struct {
	prefix []string // the path of the authority
	what   string   // one of the below
}

const (
	askEndpoints = "endpoints"
	askDiscovery = "discovery"
	askKeys      = "keys"
	askToken     = "token"
	askPerson    = "person" // what would need a person at a browser
)

// directoryOf tells what a path asks the directory for; ok is false where it asks for nothing of it.
func directoryOf(path string) (d directoryRequest, ok bool) {
	var parts []string
	for p := range strings.SplitSeq(strings.ToLower(path), "/") {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if slices.Equal(parts, []string{"metadata", "endpoints"}) {
		return directoryRequest{what: askEndpoints}, true
	}
	for what, ends := range map[string][][]string{
		askDiscovery: {{".well-known", "openid-configuration"}},
		askKeys:      {{"discovery", "keys"}, {"discovery", "v2.0", "keys"}},
		askToken:     {{"oauth2", "token"}, {"oauth2", "v2.0", "token"}},
		askPerson:    {{"oauth2", "authorize"}, {"oauth2", "v2.0", "authorize"}, {"oauth2", "devicecode"}, {"oauth2", "v2.0", "devicecode"}},
	} {
		for _, end := range ends {
			n := len(parts) - len(end)
			if n > 0 && n <= 3 && slices.Equal(parts[n:], end) && isAuthority(parts[:n]) {
				return directoryRequest{parts[:n], what}, true
			}
		}
	}
	return d, false
}

// isAuthority tells whether the path is that of an authority: adfs, a tenant's UUID or a word for any tenant, and behind it
// a tenant again where a client puts one behind the login endpoint that it was given.
func isAuthority(prefix []string) bool {
	first := prefix[0]
	return first == adfs || first == "common" || first == "organizations" || uuidPattern().MatchString(first)
}

// directory answers a request to the directory.
func (h *handler) directory(w http.ResponseWriter, r *http.Request, d directoryRequest) {
	if h.Access == nil {
		h.writeFault(w, r, &fault{status: http.StatusNotFound, code: "InvalidAuthenticationMethod", message: "This server has no sign-in for service principals."})
		return
	}
	if !slices.Contains([]string{adfs, "common", "organizations", h.Access.Tenant(), ""}, append(slices.Clone(d.prefix), "")[0]) {
		h.refuseToken(w, r, &oauthError{http.StatusBadRequest, "invalid_request", 90002, "Tenant '" + d.prefix[0] + "' not found. Use 'adfs' or '" + h.Access.Tenant() + "'.", 0})
		return
	}
	var body any
	method := http.MethodGet
	switch d.what {
	case askEndpoints:
		body = h.cloudEndpoints(r)
	case askDiscovery:
		body = h.discover(r, d.prefix)
	case askKeys:
		body = h.Access.KeySet()
	case askPerson:
		h.refuseToken(w, r, &oauthError{http.StatusBadRequest, "unsupported_grant_type", 70003,
			"Here service principals sign in with a secret; people use Berth's console or command line.", 0})
		return
	case askToken:
		method = http.MethodPost
	}
	if r.Method != method && (method != http.MethodGet || r.Method != http.MethodHead) {
		h.writeFault(w, r, &fault{status: http.StatusMethodNotAllowed, code: "MethodNotAllowed", allow: method, message: "Use " + method + " here."})
		return
	}
	if d.what == askToken {
		h.token(w, r, d.prefix)
		return
	}
	h.sendAny(w, r, http.StatusOK, body)
}

// tokenAnswer is a successful answer: RFC 6749, section 5.1, and what the clients of Azure's first version read.
type tokenAnswer struct {
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	ExtExpires  int    `json:"ext_expires_in"`
	ExpiresOn   string `json:"expires_on"`
	NotBefore   string `json:"not_before"`
	Resource    string `json:"resource"`
	AccessToken string `json:"access_token"`
}

// oauthError is a refusal: RFC 6749, section 5.2, with the numbers by which Azure's clients tell them apart.
type oauthError struct {
	status int
	word   string
	number int
	text   string
	after  time.Duration // when to try again, zero: never
}

// Error returns the words.
func (e *oauthError) Error() string { return e.text }

// token answers a request for an access token.
func (h *handler) token(w http.ResponseWriter, r *http.Request, prefix []string) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	a, err := h.grant(r, prefix)
	if err != nil {
		h.refuseToken(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	h.sendAny(w, r, http.StatusOK, a)
}

// grant signs a service principal in.
func (h *handler) grant(r *http.Request, prefix []string) (a tokenAnswer, err error) {
	if err := r.ParseForm(); err != nil {
		return a, &oauthError{http.StatusBadRequest, "invalid_request", 900144, "The request body is no form: " + err.Error(), 0}
	}
	form := r.PostForm
	if g := form.Get("grant_type"); g != grantClient {
		return a, &oauthError{http.StatusBadRequest, "unsupported_grant_type", 70003, "The grant type '" + g + "' is not supported here; use 'client_credentials'.", 0}
	}
	id, secret, err := clientCredentials(r, form)
	if err != nil {
		return a, err
	}
	audience, err := audienceOf(r, form)
	if err != nil {
		return a, err
	}
	p, secretID, err := h.farm.SignInClient(auth.WithAddress(r.Context(), r.RemoteAddr), id, secret)
	if err != nil {
		return a, err
	}
	now := h.Now()
	ends := now.Add(accessLife)
	a = tokenAnswer{TokenType: "Bearer", ExpiresIn: int(accessLife / time.Second), ExtExpires: int(accessLife / time.Second), Resource: audience,
		ExpiresOn: strconv.FormatInt(ends.Unix(), 10), NotBefore: strconv.FormatInt(now.Unix(), 10)}
	a.AccessToken, err = h.Access.Sign(auth.Access{Issuer: rootOf(r) + "/" + strings.Join(prefix, "/"), Audience: audience, ClientID: p.ID,
		SecretID: secretID, Issued: now, Expires: ends})
	return a, err
}

// clientCredentials reads id and secret from the form, or from the header of RFC 6749, section 2.3.1.
func clientCredentials(r *http.Request, form url.Values) (id, secret string, err error) {
	id, secret = form.Get("client_id"), form.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok && secret == "" {
		u, uerr := url.QueryUnescape(user)
		p, perr := url.QueryUnescape(password)
		if errors.Join(uerr, perr) != nil {
			return "", "", &oauthError{http.StatusUnauthorized, "invalid_client", 7000215, "The Authorization header is not escaped rightly.", 0}
		}
		id, secret = cmp.Or(u, id), p
	}
	switch {
	case id == "":
		return "", "", &oauthError{http.StatusBadRequest, "invalid_request", 900144, "The request body must contain the parameter 'client_id'.", 0}
	case form.Get("client_assertion") != "":
		return "", "", &oauthError{http.StatusUnauthorized, "invalid_client", 700027, "Certificates and assertions of clients are not supported here; use a client secret.", 0}
	case secret == "":
		return "", "", &oauthError{http.StatusUnauthorized, "invalid_client", 7000218, "The request body must contain the parameter 'client_secret'.", 0}
	}
	return id, secret, nil
}

// audienceOf is what the token is asked for: the scope of the second version, less what asks for other things, or the
// resource of the first. Slashes at its end are written as the client did.
func audienceOf(r *http.Request, form url.Values) (string, error) {
	wanted := form.Get("resource")
	for scope := range strings.FieldsSeq(form.Get("scope")) {
		if s, ok := strings.CutSuffix(scope, "/.default"); ok {
			wanted = s
		} else if wanted == "" && strings.Contains(scope, "://") {
			wanted = scope
		}
	}
	if wanted == "" {
		return rootOf(r) + "/", nil
	}
	if !takesAudience(r, wanted) {
		return "", &oauthError{http.StatusBadRequest, "invalid_resource", 500011, "The resource principal named " + wanted +
			" was not found in this directory. Ask for " + rootOf(r) + "/.default.", 0}
	}
	return wanted, nil
}

// takesAudience tells whether a token for the audience is one for this server, by whichever of its names, with or without
// a slash at the end, or one for Azure's own address.
func takesAudience(r *http.Request, audience string) bool {
	u, err := url.Parse(audience)
	if err != nil || u.Host == "" {
		return false
	}
	if strings.EqualFold(u.Host, hostOf(r)) || strings.EqualFold(u.Host, r.Host) {
		return true
	}
	return slices.Contains(azureAudiences, strings.ToLower(u.Hostname()))
}

// refuseToken writes a refusal of the directory.
func (h *handler) refuseToken(w http.ResponseWriter, r *http.Request, err error) {
	e, ok := errors.AsType[*oauthError](err)
	if !ok {
		e = h.oauthErrorOf(r, err)
	}
	if e.after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(e.after/time.Second)))
	}
	id := w.Header().Get(headerRequest)
	number := strconv.Itoa(e.number)
	h.sendAny(w, r, e.status, struct {
		Error         string `json:"error"`
		Description   string `json:"error_description"`
		Codes         []int  `json:"error_codes"`
		Timestamp     string `json:"timestamp"`
		TraceID       string `json:"trace_id"`
		CorrelationID string `json:"correlation_id"`
	}{e.word, "AADSTS" + number + ": " + e.text + " Trace ID: " + id, []int{e.number}, h.Now().UTC().Format("2006-01-02 15:04:05Z"), id,
		cmp.Or(r.Header.Get("client-request-id"), id)})
}

// oauthErrorOf words what the use case refused.
func (h *handler) oauthErrorOf(r *http.Request, err error) *oauthError {
	if limit, ok := errors.AsType[*auth.TooManyError](err); ok {
		return &oauthError{http.StatusTooManyRequests, "temporarily_unavailable", 90055, "Too many failed tries to sign in.", limit.Wait()}
	}
	switch kind := berth.ErrorKind(err); {
	case kind == berth.Unauthenticated:
		return &oauthError{http.StatusUnauthorized, "invalid_client", 7000215, "Invalid client id or client secret provided, or the client is disabled or its secret expired.", 0}
	case kind == berth.Unavailable:
		return &oauthError{http.StatusServiceUnavailable, "temporarily_unavailable", 90033, "A transient error has occurred. Please try again.", time.Second}
	}
	h.Log.ErrorContext(r.Context(), "sign-in of a client failed", "error", err)
	return &oauthError{http.StatusInternalServerError, "server_error", 90019, "The server failed on this request; its log says why.", 0}
}

func (h *handler) sendAny(w http.ResponseWriter, r *http.Request, status int, body any) {
	b, err := encode(body)
	if err != nil {
		h.writeFault(w, r, err)
		return
	}
	if r.Method == http.MethodHead {
		b = nil
	}
	send(w, status, b)
}

// authenticate turns a bearer token into its principal: an access token of a service principal, or one of Berth's own.
func (h *handler) authenticate(r *http.Request, token string) (auth.Principal, error) {
	if h.Access == nil || strings.Count(token, ".") != 2 {
		return h.Authenticate(r.Context(), token)
	}
	a, err := h.Access.Verify(token)
	if expired, ok := errors.AsType[*auth.ExpiredError](err); ok {
		const layout = "1/2/2006 3:04:05 PM"
		return auth.Principal{}, &fault{status: http.StatusUnauthorized, code: "ExpiredAuthenticationToken", message: "The access token expiry UTC time '" +
			expired.At.Format(layout) + "' is earlier than current UTC time '" + expired.Now.Format(layout) + "'."}
	}
	if err != nil {
		return auth.Principal{}, &fault{status: http.StatusUnauthorized, code: "InvalidAuthenticationToken", message: "The access token is invalid."}
	}
	if !takesAudience(r, a.Audience) {
		return auth.Principal{}, &fault{status: http.StatusUnauthorized, code: "InvalidAuthenticationTokenAudience",
			message: "The access token has been obtained for wrong audience or resource '" + a.Audience +
				"'. It should exactly match with one of the allowed audiences '" + rootOf(r) + "/','" + rootOf(r) + "'."}
	}
	return h.farm.ClientOf(r.Context(), a.ClientID, a.SecretID)
}
