package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"berth"
	"berth/wire"
)

func (p *program) tokenCommand() *cobra.Command {
	list := p.command(verb{use: "list", short: "List the API tokens, without their secrets", example: "  berth token list",
		run: func(ctx context.Context, _ []string) error {
			c, err := p.connect()
			if err != nil {
				return err
			}
			cs, err := c.Tokens(ctx)
			if err != nil {
				return err
			}
			if cs, err = arrange(p, cs); err != nil {
				return err
			}
			return p.showCredentials(cs, "no API tokens; make one with `berth token create NAME --role ROLE`")
		}})
	return noun("token", "Create and revoke API tokens",
		`Administrators and programs sign in with API tokens. A token has a role: a reader sees everything, a contributor also changes
packages, assignments, pools and hosts, and an owner also makes tokens, enrolment keys and sites.`,
		p.tokenCreate(), p.listing(list), p.revokeCommand("API tokens", "TOKEN-ID", "berth token revoke 3f2a91c0"))
}

func (p *program) tokenCreate() *cobra.Command {
	var in wire.CreateToken
	var role string
	c := p.command(verb{use: "create NAME --role ROLE", short: "Create an API token; its secret is shown only once",
		long:    "Create an API token and write its secret to standard output. It is not shown again. With --site, or a site of the context,\nthe token is for that site only; --site \"*\" makes it for all sites.",
		example: "  berth token create deploy-pipeline --role contributor --days 90", args: cobra.ExactArgs(1),
		run: func(ctx context.Context, args []string) error {
			r, err := berth.ParseRole(role)
			if err != nil {
				return coded{err, ExitUsage}
			}
			c, err := p.connect()
			if err != nil {
				return err
			}
			in.Name, in.Role, in.Site = args[0], r, c.Site
			if in.Site == "*" {
				in.Site = ""
			}
			s, err := c.CreateToken(ctx, in)
			if err != nil {
				return err
			}
			p.note("token %s: role %s in %s; keep the secret, it is not shown again", s.ID, s.Role, cmp.Or(s.Site, "every site"))
			return p.showSecret(s)
		}})
	c.Flags().StringVar(&role, "role", "", "`ROLE`: owner, contributor or reader")
	c.Flags().IntVar(&in.Days, "days", 0, "how many days it is valid; 0 is until it is revoked")
	_ = c.MarkFlagRequired("role") // it exists: two lines above
	return c
}

// showSecret writes the secret alone, so that $(berth token create …) is the token.
func (p *program) showSecret(s wire.Secret) error {
	if p.bare() {
		_, err := fmt.Fprintln(p.Out, s.Text)
		return err
	}
	return p.show(result{value: s, names: []string{s.ID}})
}

func (p *program) enrollKeyCommand() *cobra.Command {
	list := p.command(verb{use: "list", short: "List the enrolment keys, without their secrets", example: "  berth enroll-key list",
		run: func(ctx context.Context, _ []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			cs, err := c.EnrollKeys(ctx)
			if err != nil {
				return err
			}
			if cs, err = arrange(p, cs); err != nil {
				return err
			}
			return p.showCredentials(cs, "no enrolment keys; make one with `berth enroll-key create --kind KIND`")
		}})
	return noun("enroll-key", "Create and revoke the keys that hosts enrol with",
		"An agent shows its key once, to make its machine a host of the site: see \"berth agent enroll\".", p.enrollKeyCreate(), p.listing(list), p.revokeCommand("enrolment keys", "KEY-ID", "berth enroll-key revoke 3f2a91c0"))
}

func (p *program) enrollKeyCreate() *cobra.Command {
	var in wire.CreateEnrollKey
	var kind string
	c := p.command(verb{use: "create --kind KIND", short: "Create an enrolment key; its secret is shown only once",
		long:    "Create a key with which agents enrol as hosts of a kind, and write its secret to standard output. It is not shown again.",
		example: "  berth enroll-key create --kind rdsh --pool Accounting --uses 5",
		run: func(ctx context.Context, _ []string) error {
			k, err := hostKind(kind)
			if err != nil {
				return err
			}
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			in.Kind = k
			s, err := c.CreateEnrollKey(ctx, in)
			if err != nil {
				return err
			}
			p.note("enrolment key %s: valid until %s; keep the secret, it is not shown again", s.ID, s.ExpiresAt.UTC().Format(time.DateTime))
			return p.showSecret(s)
		}})
	c.Flags().StringVar(&kind, "kind", "", "`KIND` of the hosts: rdsh, vdi or avd")
	c.Flags().StringVar(&in.Pool, "pool", "", "`POOL` that the hosts join")
	c.Flags().IntVar(&in.MaxUses, "uses", 1, "how many hosts may use it; -1 for any number")
	c.Flags().IntVar(&in.Hours, "hours", 24, "how many hours it is valid")
	c.Flags().StringVar(&in.Name, "name", "", "`NAME` to know it by: what it is for")
	_ = c.MarkFlagRequired("kind") // it exists: five lines above
	return c
}

func (p *program) revokeCommand(what, arg, example string) *cobra.Command {
	return p.command(verb{use: "revoke " + arg + "...", short: "Revoke " + what + ", at once", example: "  " + example, args: cobra.MinimumNArgs(1),
		run: func(ctx context.Context, args []string) error {
			c, err := p.connect()
			if err != nil {
				return err
			}
			if err := p.confirm("Revoke %s, at once?", strings.Join(args, ", ")); err != nil {
				return err
			}
			return each(args, func(id string) error {
				if err := c.Revoke(ctx, id); err != nil {
					return err
				}
				p.note("%s is revoked", id)
				return nil
			})
		}})
}

func (p *program) showCredentials(cs []berth.Credential, none string) error {
	return p.show(result{value: orEmpty(cs), names: namesOf(cs, func(c berth.Credential) string { return c.ID }), empty: none, table: func(t *table) {
		t.columns("ID", "NAME", "FOR", "SITE", "USES", "STATE")
		for _, c := range cs {
			uses := fmt.Sprint(c.Uses)
			if c.MaxUses > 0 {
				uses += fmt.Sprintf(" of %d", c.MaxUses)
			}
			t.row(c.ID, c.Name, cmp.Or(string(c.Role), string(c.HostKind)), cmp.Or(c.Site, "every site"), uses, p.state(c))
		}
	}})
}

func (p *program) state(c berth.Credential) string {
	switch {
	case !c.RevokedAt.IsZero():
		return "revoked"
	case c.Usable(p.Now()) != nil:
		return "ended"
	case c.ExpiresAt.IsZero():
		return "valid"
	}
	return "valid until " + c.ExpiresAt.UTC().Format(time.DateTime)
}
