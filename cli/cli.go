// Package cli is the command line: nouns and verbs over a server, through the client, and over images and packages on
// this machine, through imaging. Results go to standard output, everything else to standard error.
//
// The rules of its output, kept in one place each: formats in output.go, tables in table.go, errors and exit codes in
// exit.go. Nothing is global: two command lines can run in one process.
package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"berth/imaging"
)

// Options are what a command line works with. Now may be nil; all else is needed.
type Options struct {
	Version  string
	In       io.Reader
	Out, Err io.Writer
	Env      func(string) string              // environment variables, empty when not set
	Library  func() (*imaging.Library, error) // opens images on this machine
	Commands func() []*cobra.Command          // further commands of the root: server, agent, demo; may be nil
	Args     []string                         // what Run will be given, where that is known: see alone; may be nil
	Now      func() time.Time                 // nil: the system's clock
}

// program is one command line: its options, and the flags that every command has.
type program struct {
	Options
	output    string
	color     string // when results have colours: one of colorChoices
	query     string // JMESPath expression over the result
	quiet     bool
	noHeaders bool
	verbose   bool       // tell of requests
	debug     bool       // and of their header fields
	yes       bool       // ask nothing
	conn      connection // flags that say which server
	list      arranging  // flags of lists
	waits     waiting    // flags of commands that draft
	dryRun    bool       // try changes, do not make them
	revision  int64      // of the object, as the caller saw it
	notes     []string   // held back until the end, see note

	held  *bytes.Buffer // results while something is watched
	shown []byte        // the same as JSON
}

// New returns the root command. Run it with [Run].
func New(o Options) *cobra.Command {
	if o.Now == nil {
		o.Now = time.Now
	}
	p := &program{Options: o}
	root := &cobra.Command{
		Use:   "berth",
		Short: "Deliver applications to session hosts without installing them",
		Long: `Berth delivers applications without installing them: it keeps MSIX packages in disk images on a file share, and attaches the
right version of the right package to the right session hosts. Changes are drafts until you apply them.

From a package to the hosts:
  berth login --server https://berth.example:8443 --token TOKEN
  berth package add '\\files\apps\notes.vhdx' --tag Production
  berth assign add Contoso.Notes --tag Production --defaults rdsh
  berth changes apply --wait
  berth status

Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 not allowed, 5 conflict, 6 partly done, 7 unreachable,
8 still pending, 130 interrupted. More: berth help exit-codes, berth help formatting, berth help environment.`,
		Version:       o.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(o.In)
	root.SetOut(o.Out)
	root.SetErr(o.Err)
	p.globalFlags(root)
	local := p.alone()
	if local == nil {
		local = p.addAll(root)
	}
	root.AddCommand(local...)
	for _, c := range local {
		withoutConnection(c)
	}
	p.finish(root)
	group(root)
	root.SetUsageTemplate(usageTemplate(root))
	return root
}

// alone is the command that the arguments plainly begin with, where that needs no server. To make all the others takes longer
// than such a command often does. nil: all are made.
func (p *program) alone() []*cobra.Command {
	if len(p.Args) < 2 {
		return nil
	}
	switch p.Args[0] {
	case "image":
		return []*cobra.Command{p.imageCommand()}
	case "msix":
		return []*cobra.Command{p.msixCommand()}
	}
	return nil
}

// addAll gives the root its commands, but for those that ask no server: it returns them.
func (p *program) addAll(root *cobra.Command) (local []*cobra.Command) {
	local = []*cobra.Command{p.imageCommand(), p.msixCommand(), p.versionCommand()}
	if p.Commands != nil {
		local = append(local, p.Commands()...)
	}
	root.AddCommand(p.loginCommand(), p.logoutCommand(), p.whoamiCommand(), p.contextCommand())
	root.AddCommand(p.siteCommand(), p.settingsCommand(), p.tagCommand(), p.packageCommand())
	root.AddCommand(p.assignCommand(), p.hostCommand(), p.poolCommand(), p.defaultsCommand(), p.publishedCommand(), p.certCommand())
	root.AddCommand(p.changesCommand(), p.statusCommand(), p.auditCommand(), p.tokenCommand(), p.enrollKeyCommand())
	root.AddCommand(p.userCommand(), p.sessionCommand(), p.clientCommand())
	root.AddCommand(p.exportCommand(), p.documentCommand(), p.apiCommand(), p.doctorCommand(), p.explainCommand())
	p.complete(root)
	root.AddCommand(topics()...)
	return local
}

func (p *program) globalFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVarP(&p.output, "output", "o", "table", "`FORM` of the result: table, wide, json, yaml, tsv, name or none")
	f.StringVar(&p.query, "query", "", "JMESPath `EXPRESSION`: show only what it takes from the JSON form of the result")
	f.BoolVarP(&p.yes, "yes", "y", false, "do not ask before what cannot be taken back")
	f.BoolVarP(&p.quiet, "quiet", "q", false, "print nothing but results and errors")
	f.StringVar(&p.color, "color", colorAuto, "`WHEN` to use colours: auto, always or never; auto respects NO_COLOR")
	f.BoolVar(&p.noHeaders, "no-headers", false, "leave out the headings of tables")
	f.BoolVar(&p.verbose, "verbose", false, "tell of each request to the server, and how long it took")
	f.BoolVar(&p.debug, "debug", false, "like --verbose, with the header fields; secrets are left out")
	p.conn.flags(f)
}

// verb is a command that does something.
type verb struct {
	use, short, long, example string
	args                      cobra.PositionalArgs
	run                       func(ctx context.Context, args []string) error
}

// command makes the verb a command. Without args it takes none.
func (p *program) command(v verb) *cobra.Command {
	if v.args == nil {
		v.args = cobra.NoArgs
	}
	return &cobra.Command{Use: v.use, Short: v.short, Long: v.long, Example: v.example, Args: v.args,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := p.checkOutput(); err != nil && cmd.Annotations[ownOutput] == "" {
				return err
			}
			return v.run(cmd.Context(), args)
		}}
}

// verbAliases are other words that people are used to for the same.
var verbAliases = map[string][]string{"remove": {"delete"}, "set": {"update"}}

// calledWrongly says how a command is called to somebody who gave it too many arguments, or too few.
func calledWrongly(cmd *cobra.Command, err error) error {
	if err == nil {
		return nil
	}
	return usage("arguments", fmt.Sprintf("call it as `%s`; see `%s --help`", cmd.UseLine(), cmd.CommandPath()), "%s: %w", cmd.CommandPath(), err)
}

// finish marks the errors of what the commands do, so that all others are known to be about usage, and gives the nouns an
// answer to a verb that they do not have.
func (p *program) finish(c *cobra.Command) {
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return err })
	c.Aliases = append(c.Aliases, verbAliases[c.Name()]...)
	if check := c.Args; check != nil && c.RunE != nil {
		c.Args = func(cmd *cobra.Command, args []string) error { return calledWrongly(cmd, check(cmd, args)) }
	}
	switch run := c.RunE; {
	case run != nil:
		c.RunE = func(cmd *cobra.Command, args []string) error {
			err := p.tried(run(cmd, args))
			if err == nil {
				p.flush()
				return nil
			}
			return ran{err}
		}
	case c.HasParent() && c.Run == nil && c.Annotations[isTopic] == "":
		c.Args, c.RunE = cobra.ArbitraryArgs, unknownVerb
		c.Annotations = map[string]string{isNoun: "yes"}
		c.SuggestionsMinimumDistance = 2
	}
	for _, sub := range c.Commands() {
		p.finish(sub)
	}
}
