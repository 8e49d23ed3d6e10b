package cli

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"berth"
	"berth/wire"
)

func (p *program) userCommand() *cobra.Command {
	return noun("user", "Create and manage users",
		`Users sign in with a name and a password: see "berth login --user". Each has a role in every site, or in some of them; programs
have API tokens (see "berth token") or are clients (see "berth client").`,
		p.userList(), p.userAdd(), p.userSet(), p.userPassword(), p.userRemove())
}

func (p *program) userList() *cobra.Command {
	return p.listing(p.command(verb{use: "list", short: "List the users", example: "  berth user list",
		run: func(ctx context.Context, _ []string) error {
			c, err := p.connect()
			if err != nil {
				return err
			}
			us, err := c.Users(ctx)
			if err != nil {
				return err
			}
			if us, err = arrange(p, us); err != nil {
				return err
			}
			return p.show(result{value: orEmpty(us), names: namesOf(us, func(u berth.User) string { return u.Name }),
				empty: "no users; make one with `berth user add NAME --role owner`", table: func(t *table) {
					t.columns("NAME", "DISPLAY NAME", "ROLES", "PASSWORD SET", "STATE")
					for _, u := range us {
						t.row(u.Name, u.DisplayName, grantWords(u.Roles), p.age(u.PasswordAt), enabledWord(u.Disabled))
					}
				}})
		}}))
}

func (p *program) userAdd() *cobra.Command {
	var in wire.CreateUser
	var roles []string
	var stdin bool
	c := p.command(verb{use: "add NAME", short: "Create a user",
		long:    "Create a user. The password is asked for, or read from standard input with --password-stdin.",
		example: "  berth user add olga --role owner\n  berth user add sam --role contributor@main --role reader@lab --password-stdin < password.txt",
		args:    cobra.ExactArgs(1),
		run: func(ctx context.Context, args []string) (err error) {
			if in.Roles, err = parseGrants(roles); err != nil {
				return err
			}
			c, err := p.connect()
			if err != nil {
				return err
			}
			if in.Password, err = p.newPassword(stdin, args[0]); err != nil {
				return err
			}
			in.Name = args[0]
			u, err := c.CreateUser(ctx, in)
			if err != nil {
				return err
			}
			p.note("user %s: %s", u.Name, grantWords(u.Roles))
			return p.show(result{value: u, names: []string{u.Name}, table: func(*table) {}})
		}})
	roleFlag(c, &roles)
	c.Flags().StringVar(&in.DisplayName, "display-name", "", "`NAME` to show")
	passwordFlag(c, &stdin)
	return c
}

func (p *program) userSet() *cobra.Command {
	var roles []string
	var display string
	var disable, enable bool
	c := p.command(verb{use: "set NAME", short: "Change a user's roles or display name, or disable the user",
		long:    "Change a user, at once. --role replaces all roles of the user; --disable also ends the user's sessions.",
		example: "  berth user set sam --role contributor@main\n  berth user set sam --disable", args: cobra.ExactArgs(1)})
	c.RunE = func(cmd *cobra.Command, args []string) error {
		var e wire.EditUser
		if cmd.Flags().Changed("role") {
			grants, err := parseGrants(roles)
			if err != nil {
				return err
			}
			e.Roles = &grants
		}
		if cmd.Flags().Changed("display-name") {
			e.DisplayName = &display
		}
		if disable || enable {
			e.Disabled = &disable
		}
		if e == (wire.EditUser{}) {
			return usage("role", "add --role, --display-name, --disable or --enable", "nothing is to be changed")
		}
		c, err := p.connect()
		if err != nil {
			return err
		}
		u, err := c.EditUser(cmd.Context(), args[0], e)
		if err != nil {
			return err
		}
		p.note("user %s: %s, %s", u.Name, grantWords(u.Roles), enabledWord(u.Disabled))
		return p.show(result{value: u, names: []string{u.Name}, table: func(*table) {}})
	}
	roleFlag(c, &roles)
	c.Flags().StringVar(&display, "display-name", "", "`NAME` to show")
	c.Flags().BoolVar(&disable, "disable", false, "let the user sign in no more")
	c.Flags().BoolVar(&enable, "enable", false, "let the user sign in again")
	c.MarkFlagsMutuallyExclusive("disable", "enable")
	return c
}

func (p *program) userPassword() *cobra.Command {
	var stdin bool
	c := p.command(verb{use: "password NAME", short: "Set a user's password",
		long: `Set a user's password; it ends the user's other sessions. For your own the present one is asked for first: with
--password-stdin it is the second line.`,
		example: "  berth user password olga", args: cobra.ExactArgs(1),
		run: func(ctx context.Context, args []string) error {
			c, err := p.connect()
			if err != nil {
				return err
			}
			who, err := c.WhoAmI(ctx)
			if err != nil {
				return err
			}
			var in wire.SetPassword
			own := who.Kind == "user" && berth.Fold(who.Name) == berth.Fold(args[0])
			if stdin {
				in.Password, in.Current, err = p.passwordLines()
			} else {
				if own {
					in.Current, err = p.askSecret("Present password of " + args[0])
				}
				if err == nil {
					in.Password, err = p.newPassword(false, args[0])
				}
			}
			if err != nil {
				return err
			}
			if err := c.SetPassword(ctx, args[0], in); err != nil {
				return err
			}
			p.note("user %s has a new password", args[0])
			return nil
		}})
	passwordFlag(c, &stdin)
	return c
}

func (p *program) userRemove() *cobra.Command {
	return p.command(verb{use: "remove NAME...", short: "Delete users and end their sessions", example: "  berth user remove sam", args: cobra.MinimumNArgs(1),
		run: func(ctx context.Context, args []string) error {
			c, err := p.connect()
			if err != nil {
				return err
			}
			return each(args, func(name string) error {
				if err := c.RemoveUser(ctx, name); err != nil {
					return err
				}
				p.note("user %s is removed", name)
				return nil
			})
		}})
}

func roleFlag(c *cobra.Command, roles *[]string) {
	c.Flags().StringArrayVar(roles, "role", nil, "`ROLE[@SITE]`: owner, contributor or reader, in one site or in all (repeatable)")
}

func passwordFlag(c *cobra.Command, stdin *bool) {
	c.Flags().BoolVar(stdin, "password-stdin", false, "read the password from the first line of standard input")
}

// parseGrants reads ROLE or ROLE@SITE; an empty text takes no role, so that all can be taken away.
func parseGrants(texts []string) ([]berth.Grant, error) {
	grants := []berth.Grant{}
	for _, text := range texts {
		if text == "" {
			continue
		}
		role, site, named := strings.Cut(text, "@")
		if named && site == "" {
			return nil, usage("role", "leave the @ out for every site", "%q names no site", text)
		}
		grants = append(grants, berth.Grant{Site: site, Role: berth.Role(role)})
	}
	grants, err := berth.CheckGrants(grants)
	if err != nil {
		return nil, coded{err, ExitUsage}
	}
	return grants, nil
}

func grantWords(grants []berth.Grant) string {
	var words []string
	for _, g := range grants {
		words = append(words, string(g.Role)+" in "+cmp.Or(g.Site, "every site"))
	}
	return cmp.Or(strings.Join(words, ", "), "no role")
}

func enabledWord(disabled bool) string {
	if disabled {
		return "disabled"
	}
	return "enabled"
}

// newPassword asks twice, because nobody sees what is typed.
func (p *program) newPassword(stdin bool, user string) (string, error) {
	if stdin {
		first, _, err := p.passwordLines()
		return first, err
	}
	first, err := p.askSecret("New password of " + user)
	if err != nil {
		return "", err
	}
	again, err := p.askSecret("The same again")
	if err == nil && again != first {
		err = usage("password", "try again", "the two passwords differ")
	}
	return first, err
}

// passwordLines reads up to two lines of standard input; a password may begin or end with spaces.
func (p *program) passwordLines() (first, second string, err error) {
	in := bufio.NewScanner(io.LimitReader(p.In, 4096))
	if in.Scan() {
		first = strings.TrimSuffix(in.Text(), "\r")
	}
	if in.Scan() {
		second = strings.TrimSuffix(in.Text(), "\r")
	}
	if in.Err() != nil || first == "" {
		return "", "", usage("password-stdin", "write it as one line", "standard input holds no password")
	}
	return first, second, nil
}

// askSecret asks on a terminal and does not show what is typed.
func (p *program) askSecret(what string) (string, error) {
	f, ok := p.In.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return "", usage("password-stdin", "add --password-stdin and write it to standard input", "a password is needed, and there is no terminal to ask on")
	}
	_, _ = fmt.Fprintf(p.Err, "%s: ", what)
	text, err := term.ReadPassword(int(f.Fd()))
	_, _ = fmt.Fprintln(p.Err)
	if err != nil {
		return "", berth.Errorf(berth.Invalid, "reading the password: %w", err)
	}
	return string(text), nil
}

func (p *program) sessionCommand() *cobra.Command {
	var all bool
	list := p.command(verb{use: "list", short: "List your sessions, or those of all users", example: "  berth session list --all",
		run: func(ctx context.Context, _ []string) error {
			c, err := p.connect()
			if err != nil {
				return err
			}
			ss, err := c.Sessions(ctx, all)
			if err != nil {
				return err
			}
			if ss, err = arrange(p, ss); err != nil {
				return err
			}
			return p.show(result{value: orEmpty(ss), names: namesOf(ss, func(s berth.SignIn) string { return s.ID }), empty: "no sessions", table: func(t *table) {
				t.columns("ID", "USER", "BY", "FROM", "BEGUN", "USED", "ENDS")
				for _, s := range ss {
					t.row(s.ID, s.User, s.Face, s.Address, p.age(s.CreatedAt), p.age(s.UsedAt), s.EndsAt().UTC().Format(time.DateTime))
				}
			}})
		}})
	list.Flags().BoolVar(&all, "all", false, "those of every user; for owners of the farm")
	end := p.command(verb{use: "end SESSION-ID...", short: "End sessions, at once", example: "  berth session end 3f2a91c0", args: cobra.MinimumNArgs(1),
		run: func(ctx context.Context, args []string) error {
			c, err := p.connect()
			if err != nil {
				return err
			}
			return each(args, func(id string) error {
				if err := c.EndSession(ctx, id); err != nil {
					return err
				}
				p.note("session %s has ended", id)
				return nil
			})
		}})
	return noun("session", "Show and end the sessions of users",
		"Whoever signs in with a password has a session. It ends 12 hours after its last use, after 7 days, or when it is ended.", p.listing(list), end)
}
