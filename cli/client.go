package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"berth"
	"berth/wire"
)

func (p *program) clientCommand() *cobra.Command {
	list := p.command(verb{use: "list", short: "List the clients", example: "  berth client list",
		run: func(ctx context.Context, _ []string) error {
			c, err := p.connect()
			if err != nil {
				return err
			}
			cs, err := c.Clients(ctx)
			if err != nil {
				return err
			}
			if cs, err = arrange(p, cs); err != nil {
				return err
			}
			return p.show(result{value: orEmpty(cs), names: namesOf(cs, func(c berth.APIClient) string { return c.Name }),
				empty: "no clients; make one with `berth client add NAME --role ROLE`", table: func(t *table) {
					t.columns("NAME", "ID", "ROLES", "SECRETS", "STATE")
					for _, c := range cs {
						t.row(c.Name, c.ID, grantWords(c.Roles), fmt.Sprint(len(c.Secrets)), enabledWord(c.Disabled))
					}
				}})
		}})
	return noun("client", "Create and manage the clients that programs sign in as",
		`A client is what Azure calls a service principal: an id, roles, and several secrets that expire. For a program
that talks to this server only, an API token is simpler: see "berth token".`,
		p.listing(list), p.clientAdd(), p.clientSecret(), p.clientRemove())
}

func (p *program) clientAdd() *cobra.Command {
	var roles []string
	c := p.command(verb{use: "add NAME", short: "Create a client, without a secret yet", example: "  berth client add terraform --role contributor@main",
		args: cobra.ExactArgs(1), run: func(ctx context.Context, args []string) error {
			grants, err := parseGrants(roles)
			if err != nil {
				return err
			}
			c, err := p.connect()
			if err != nil {
				return err
			}
			made, err := c.CreateClient(ctx, wire.CreateClient{Name: args[0], Roles: grants})
			if err != nil {
				return err
			}
			p.note("client %s: %s; give it a secret with `berth client secret %s`", made.Name, grantWords(made.Roles), made.Name)
			return p.show(result{value: made, names: []string{made.ID}, table: func(t *table) {
				t.fact("Name", made.Name)
				t.fact("ID", made.ID)
			}})
		}})
	roleFlag(c, &roles)
	return c
}

func (p *program) clientSecret() *cobra.Command {
	var in wire.CreateClientSecret
	var remove string
	c := p.command(verb{use: "secret CLIENT", short: "Create a secret of a client, or remove one; it is shown only once",
		long:    "Create a secret of a client and write it to standard output. It is not shown again. --remove ends the secret of that id instead.",
		example: "  berth client secret terraform --days 90\n  berth client secret terraform --remove 3f2a91c0", args: cobra.ExactArgs(1),
		run: func(ctx context.Context, args []string) error {
			c, err := p.connect()
			if err != nil {
				return err
			}
			if remove != "" {
				if err := c.RemoveClientSecret(ctx, args[0], remove); err != nil {
					return err
				}
				p.note("secret %s of client %s is removed", remove, args[0])
				return nil
			}
			s, err := c.CreateClientSecret(ctx, args[0], in)
			if err != nil {
				return err
			}
			p.note("secret %s of client %s: valid until %s; keep it, it is not shown again", s.ID, s.ClientID, s.ExpiresAt.UTC().Format(time.DateTime))
			if p.bare() {
				_, err := fmt.Fprintln(p.Out, s.Text)
				return err
			}
			return p.show(result{value: s, names: []string{s.ID}})
		}})
	c.Flags().IntVar(&in.Days, "days", 180, "how many days it is valid, 1 to 730")
	c.Flags().StringVar(&in.Name, "name", "", "`NAME` to know it by")
	c.Flags().StringVar(&remove, "remove", "", "`SECRET-ID` to end, at once")
	return c
}

func (p *program) clientRemove() *cobra.Command {
	return p.command(verb{use: "remove CLIENT...", short: "Delete clients with their secrets", example: "  berth client remove terraform", args: cobra.MinimumNArgs(1),
		run: func(ctx context.Context, args []string) error {
			c, err := p.connect()
			if err != nil {
				return err
			}
			if err := p.confirm("Delete %s with all secrets, at once?", strings.Join(args, ", ")); err != nil {
				return err
			}
			return each(args, func(name string) error {
				if err := c.RemoveClient(ctx, name); err != nil {
					return err
				}
				p.note("client %s is removed", name)
				return nil
			})
		}})
}

func (p *program) hostRevoke() *cobra.Command {
	return p.command(verb{use: "revoke HOST...", short: "End the certificates of hosts, at once",
		long: `End the certificates of hosts, at once and without a draft: for a machine that was lost or taken over. The server
keeps everything it knows about them; "berth agent enroll --force" with a new key brings them back.`,
		example: "  berth host revoke rdsh-09", args: cobra.MinimumNArgs(1),
		run: func(ctx context.Context, args []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			if err := p.confirm("End the certificates of %s, at once?", strings.Join(args, ", ")); err != nil {
				return err
			}
			return each(args, func(name string) error {
				if err := c.RevokeHost(ctx, name); err != nil {
					return err
				}
				p.note("the certificate of host %s is revoked", name)
				return nil
			})
		}})
}
