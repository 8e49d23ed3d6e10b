package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"berth"
	"berth/client"
	"berth/wire"
)

// lister returns the names that a word of the command line can be completed to.
type lister func(ctx context.Context, c *client.Client) ([]string, error)

// completions says which arguments and flags name what. Commands and flags that are not here complete to nothing, or to
// files where their argument is one.
func (p *program) completions() (arguments map[string][]lister, flags map[string]lister) {
	one := func(l lister) []lister { return []lister{l} }
	arguments = map[string][]lister{
		"package show": one(packageNames), "package set": one(packageNames), "package remove": one(packageNames), "package hosts": one(packageNames),
		"package apps": one(packageNames), "package timings": one(packageNames), "package enable": one(packageNames), "package disable": one(packageNames),
		"package tag": {packageNames, tagChoices}, "package untag": {packageNames, tagChoices},
		"published add": one(applicationNames), "published set": one(publicationNames), "published remove": one(publicationNames),
		"cert show": one(thumbprints), "settings set": one(settingChoices), "audit show": one(entryNames), "audit revert": one(entryNames),
		"tag add": {tagChoices, packageNames}, "tag move": {tagChoices, packageNames}, "tag remove": {tagChoices, packageNames},
		"tag clear": one(packageNames), "tag history": one(tagChoices), "tag rollback": one(tagChoices), "tag rename": one(tagChoices),
		"assign add": one(familyNames), "assign remove": one(familyNames),
		"host show": one(hostNames), "host packages": one(hostNames), "host why": {hostNames, familyNames}, "host set": one(hostNames),
		"host retry": one(hostNames), "host preflight": {hostNames, packageNames}, "host timings": one(hostNames), "host revoke": one(hostNames), "host remove": one(hostNames),
		"pool remove": one(poolNames), "defaults show": one(kindNames),
		"changes apply": one(pendingNames), "changes diff": one(pendingNames), "changes discard": one(pendingNames),
		"context use": one(p.contextNames), "context remove": one(p.contextNames),
		"user set": one(userNames), "user password": one(userNames), "user remove": one(userNames), "session end": one(sessionNames),
		"client secret": one(clientNames), "client remove": one(clientNames),
		"token revoke": one(tokenNames), "enroll-key revoke": one(keyNames), "api": {fixed("GET", "POST", "PATCH", "PUT", "DELETE")},
	}
	flags = map[string]lister{
		"tag": tagChoices, "host": hostNames, "pool": poolNames, "defaults": kindNames, "kind": kindNames, "version": packageNames,
		"family": familyNames, "package": packageNames, "group": poolNames, "object": objectNames, "site": siteNames, "context": p.contextNames, "status": statusChoices, "wait": statusChoices,
		"output": fixed(formats...), "color": fixed(colorChoices...), "role": fixed("owner", "contributor", "reader"),
	}
	return arguments, flags
}

// complete gives the commands below root their completions.
func (p *program) complete(root *cobra.Command) {
	arguments, flags := p.completions()
	for _, group := range root.Commands() {
		for _, c := range append([]*cobra.Command{group}, group.Commands()...) {
			name := strings.TrimPrefix(c.CommandPath(), root.Name()+" ")
			if listers := arguments[name]; listers != nil {
				c.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
					return p.names(cmd, listers[min(len(args), len(listers)-1)], args)
				}
			}
			if c.RunE != nil && c.Parent() != root || name == "status" {
				p.completeFlags(c, flags)
			}
		}
	}
	p.completeFlags(root, flags)
}

func (p *program) completeFlags(c *cobra.Command, flags map[string]lister) {
	for name, l := range flags {
		if c.Flags().Lookup(name) == nil && c.PersistentFlags().Lookup(name) == nil {
			continue
		}
		if f := c.Flag(name); f.Value.Type() == "bool" || (name == "kind" && strings.Contains(c.CommandPath(), " audit")) {
			continue
		}
		_ = c.RegisterFlagCompletionFunc(name, func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			return p.names(cmd, l, nil)
		}) // fails only for a flag that is not there, or that has one already
	}
}

// patience is how long a press of the tab key may take.
const patience = 3 * time.Second

// names asks a lister. Somebody who presses a key is shown no error: there is just nothing to choose from.
func (p *program) names(cmd *cobra.Command, l lister, already []string) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(contextOf(cmd)), patience)
	defer cancel()
	c, err := p.connectSite(ctx)
	if err != nil {
		c = nil // some names are known without a server
	}
	names, err := l(ctx, c)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names = slices.DeleteFunc(names, func(n string) bool { return slices.Contains(already, n) })
	return names, cobra.ShellCompDirectiveNoFileComp
}

func contextOf(cmd *cobra.Command) context.Context {
	if ctx := cmd.Context(); ctx != nil {
		return ctx
	}
	return context.Background()
}

// listed makes a lister of what a client lists; without a server it lists nothing.
func listed[T any](list func(*client.Client, context.Context) ([]T, error), name func(T) string) lister {
	return func(ctx context.Context, c *client.Client) ([]string, error) {
		if c == nil {
			return nil, nil
		}
		ts, err := list(c, ctx)
		names := namesOf(ts, name)
		slices.Sort(names)
		return slices.Compact(names), err
	}
}

func fixed(names ...string) lister {
	return func(context.Context, *client.Client) ([]string, error) { return slices.Clone(names), nil }
}

func packageNames(ctx context.Context, c *client.Client) ([]string, error) {
	return listed((*client.Client).Packages, func(p berth.Package) string { return p.FullName })(ctx, c)
}

func familyNames(ctx context.Context, c *client.Client) ([]string, error) {
	return listed((*client.Client).Packages, func(p berth.Package) string { return p.FamilyName })(ctx, c)
}

func hostNames(ctx context.Context, c *client.Client) ([]string, error) {
	return listed((*client.Client).Hosts, func(h wire.HostView) string { return h.Name })(ctx, c)
}

func poolNames(ctx context.Context, c *client.Client) ([]string, error) {
	return listed((*client.Client).Pools, func(p berth.Pool) string { return p.Name })(ctx, c)
}

func siteNames(ctx context.Context, c *client.Client) ([]string, error) {
	return listed((*client.Client).Sites, func(s berth.Site) string { return s.Name })(ctx, c)
}

func pendingNames(ctx context.Context, c *client.Client) ([]string, error) {
	return listed((*client.Client).Changes, func(c berth.Change) string { return changeName(c.Kind, c.Key) })(ctx, c)
}

func tagChoices(ctx context.Context, c *client.Client) ([]string, error) {
	tags := func(c *client.Client, ctx context.Context) ([]berth.Tag, error) {
		s, err := c.Settings(ctx)
		return s.Tags[:], err
	}
	return listed(tags, func(t berth.Tag) string { return t.Name })(ctx, c)
}

func kindNames(ctx context.Context, c *client.Client) ([]string, error) {
	return fixed(namesOf(berth.HostKinds, func(k berth.HostKind) string { return string(k) })...)(ctx, c)
}

func statusChoices(ctx context.Context, c *client.Client) ([]string, error) {
	return fixed(namesOf(berth.StatusNames, func(n berth.StatusName) string { return string(n) })...)(ctx, c)
}

func userNames(ctx context.Context, c *client.Client) ([]string, error) {
	return listed((*client.Client).Users, func(u berth.User) string { return u.Name })(ctx, c)
}

func clientNames(ctx context.Context, c *client.Client) ([]string, error) {
	return listed((*client.Client).Clients, func(c berth.APIClient) string { return c.Name })(ctx, c)
}

func sessionNames(ctx context.Context, c *client.Client) ([]string, error) {
	mine := func(c *client.Client, ctx context.Context) ([]berth.SignIn, error) { return c.Sessions(ctx, false) }
	return listed(mine, func(s berth.SignIn) string { return s.ID })(ctx, c)
}

// Shells show what comes behind a tab as a description: an id alone tells nobody what it is.
func described(c berth.Credential) string { return c.ID + "\t" + plain(c.Name) }

func tokenNames(ctx context.Context, c *client.Client) ([]string, error) {
	return listed((*client.Client).Tokens, described)(ctx, c)
}

func keyNames(ctx context.Context, c *client.Client) ([]string, error) {
	return listed((*client.Client).EnrollKeys, described)(ctx, c)
}

func entryNames(ctx context.Context, c *client.Client) ([]string, error) {
	newest := func(c *client.Client, ctx context.Context) ([]wire.AuditEntry, error) {
		return c.Audit(ctx, "", "", 30)
	}
	return listed(newest, func(e wire.AuditEntry) string {
		return fmt.Sprintf("%d\t%s", e.ID, plain(fmt.Sprintf("%s %s by %s", e.Action, objectOf(e), e.Actor)))
	})(ctx, c)
}

// objectNames are the objects that the newest entries of the audit are about.
func objectNames(ctx context.Context, c *client.Client) ([]string, error) {
	newest := func(c *client.Client, ctx context.Context) ([]wire.AuditEntry, error) {
		return c.Audit(ctx, "", "", mostEntries)
	}
	return listed(newest, objectOf)(ctx, c)
}

func applicationNames(ctx context.Context, c *client.Client) ([]string, error) {
	if c == nil {
		return nil, nil
	}
	ps, err := c.Packages(ctx)
	var names []string
	for _, p := range ps {
		for _, a := range p.Applications {
			names = append(names, p.FamilyName+"!"+a.ID)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), err
}

func settingChoices(ctx context.Context, c *client.Client) ([]string, error) {
	var names []string
	for key := range settings {
		if key == "disabling.deadline" {
			names = append(names, key+"=none", key+"=8h")
			continue
		}
		names = append(names, key+"=true", key+"=false")
	}
	slices.Sort(names)
	return fixed(names...)(ctx, c)
}

func (p *program) contextNames(context.Context, *client.Client) ([]string, error) {
	f, err := p.readContexts()
	return namesOf(f.Contexts, func(c savedContext) string { return c.Name }), err
}
