package cli

import "github.com/spf13/cobra"

// isTopic marks a text that `berth help` shows and that is no command.
const isTopic = "topic"

// topics are the texts about what all commands have in common.
func topics() []*cobra.Command {
	topic := func(name, short, long string) *cobra.Command {
		return &cobra.Command{Use: name, Short: short, Long: long, Annotations: map[string]string{isTopic: "yes"}}
	}
	return []*cobra.Command{
		topic("exit-codes", "What the exit codes mean", exitCodesText),
		topic("formatting", "Forms of output, queries, filters, watching", formattingText),
		topic("environment", "Environment variables and files", environmentText),
	}
}

const exitCodesText = `A command ends with one of these exit codes:

    0  done
    1  failed: the input is wrong, or something went wrong
    2  usage: the command line is wrong, nothing was sent
    3  not found: the object that is named is not there
    4  not allowed: you are not signed in, or have no right to this
    5  conflict: the object is in a state that forbids it, is there already, or was changed by somebody else meanwhile
    6  partly done: some of several things were done, or a change was drafted and then not applied
    7  unreachable: the server, a share or a host cannot be reached now
    8  still pending: what --wait waits for has not come within --timeout
  130  interrupted by Ctrl-C

Errors go to standard error, with what to do about it. With -o json they are one JSON object there:

  {"error": {"kind": "notFound", "message": "…", "field": "…", "code": "…", "remedy": "…"}, "exitCode": 3}

kind is one of internal, invalid, notFound, conflict, forbidden, unauthenticated, precondition and unavailable; code is
the code of the platform, where one was at the bottom of it. Of an object that was changed meanwhile, "meanwhile" lists by
whom, when, and each field before and after.`

const formattingText = `Results go to standard output, everything else to standard error. -o says in which form:

  table  aligned columns, for people (the default); colours and widths only on a terminal
  wide   a table with more columns, where there are more
  json   the whole result; the names of its fields stay as they are between versions
  yaml   the same as YAML
  tsv    the cells of the table with tabs between them, without headings
  name   names alone, one a line, to go on with
  none   nothing; the exit code is enough

--query EXPRESSION takes a part of the JSON form by a JMESPath expression (jmespath.org), in any form of output:

  berth package list --query "[?enabled].fullName" -o tsv
  berth host packages rdsh-01 --query "[].{package: displayName, status: status.name, code: status.code}"

Lists also have, by the names of the fields in the JSON form:

  --filter TEXT           rows that hold the text anywhere
  --filter FIELD=VALUE    rows whose field is the value; * stands for any text; a dot leads into a field
  --filter FIELD!=VALUE   rows whose field is not
  --filter FIELD~PART     rows whose field holds the part
  --sort-by FIELD         ordered by a field, with numbers in it by their value; -FIELD for the last first
  --limit N               at most so many
  --watch                 keep running, and show the list again whenever it changed

--no-headers leaves the headings of tables out; --quiet everything but results and errors; --color and NO_COLOR decide on
colours. Where a person sits at the terminal, what cannot be taken back is asked about first; --yes answers beforehand, and
scripts are not asked.

Changes are drafts until they are applied: "berth changes diff" shows what they would do, and on which hosts. --dry-run shows
that of a change before it is even drafted.`

const environmentText = `What flags say counts first, then the environment, then the context in use ("berth context list").

  BERTH_SERVER       address of the server, https://HOST:PORT
  BERTH_TOKEN        API token
  BERTH_CA           file with the certificate to trust as the server's, PEM
  BERTH_FINGERPRINT  fingerprint of the server's certificate to trust instead, sha256:…
  BERTH_SITE         site to work in
  BERTH_CONTEXT      name of the saved context to use
  BERTH_BOOTSTRAP    file that "berth server --bootstrap" wrote: address, trust and an owner's token in one
  NO_COLOR           any value: no colours

A token is sent to the server that it was given for and to no other: a flag or variable that names another server leaves
the saved token out.

Contexts are saved in berth/config.yaml below $XDG_CONFIG_HOME (else ~/.config; on Windows %AppData%), readable by you
alone.`
