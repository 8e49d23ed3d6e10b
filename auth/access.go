package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"berth"
)

// accessSlack is how far the clocks of two servers with one key may be apart.
const accessSlack = time.Minute

// AccessKey signs the short-lived access tokens that service principals get for their secrets, and checks them. What else
// must be secret and must not be stored is derived from it. It is safe for many goroutines.
type AccessKey struct {
	key    *ecdsa.PrivateKey
	seed   []byte // what Derive begins with
	id     string // of the key, as tokens and the key set name it
	tenant string
	signer jose.Signer
	now    func() time.Time
}

// Access is what an access token says: a JSON Web Token, RFC 7519.
type Access struct {
	Issuer   string
	Audience string
	ClientID string // of the service principal
	SecretID string // of the secret that it signed in with: without that secret the token is void
	Issued   time.Time
	Expires  time.Time
}

// accessClaims are the claims as they are written. Clients read appid, oid and tid, which Azure's tokens have.
type accessClaims struct {
	jwt.Claims
	AppID    string `json:"appid"`
	ObjectID string `json:"oid"`
	Tenant   string `json:"tid"`
	Version  string `json:"ver"`
	IDType   string `json:"idtyp"`
	Secret   string `json:"berth_secret"`
}

// OpenAccessKey loads token.key (mode 0600) of the folder, and makes one where there is none: ECDSA P-256.
func OpenAccessKey(dir string, random io.Reader, now func() time.Time) (*AccessKey, error) {
	file := filepath.Join(dir, "token.key")
	private, err := readKey(file)
	if errors.Is(err, fs.ErrNotExist) {
		private, err = createKey(file, random)
	}
	if err != nil {
		return nil, fmt.Errorf("key of access tokens %s: %w", file, err)
	}
	return newAccessKey(private, now)
}

func newAccessKey(private crypto.Signer, now func() time.Time) (*AccessKey, error) {
	key, ok := private.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("key of access tokens: a %T, not an ECDSA key", private)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	k := &AccessKey{key: key, now: now}
	if k.seed, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(public)
	k.id = base64.RawURLEncoding.EncodeToString(sum[:20])
	// A UUID of version 8, RFC 9562, section 5.8: what the directory of this installation is called.
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	h := hex.EncodeToString(sum[:16])
	k.tenant = h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	o := (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", k.id)
	k.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, o)
	return k, err
}

// Tenant is the UUID of the installation as a directory: it stays as long as the key.
func (k *AccessKey) Tenant() string { return k.tenant }

// KeySet is the JSON Web Key Set with which others check the tokens: RFC 7517, section 5.
func (k *AccessKey) KeySet() any {
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: k.key.Public(), KeyID: k.id, Algorithm: string(jose.ES256), Use: "sig"}}}
}

// Sign makes the text of a token.
func (k *AccessKey) Sign(a Access) (string, error) {
	return jwt.Signed(k.signer).Claims(accessClaims{
		Claims: jwt.Claims{Issuer: a.Issuer, Subject: a.ClientID, Audience: jwt.Audience{a.Audience}, IssuedAt: jwt.NewNumericDate(a.Issued),
			NotBefore: jwt.NewNumericDate(a.Issued), Expiry: jwt.NewNumericDate(a.Expires)},
		AppID: a.ClientID, ObjectID: a.ClientID, Tenant: k.tenant, Version: "1.0", IDType: "app", Secret: a.SecretID,
	}).Serialize()
}

// ExpiredError says that a token was good until a time.
type ExpiredError struct{ At, Now time.Time }

// Error says both times.
func (e *ExpiredError) Error() string {
	return fmt.Sprintf("the access token expired at %s, it is %s", e.At.Format(time.RFC3339), e.Now.Format(time.RFC3339))
}

// Verify returns what the token says if this key signed it and it is in force. The error is Unauthenticated; that of an
// expired one has an ExpiredError for its cause. Who may use it where is for the caller to judge.
func (k *AccessKey) Verify(text string) (Access, error) {
	invalid := berth.Errorf(berth.Unauthenticated, "the access token is not valid").With("sign in again")
	token, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return Access{}, invalid
	}
	var c accessClaims
	if err := token.Claims(k.key.Public(), &c); err != nil {
		return Access{}, invalid
	}
	if c.Expiry == nil || c.NotBefore == nil || c.IssuedAt == nil || len(c.Audience) != 1 || c.Secret == "" || c.Tenant != k.tenant {
		return Access{}, invalid
	}
	a := Access{Issuer: c.Issuer, Audience: c.Audience[0], ClientID: c.Subject, SecretID: c.Secret, Issued: c.IssuedAt.Time(), Expires: c.Expiry.Time()}
	now := k.now()
	switch {
	case now.Add(accessSlack).Before(c.NotBefore.Time()):
		return Access{}, berth.Errorf(berth.Unauthenticated, "the access token is not valid yet").With("set the clocks of the servers")
	case !now.Before(a.Expires):
		return Access{}, berth.Errorf(berth.Unauthenticated, "%w", &ExpiredError{a.Expires.UTC(), now.UTC()}).With("sign in again")
	}
	return a, nil
}

// Derive returns the 32 bytes of the secret with that id, for a purpose: always the same ones, and known to nobody who has not
// the key. A secret that must be told again is derived and not stored; see SecretText.
func (k *AccessKey) Derive(purpose, id string) ([]byte, error) {
	b, err := hkdf.Key(sha256.New, k.seed, []byte(id), "berth "+purpose, secretBytes)
	if err != nil {
		return nil, fmt.Errorf("deriving a secret: %w", err)
	}
	return b, nil
}
