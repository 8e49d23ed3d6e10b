package arm

import (
	"net/http"
	"strings"
)

// endpoints are what a client is told about a cloud: it learns from here where everything else is. Everything is here:
// clients refuse an entry that is empty, and one that names another host would lead them into the internet.
type endpoints struct {
	Portal                   string            `json:"portal"`
	Authentication           authentication    `json:"authentication"`
	Media                    string            `json:"media"`
	GraphAudience            string            `json:"graphAudience"`
	Graph                    string            `json:"graph"`
	Name                     string            `json:"name"`
	Suffixes                 map[string]string `json:"suffixes"`
	Batch                    string            `json:"batch"`
	ResourceManager          string            `json:"resourceManager"`
	VMImageAliasDoc          string            `json:"vmImageAliasDoc"`
	SQLManagement            string            `json:"sqlManagement"`
	MicrosoftGraphResourceID string            `json:"microsoftGraphResourceId"`
	ActiveDirectoryDataLake  string            `json:"activeDirectoryDataLake"`
	Gallery                  string            `json:"gallery"`
	AttestationResourceID    string            `json:"attestationResourceId"`
	LogAnalyticsResourceID   string            `json:"logAnalyticsResourceId"`
	SynapseAnalyticsID       string            `json:"synapseAnalyticsResourceId"`
	OSSRDBMSResourceID       string            `json:"ossrDbmsResourceId"`
}

type authentication struct {
	LoginEndpoint    string   `json:"loginEndpoint"`
	Audiences        []string `json:"audiences"`
	Tenant           string   `json:"tenant"`
	IdentityProvider string   `json:"identityProvider"`
}

// oldEndpoints is the form of api-version 2015-01-01 and 1.0, which Azure CLI and PowerShell ask a private cloud for.
type oldEndpoints struct {
	GalleryEndpoint string         `json:"galleryEndpoint"`
	GraphEndpoint   string         `json:"graphEndpoint"`
	PortalEndpoint  string         `json:"portalEndpoint"`
	Authentication  authentication `json:"authentication"`
}

// adfs is the directory whose authority clients use without asking Microsoft's about it: that of Active Directory
// Federation Services, which private clouds have.
const adfs = "adfs"

// cloudEndpoints answers GET /metadata/endpoints, to anybody. The form depends on the api-version.
func (h *handler) cloudEndpoints(r *http.Request) any {
	root := rootOf(r)
	a := authentication{LoginEndpoint: root + "/" + adfs, Audiences: []string{root + "/", root}, Tenant: adfs, IdentityProvider: "ADFS"}
	version := strings.ToLower(parameter(r.URL.Query(), "api-version"))
	if version == "2015-01-01" || version == "1.0" || version == "" {
		return oldEndpoints{root + "/", root + "/", root + "/", a}
	}
	host := hostOf(r)
	e := endpoints{
		Portal: root + "/", Authentication: a, Media: root + "/", GraphAudience: root + "/", Graph: root + "/", Name: "Berth",
		Suffixes: map[string]string{"storage": host, "keyVaultDns": host, "sqlServerHostname": host, "acrLoginServer": host,
			"azureDataLakeStoreFileSystem": host, "azureDataLakeAnalyticsCatalogAndJob": host, "mysqlServerEndpoint": host,
			"postgresqlServerEndpoint": host, "mariadbServerEndpoint": host, "storageSyncEndpointSuffix": host, "mhsmDns": host,
			"synapseAnalytics": host, "attestationEndpoint": host},
		Batch: root + "/", ResourceManager: root + "/", VMImageAliasDoc: root + "/", SQLManagement: root + "/",
		MicrosoftGraphResourceID: root + "/", ActiveDirectoryDataLake: root + "/", Gallery: root + "/", AttestationResourceID: root + "/",
		LogAnalyticsResourceID: root + "/", SynapseAnalyticsID: root + "/", OSSRDBMSResourceID: root + "/",
	}
	if version < "2022-09-01" {
		return []endpoints{e}
	}
	return e
}

// discovery is an authority's description of itself: OpenID Connect Discovery 1.0, section 3.
type discovery struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	DeviceEndpoint        string   `json:"device_authorization_endpoint"`
	JWKSURI               string   `json:"jwks_uri"`
	GrantTypes            []string `json:"grant_types_supported"`
	TokenEndpointMethods  []string `json:"token_endpoint_auth_methods_supported"`
	ResponseTypes         []string `json:"response_types_supported"`
	ResponseModes         []string `json:"response_modes_supported"`
	SubjectTypes          []string `json:"subject_types_supported"`
	IDTokenAlgorithms     []string `json:"id_token_signing_alg_values_supported"`
	Scopes                []string `json:"scopes_supported"`
	Claims                []string `json:"claims_supported"`
}

// discover describes the authority whose path is the prefix, such as adfs or {tenant}/v2.0. Issuer and endpoints stay below
// that prefix: clients compare them with the authority that they were given.
func (h *handler) discover(r *http.Request, prefix []string) any {
	root := rootOf(r)
	issuer := root + "/" + strings.Join(prefix, "/")
	base, v2 := strings.CutSuffix(issuer, "/v2.0")
	oauth := base + "/oauth2/v2.0/"
	if !v2 && strings.EqualFold(prefix[0], adfs) {
		oauth = base + "/oauth2/"
	}
	return discovery{
		Issuer: issuer, AuthorizationEndpoint: oauth + "authorize", TokenEndpoint: oauth + "token", DeviceEndpoint: oauth + "devicecode",
		JWKSURI: base + "/discovery/keys", GrantTypes: []string{grantClient}, TokenEndpointMethods: []string{"client_secret_post", "client_secret_basic"},
		ResponseTypes: []string{"code"}, ResponseModes: []string{"query"}, SubjectTypes: []string{"pairwise"}, IDTokenAlgorithms: []string{"ES256"},
		Scopes: []string{"openid"}, Claims: []string{"iss", "aud", "sub", "appid", "oid", "tid", "iat", "nbf", "exp"},
	}
}

// rootOf is the address by which the client reached the server, without a slash at its end. A proxy in front says by which
// scheme and host that was.
func rootOf(r *http.Request) string { return schemeOf(r) + "://" + hostOf(r) }

func hostOf(r *http.Request) string {
	first, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Host"), ",")
	if first = strings.TrimSpace(first); first != "" && r.TLS == nil {
		return first
	}
	return r.Host
}

func schemeOf(r *http.Request) string {
	if r.TLS == nil && !strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		return "http"
	}
	return "https"
}
