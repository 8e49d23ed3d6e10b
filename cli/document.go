package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"berth"
	"berth/client"
	"berth/wire"
)

func (p *program) exportCommand() *cobra.Command {
	c := p.command(verb{use: "export", short: "Write what is set in the site as one document",
		long: `Write settings, tags, packages, pools, site defaults, the configuration of hosts and publications as one document in YAML,
as they are drafted: what administrators set, and nothing that was observed. "berth apply" makes a site as a document says.`,
		example: "  berth export > site.yaml\n  berth export -o json --site branch",
		run: func(ctx context.Context, _ []string) error {
			if p.output == formatName {
				return usage("output", "use yaml or json", "a document has no names of its own")
			}
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			doc, err := c.Export(ctx)
			if err != nil {
				return err
			}
			return writeDocument(p.Out, p.output, doc)
		}})
	return c
}

// applying are the flags of `berth apply`.
type applying struct {
	file   string
	dryRun bool
	prune  bool
	now    bool
	create bool
}

func (p *program) documentCommand() *cobra.Command {
	var a applying
	c := p.command(verb{use: "apply -f FILE", short: "Make the site as a document says",
		long: `Compare a document, as "berth export" writes it, with what is drafted in the site, and draft the differences: all of them, or
none when anything in the document is wrong. A part or a property that the document leaves out stays as it is. Packages
that are not in the catalogue are added from their images, verified. What is so already is not touched: a second time
changes nothing.

With --prune, packages, pools and publications that the document does not name are deleted, and site defaults that it
does not name are emptied, as far as the document has a part about them. Hosts come by enrolment: one that is not enrolled is
skipped, and the exit code is 6. With --create-site a site that is not there is made as the document says.`,
		example: "  berth apply -f site.yaml --dry-run\n  berth apply -f site.yaml --now\n  berth export --site main | berth apply --site branch --create-site -f -",
		run:     func(ctx context.Context, _ []string) error { return p.applyDocument(ctx, a) }})
	f := c.Flags()
	f.StringVarP(&a.file, "file", "f", "", "the document's `FILE`; - reads standard input")
	f.BoolVar(&a.dryRun, "dry-run", false, "show what would be drafted, and change nothing")
	f.BoolVar(&a.prune, "prune", false, "delete what the document does not name")
	f.BoolVar(&a.create, "create-site", false, "make the site named with --site where there is none")
	f.BoolVar(&a.now, "now", false, "apply what the document is about at once, and no other draft")
	c.MarkFlagsMutuallyExclusive("dry-run", "now")
	_ = c.MarkFlagRequired("file") // it exists
	_ = c.MarkFlagFilename("file", "yaml", "yml", "json")
	return c
}

func (p *program) applyDocument(ctx context.Context, a applying) error {
	file, err := p.documentFile(a.file)
	if err != nil {
		return err
	}
	c, err := p.connectSite(ctx)
	if err != nil {
		return err
	}
	r, err := c.ApplyDocument(ctx, file.doc, client.DocumentOptions{DryRun: a.dryRun, Create: a.create, Prune: a.prune})
	if err != nil {
		return file.located(err)
	}
	if err := p.showDocument(r); err != nil {
		return err
	}
	names, changed, skipped := documentNames(r)
	switch {
	case a.dryRun:
		p.note("%d of %d objects would be changed; nothing is changed", changed, len(r.Objects))
	case changed == 0 && !a.now:
		p.note("the site is as the document says")
	default:
		if err := p.drafted(ctx, c, a.now, fmt.Sprintf("changes of the document: %d", changed), names...); err != nil {
			return err
		}
	}
	if len(skipped) > 0 {
		return coded{berth.Errorf(berth.NotFound, "hosts that are not enrolled were skipped: %s", strings.Join(skipped, ", ")).On("hosts").
			With("enrol them with `berth agent enroll`, then apply the document once more"), ExitPartly}
	}
	return nil
}

// documentNames are the names of the changes that the document is about, how many it changes, and the hosts that it
// could not reach.
func documentNames(r wire.DocumentResult) (names []string, changed int, skipped []string) {
	for _, o := range r.Objects {
		switch o.Action {
		case wire.ActionSkipped:
			if o.Kind == berth.ObjectHost {
				skipped = append(skipped, o.Name)
			}
			continue
		case wire.ActionUnchanged:
		default:
			changed++
		}
		names = append(names, changeName(o.Kind, o.Name))
	}
	return names, changed, skipped
}

func (p *program) documentFile(name string) (*documentFile, error) {
	if name == "-" {
		text, err := io.ReadAll(io.LimitReader(p.In, mostDocument))
		if err != nil {
			return nil, usage("file", "", "standard input: %w", reason(err))
		}
		return readDocument("standard input", text)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, usage("file", "", "%s: %w", name, reason(err))
	}
	return readDocument(name, text)
}

// mostDocument is as much as a server takes in one request.
const mostDocument = 8 << 20

func (p *program) showDocument(r wire.DocumentResult) error {
	r.Objects = orEmpty(r.Objects)
	names := namesOf(r.Objects, func(o wire.DocumentObject) string { return changeName(o.Kind, o.Name) })
	return p.show(result{value: r, names: names, empty: "the document is about nothing", table: func(t *table) {
		t.columns("ACTION", "NAME", "DIFFERENCE")
		for i, o := range r.Objects {
			words := o.Reason
			if o.Action != wire.ActionUnchanged && words == "" {
				words = difference(berth.Change{Ref: berth.Ref{Kind: o.Kind}, Name: o.Name, Action: o.Action, Before: o.Before, After: o.After})
			}
			t.row(o.Action, names[i], words)
		}
	}})
}
