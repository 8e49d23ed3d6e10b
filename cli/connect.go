package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"berth"
	"berth/client"
)

// connection says which server, as whom and for which site. One value each for the flags and for the environment; a
// context of the file fills what neither says.
type connection struct {
	server, token, ca, fingerprint, site string
	context, bootstrap                   string
}

func (c *connection) flags(f *pflag.FlagSet) {
	f.StringVar(&c.server, "server", "", "`URL` of the server, https://HOST:PORT (BERTH_SERVER)")
	f.StringVar(&c.token, "token", "", "API `TOKEN`, or - to read it from standard input (BERTH_TOKEN)")
	f.StringVar(&c.ca, "ca", "", "PEM `FILE` with the certificate to trust as the server's (BERTH_CA)")
	f.StringVar(&c.fingerprint, "fingerprint", "", "trust the server by the `FINGERPRINT` of its certificate, sha256:…, instead of --ca (BERTH_FINGERPRINT)")
	f.StringVar(&c.site, "site", "", "`SITE` to work in; needed only where there are several (BERTH_SITE)")
	f.StringVar(&c.context, "context", "", "`NAME` of the saved context to use (BERTH_CONTEXT)")
	f.StringVar(&c.bootstrap, "bootstrap", "", "bootstrap `FILE` that a server wrote, used as a context (BERTH_BOOTSTRAP)")
}

func (p *program) environment() connection {
	return connection{server: p.Env("BERTH_SERVER"), token: p.Env("BERTH_TOKEN"), ca: p.Env("BERTH_CA"),
		fingerprint: p.Env("BERTH_FINGERPRINT"), site: p.Env("BERTH_SITE"), context: p.Env("BERTH_CONTEXT"),
		bootstrap: p.Env("BERTH_BOOTSTRAP")}
}

// resolve puts flags, environment and context together; the first that says something counts.
func (p *program) resolve() (savedContext, error) {
	base, err := p.base()
	if err != nil {
		return base, err
	}
	for _, over := range []connection{p.environment(), p.conn} {
		if base, err = p.lay(base, over); err != nil {
			return base, err
		}
	}
	base.told = p.tell()
	return base, nil
}

// base is the context to start from: named by a flag, else by the environment, else the one in use.
func (p *program) base() (savedContext, error) {
	if p.conn.context != "" && p.conn.bootstrap != "" {
		return savedContext{}, usage("context", "use one of them", "--context and --bootstrap exclude each other")
	}
	for _, c := range []connection{p.conn, p.environment()} {
		switch {
		case c.bootstrap != "":
			return readBootstrap(c.bootstrap)
		case c.context != "":
			file, err := p.readContexts()
			if err != nil {
				return savedContext{}, err
			}
			return file.find(c.context)
		}
	}
	file, err := p.readContexts()
	if err != nil || file.Current == "" {
		return savedContext{}, err
	}
	return file.find(file.Current)
}

// lay puts what over says on top of base. Another server gets nothing that was meant for the one of the context: not its
// token, above all.
func (p *program) lay(base savedContext, over connection) (savedContext, error) {
	if over.server != "" && strings.TrimSuffix(over.server, "/") != strings.TrimSuffix(base.Server, "/") {
		base = savedContext{Server: over.server}
	}
	base.Site = cmp.Or(over.site, base.Site)
	if over.token != "" {
		token, err := p.secret(over.token)
		if err != nil {
			return base, err
		}
		base.Token = token
	}
	if over.fingerprint != "" {
		base.Fingerprint, base.CA = over.fingerprint, ""
	}
	if over.ca != "" {
		pem, err := readText("ca", over.ca)
		if err != nil {
			return base, err
		}
		base.CA, base.Fingerprint = pem, ""
	}
	return base, nil
}

// readBootstrap reads the file that a server writes for those who start it.
func readBootstrap(path string) (savedContext, error) {
	text, err := readText("bootstrap", path)
	if err != nil {
		return savedContext{}, err
	}
	var b struct {
		URL         string `json:"url"`
		CAFile      string `json:"caFile"`
		Fingerprint string `json:"fingerprint"`
		Token       string `json:"token"`
		Site        string `json:"site"`
	}
	if err := json.Unmarshal([]byte(text), &b); err != nil || b.URL == "" {
		return savedContext{}, berth.Errorf(berth.Invalid, "%s is no bootstrap file of a server", path).On("bootstrap").
			With("it must be JSON with url, caFile and token")
	}
	c := savedContext{Name: "bootstrap", Server: b.URL, Token: b.Token, Site: b.Site, Fingerprint: b.Fingerprint}
	if b.CAFile == "" {
		return c, nil
	}
	if !filepath.IsAbs(b.CAFile) {
		b.CAFile = filepath.Join(filepath.Dir(path), b.CAFile)
	}
	c.CA, err = readText("caFile", b.CAFile)
	c.Fingerprint = ""
	return c, err
}

// readText reads a file that a flag or another file names.
func readText(field, path string) (string, error) {
	b, err := os.ReadFile(path)
	if err == nil {
		return string(b), nil
	}
	kind := berth.Invalid
	if os.IsNotExist(err) {
		kind = berth.NotFound
	}
	return "", berth.Errorf(kind, "%s: %w", path, reason(err)).On(field)
}

// connect returns a client of the server, without asking for the site.
func (p *program) connect() (*client.Client, error) {
	c, err := p.resolve()
	if err != nil {
		return nil, err
	}
	return c.client()
}

// connectSite returns a client for a site: the one named, or the only one that the caller sees.
func (p *program) connectSite(ctx context.Context) (*client.Client, error) {
	c, err := p.connect()
	if err == nil && p.dryRun {
		c = c.Rehearsing()
	}
	if err != nil || c.Site != "" {
		return c, err
	}
	sites, err := c.Sites(ctx)
	if err != nil {
		return nil, err
	}
	names := namesOf(sites, func(s berth.Site) string { return s.Name })
	switch len(sites) {
	case 0:
		return nil, berth.Errorf(berth.NotFound, "you see no site on %s", c.Server).On("site").With("ask an owner for a token of your site")
	case 1:
		c.Site = names[0]
		return c, nil
	}
	return nil, usage("site", "add --site: "+strings.Join(names, ", "), "there are %d sites", len(sites))
}
