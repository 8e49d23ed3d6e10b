package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpGroups are the parts of the list of commands, in their order, with the commands in each. What is in none is put in
// the last.
var helpGroups = []struct {
	id, title string
	commands  []string
}{
	{"packages", "Images and packages:", []string{"image", "msix", "package", "tag", "cert"}},
	{"farm", "The farm:", []string{"site", "settings", "assign", "defaults", "published", "changes", "status", "apply", "export", "audit"}},
	{"hosts", "Hosts:", []string{"host", "pool", "enroll-key", "explain"}},
	{"programs", "Server and agent:", []string{"server", "agent", "demo", "backup", "restore"}},
	{"other", "Other:", nil},
}

// group sorts the commands below root into the parts of its help.
func group(root *cobra.Command) {
	of := map[string]string{}
	last := ""
	for _, g := range helpGroups {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, name := range g.commands {
			of[name] = g.id
		}
		last = g.id
	}
	for _, c := range root.Commands() {
		if c.Annotations[isTopic] != "" {
			continue
		}
		if c.GroupID = of[c.Name()]; c.GroupID == "" {
			c.GroupID = last
		}
	}
	root.SetHelpCommandGroupID(last)
	root.SetCompletionCommandGroupID(last)
}

// isNoun marks a command that does nothing without a verb.
const isNoun = "noun"

// noun is a command that holds verbs. The long text tells who meets the thing for the first time what it is.
func noun(name, short, long string, verbs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: name, Short: short, Long: long}
	c.AddCommand(verbs...)
	return c
}

// usageTemplate is cobra's, but does not offer a noun without a verb: it can be called so only to be refused.
func usageTemplate(root *cobra.Command) string {
	return strings.Replace(root.UsageTemplate(), "{{if .Runnable}}", `{{if and .Runnable (not (index .Annotations "`+isNoun+`"))}}`, 1)
}

// withoutConnection leaves the flags that name a server out of the help of a command that asks none.
func withoutConnection(c *cobra.Command) {
	help := c.HelpFunc()
	c.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		var unused connection
		names := pflag.NewFlagSet("", pflag.ContinueOnError)
		unused.flags(names)
		names.VisitAll(func(f *pflag.Flag) {
			if inherited := cmd.InheritedFlags().Lookup(f.Name); inherited != nil {
				inherited.Hidden = true
			}
		})
		help(cmd, args)
	})
}
