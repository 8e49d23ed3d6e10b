package share

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"github.com/cloudsoda/go-smb2"
	"github.com/jcmturner/gokrb5/v8/client"
	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/credentials"
	"github.com/jcmturner/gokrb5/v8/keytab"
)

// Kerberos is how to get tickets for a file server: by a keytab, or by a cache that something else keeps filled (kinit), or
// by the password of the Login.
type Kerberos struct {
	Realm  string `json:"realm,omitempty"`  // empty: the default of the configuration
	Config string `json:"config,omitempty"` // krb5.conf(5); empty: $KRB5_CONFIG, then /etc/krb5.conf
	Keytab string `json:"keytab,omitempty"` // file with the key of the Login's user
	Cache  string `json:"cache,omitempty"`  // file with tickets; the Login needs no user then
	SPN    string `json:"spn,omitempty"`    // of the server; empty: cifs/SERVER
}

// initiator is who signs in to a server, and what to do when that is done.
func (l Login) initiator() (who smb2.Initiator, done func(), err error) {
	if l.Kerberos == nil {
		return &smb2.NTLMInitiator{User: l.User, Password: l.Password, Domain: l.Domain, TargetSPN: "cifs/" + l.Server}, func() {}, nil
	}
	c, err := l.Kerberos.client(l)
	if err != nil {
		return nil, nil, err
	}
	return &smb2.Krb5Initiator{Client: c, TargetSPN: cmp.Or(l.Kerberos.SPN, "cifs/"+l.Server)}, c.Destroy, nil
}

// client gets a ticket-granting ticket, or takes the one in the cache.
func (k *Kerberos) client(l Login) (*client.Client, error) {
	conf, err := config.Load(cmp.Or(k.Config, os.Getenv("KRB5_CONFIG"), "/etc/krb5.conf"))
	if unsupported := (config.UnsupportedDirective{}); err != nil && !errors.As(err, &unsupported) {
		return nil, fmt.Errorf("the configuration of Kerberos cannot be read: %v", err) //nolint:errorlint // it is not the image that is not there
	}
	if k.Cache != "" {
		cache, err := credentials.LoadCCache(k.Cache)
		if err != nil {
			return nil, fmt.Errorf("the cache of tickets %s cannot be read: %v", k.Cache, err) //nolint:errorlint // it is not the image that is not there
		}
		c, err := client.NewFromCCache(cache, conf, client.DisablePAFXFAST(true))
		if err != nil {
			return nil, fmt.Errorf("the cache %s holds no ticket that can be used: %w", k.Cache, err)
		}
		return c, nil
	}
	c, err := k.login(l, conf)
	if err == nil {
		err = c.Login()
	}
	if err != nil {
		return nil, fmt.Errorf("no ticket for %s: %w", l.User, err)
	}
	return c, nil
}

func (k *Kerberos) login(l Login, conf *config.Config) (*client.Client, error) {
	realm := cmp.Or(k.Realm, conf.LibDefaults.DefaultRealm)
	if k.Keytab == "" {
		return client.NewWithPassword(l.User, realm, l.Password, conf, client.DisablePAFXFAST(true)), nil
	}
	keys, err := keytab.Load(k.Keytab)
	if err != nil {
		return nil, fmt.Errorf("the keytab %s cannot be read: %v", k.Keytab, err) //nolint:errorlint // it is not the image that is not there
	}
	return client.NewWithKeytab(l.User, realm, keys, conf, client.DisablePAFXFAST(true)), nil
}
