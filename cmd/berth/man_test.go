//go:build man

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"berth/cli"
)

// TestManPages: every command that can be run and every topic has a page, with its examples.
func TestManPages(t *testing.T) {
	root := cli.New(cli.Options{Version: "1.2.3", Out: os.Stdout, Err: os.Stderr, Env: os.Getenv, Library: library,
		Commands: commands})
	folder := t.TempDir()
	if err := writeManPages(root, folder); err != nil {
		t.Fatal(err)
	}
	seen := 0
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Hidden || c.Name() == "help" {
			return
		}
		section := ".1"
		if !c.Runnable() && !c.HasSubCommands() {
			section = ".7"
		}
		text, err := os.ReadFile(filepath.Join(folder, strings.ReplaceAll(c.CommandPath(), " ", "-")+section))
		if err != nil {
			t.Error(err)
			return
		}
		if seen++; c.HasExample() && !strings.Contains(string(text), ".SH EXAMPLE") {
			t.Errorf("%s: the page has no example", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
	if seen < 100 {
		t.Errorf("only %d pages", seen)
	}
}
