package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// written are the command lines that the plan of the command line and that of the console name, as they are written there.
// Those of the program itself (server, agent, demo, backup, restore) are wired elsewhere.
var written = []string{
	"settings set packages.enabled=true", "settings set certificates.provision=true", "settings show",
	`package add \\files\apps\notes.vhdx --package X --name N`, "package add IMAGE --tag Production", "package list --filter enabled=true", "package list --watch",
	"package show ID", "package update ID --name N", "package enable ID", "package disable ID", "package delete ID", "package remove ID --force",
	"package tag ID Production Custom", "package untag ID --all", "package apps ID", "package hosts ID",
	"tag list", "tag rename custom Pilot", "tag move Production ID", "tag history Production", "tag rollback Production --family F",
	"published list", "published add F!App --name N --pool P", "cert list", "cert show THUMBPRINT",
	"audit list --object package/ID", "audit show 42", "audit revert 42",
	"assign add --host H PKG --tag T", "assign add --pool P PKG --tag T", "assign add --group G PKG --tag T", "assign add --site rdsh PKG --tag T",
	"assign add --defaults rdsh PKG --tag T", "assign add --host H --version V", "assign add --host H --inherit", "assign list --host H", "assign remove PKG --pool P",
	"assign inherit --host H", "defaults show rdsh", "pool list", "pool add P --kind avd", "pool remove P", "host list", "host show H", "host packages H",
	"host why H", "host retry H", "host preflight H ID --wait", "host set H --pool P", "host revoke H", "host remove H --yes",
	"changes list", "changes diff", "changes apply --wait --timeout 2m", "changes apply --dry-run", "changes discard",
	"token create N --role reader", "token list", "token revoke ID", "user add N --role owner", "user list", "enroll-key create --kind rdsh", "enroll-key list",
	"client add N --role reader", "session list", "context list", "context use N", "login --server S --token T", "logout", "whoami",
	"status --wait Ready", "status --watch", "status --summary", "doctor", "api GET /api/v1/sites", "version -o json", "export", "apply -f FILE --dry-run",
	"image inspect X", "image ls X", "image cat X Y", "image extract X", "image verify X", "image build X --out Y", "msix inspect X", "msix verify X", "msix pack X --out Y",
	"msix sign X --cert C --key K --out Y",
}

// TestWrittenCommandsExist finds each written command line, and reads its flags and the number of its arguments.
func TestWrittenCommandsExist(t *testing.T) {
	for _, line := range written {
		root := failing(&bytes.Buffer{}, nil)
		cmd, rest, err := root.Find(strings.Fields(line))
		if err != nil || !cmd.Runnable() || cmd == root || cmd.Annotations[isNoun] != "" {
			t.Errorf("%s: is no command: %v", line, err)
			continue
		}
		if err := cmd.ParseFlags(rest); err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		for _, check := range []error{cmd.ValidateArgs(cmd.Flags().Args()), cmd.ValidateRequiredFlags(), cmd.ValidateFlagGroups()} {
			if check != nil {
				t.Errorf("%s: %v", line, check)
			}
		}
	}
}

// TestEveryListHasTheManners: whatever lists things can be filtered, ordered, cut off and watched.
func TestEveryListHasTheManners(t *testing.T) {
	seen := 0
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Name() == "list" && c.Parent().Name() != "assign" && c.Parent().Name() != "tag" { // those have a fixed order, or few rows
			seen++
			for _, flag := range []string{"filter", "sort-by", "limit", "watch"} {
				if c.Flags().Lookup(flag) == nil {
					t.Errorf("%s has no --%s", c.CommandPath(), flag)
				}
			}
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(failing(&bytes.Buffer{}, nil))
	if seen < 12 {
		t.Errorf("only %d lists", seen)
	}
}
