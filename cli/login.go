package cli

import (
	"bufio"
	"cmp"
	"context"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"berth"
	"berth/client"
)

func (p *program) loginCommand() *cobra.Command {
	var name, user string
	var stdin bool
	c := p.command(verb{use: "login", short: "Sign in to a server and remember it",
		long: `Sign in to a server with an API token. The token is tried, then saved with the server's address as a context that only
you can read. The new context is in use from then on.`,
		example: `  berth login --server https://berth.example:8443 --token TOKEN --fingerprint sha256:…
  berth login --server https://berth.example:8443 --token - --ca berth-ca.pem < token.txt
  berth login --server https://berth.example:8443 --user olga`,
		run: func(ctx context.Context, _ []string) error { return p.login(ctx, name, user, stdin) }})
	c.Flags().StringVar(&name, "name", "", "`NAME` of the context (default: the server's name)")
	c.Flags().StringVar(&user, "user", "", "sign in as the user `NAME` with a password, instead of a token")
	passwordFlag(c, &stdin)
	return c
}

func (p *program) login(ctx context.Context, name, user string, stdin bool) error {
	c, err := p.resolve()
	if err != nil {
		return err
	}
	if user != "" {
		if c, err = p.signIn(ctx, c, user, stdin); err != nil {
			return err
		}
	}
	if c.Token == "" && c.Server != "" {
		return usage("token", "add --token TOKEN, or --token - to read it from standard input", "a token is needed to sign in")
	}
	server, err := c.client()
	if err != nil {
		return err
	}
	who, err := server.WhoAmI(ctx)
	if err != nil {
		return err
	}
	c.Name = cmp.Or(name, p.conn.context, hostOf(c.Server))
	file, err := p.readContexts()
	if err != nil {
		return err
	}
	file.put(c)
	file.Current = c.Name
	if err := p.writeContexts(file); err != nil {
		return err
	}
	p.note("signed in to %s as %s (%s); context %s is in use", c.Server, who.Name, who.Role, c.Name)
	return nil
}

func hostOf(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server
	}
	return u.Hostname()
}

// secret returns the token, or the first line of standard input for "-": a command line can be seen by others.
func (p *program) secret(token string) (string, error) {
	if token != "-" {
		return token, nil
	}
	line, err := bufio.NewReader(io.LimitReader(p.In, 4096)).ReadString('\n')
	if line = strings.TrimSpace(line); line == "" || (err != nil && err != io.EOF) {
		return "", usage("token", "write it as one line", "standard input holds no token")
	}
	return line, nil
}

func (p *program) logoutCommand() *cobra.Command {
	return p.command(verb{use: "logout", short: "Forget the saved token of a context",
		long:    "Forget the token of the context in use, or of the one that --context names. The token stays valid until an owner revokes it\nwith `berth token revoke`.",
		example: "  berth logout",
		run: func(context.Context, []string) error {
			file, err := p.readContexts()
			if err != nil {
				return err
			}
			c, err := file.find(cmp.Or(p.conn.context, p.Env("BERTH_CONTEXT"), file.Current))
			if err != nil {
				return err
			}
			c.Token = ""
			file.put(c)
			p.note("signed out of %s; the token itself stays valid until it is revoked", c.Server)
			return p.writeContexts(file)
		}})
}

// whoView is who the caller is, and on which server.
type whoView struct {
	client.Who
	Server string `json:"server"`
}

func (p *program) whoamiCommand() *cobra.Command {
	return p.command(verb{use: "whoami", short: "Show who you are signed in as", example: "  berth whoami",
		run: func(ctx context.Context, _ []string) error {
			c, err := p.connect()
			if err != nil {
				return err
			}
			who, err := c.WhoAmI(ctx)
			if err != nil {
				return err
			}
			return p.show(result{value: whoView{who, c.Server}, names: []string{who.Name}, table: func(t *table) {
				t.fact("Name", who.Name)
				t.fact("Kind", who.Kind)
				t.fact("Role", string(who.Role))
				t.fact("Site", cmp.Or(who.Site, "every site"))
				t.fact("Server", c.Server)
			}})
		}})
}

func (p *program) contextCommand() *cobra.Command {
	list := p.command(verb{use: "list", short: "List the saved contexts", example: "  berth context list",
		run: func(context.Context, []string) error { return p.listContexts() }})
	add := p.command(verb{use: "add NAME", short: "Save a server under a name without signing in",
		long: `Save the server that --server names, with --token, --ca, --fingerprint and --site where they are given. Nothing is asked of
the server; berth login tries the token first. The context in use stays, unless there was none.`,
		example: "  berth context add test --server https://berth-test.example:8443 --ca berth-ca.pem --site lab",
		args:    cobra.ExactArgs(1), run: func(_ context.Context, args []string) error { return p.addContext(args[0]) }})
	use := p.command(verb{use: "use NAME", short: "Use this context from now on", example: "  berth context use production",
		args: cobra.ExactArgs(1), run: func(_ context.Context, args []string) error {
			return p.editContexts(args[0], func(f *contextFile, i int) {
				f.Current = f.Contexts[i].Name
				p.note("context %s is in use", f.Current)
			})
		}})
	remove := p.command(verb{use: "remove NAME", short: "Forget a context and its token", example: "  berth context remove test",
		args: cobra.ExactArgs(1), run: func(_ context.Context, args []string) error {
			return p.editContexts(args[0], func(f *contextFile, i int) {
				if berth.Fold(f.Current) == berth.Fold(args[0]) {
					f.Current = ""
				}
				f.Contexts = slices.Delete(f.Contexts, i, i+1)
				p.note("context %s is forgotten", args[0])
			})
		}})
	return noun("context", "Switch between the servers that you signed in to",
		"A context is a server with your sign-in to it, saved by `berth login`. One is in use; --context uses another.", p.listing(list), add, use, remove)
}

func (p *program) addContext(name string) error {
	p.conn.context = "" // what is in use is not what the new one begins with
	c, err := p.lay(savedContext{}, p.environment())
	if err == nil {
		c, err = p.lay(c, p.conn)
	}
	if err != nil {
		return err
	}
	if _, err := c.client(); err != nil {
		return err
	}
	file, err := p.readContexts()
	if err != nil {
		return err
	}
	c.Name = name
	file.put(c)
	file.Current = cmp.Or(file.Current, name)
	if err := p.writeContexts(file); err != nil {
		return err
	}
	p.note("context %s is saved; context %s is in use", name, file.Current)
	return nil
}

func (p *program) editContexts(name string, edit func(f *contextFile, i int)) error {
	file, err := p.readContexts()
	if err != nil {
		return err
	}
	if _, err := file.find(name); err != nil {
		return err
	}
	edit(&file, file.index(name))
	return p.writeContexts(file)
}

// contextView is a context without its secret.
type contextView struct {
	Name     string `json:"name"`
	Server   string `json:"server"`
	Site     string `json:"site,omitempty"`
	Current  bool   `json:"current"`
	SignedIn bool   `json:"signedIn"` // a token is saved; whether it is still valid only the server knows
}

func (p *program) listContexts() error {
	file, err := p.readContexts()
	if err != nil {
		return err
	}
	views := []contextView{}
	for _, c := range file.Contexts {
		views = append(views, contextView{c.Name, c.Server, c.Site, berth.Fold(c.Name) == berth.Fold(file.Current), c.Token != ""})
	}
	if views, err = arrange(p, views); err != nil {
		return err
	}
	none := "no contexts; sign in with `berth login --server https://HOST:PORT --token TOKEN`"
	return p.show(result{value: views, names: namesOf(views, func(v contextView) string { return v.Name }), empty: none, table: func(t *table) {
		t.columns("NAME", "SERVER", "SITE", "IN USE", "SIGNED IN")
		for _, v := range views {
			t.row(v.Name, v.Server, v.Site, yesNo(v.Current), yesNo(v.SignedIn))
		}
	}})
}
