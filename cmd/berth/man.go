//go:build man

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"berth"
)

// generators are the commands that only the build with the tag man has: what they need is not part of the product.
func generators() []*cobra.Command {
	c := &cobra.Command{
		Use: "man FOLDER", Short: "Write the man pages of all commands", Hidden: true,
		Example: "  go run -tags man ./cmd/berth man dist/man",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return writeManPages(cmd.Root(), args[0]) },
	}
	return []*cobra.Command{c}
}

// writeManPages writes a page of section 1 for each command. SOURCE_DATE_EPOCH dates them, for builds that can be repeated.
func writeManPages(root *cobra.Command, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return berth.Errorf(berth.Invalid, "man pages: %w", err)
	}
	root.DisableAutoGenTag = true
	if err := doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "Berth", Manual: "Berth"}, folder); err != nil {
		return err
	}
	if err := writeTopics(root, folder); err != nil {
		return err
	}
	pages, err := filepath.Glob(filepath.Join(folder, "*.[17]"))
	fmt.Printf("%d man pages in %s\n", len(pages), folder)
	return err
}

// writeTopics writes what `berth help TOPIC` shows as pages of section 7.
func writeTopics(root *cobra.Command, folder string) error {
	for _, c := range root.Commands() {
		if c.Runnable() || c.HasSubCommands() {
			continue
		}
		f, err := os.Create(filepath.Join(folder, "berth-"+c.Name()+".7"))
		if err != nil {
			return err
		}
		err = doc.GenMan(c, &doc.GenManHeader{Title: "BERTH-" + strings.ToUpper(c.Name()), Section: "7", Source: "Berth", Manual: "Berth"}, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}
