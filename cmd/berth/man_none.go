//go:build !man

package main

import "github.com/spf13/cobra"

// generators are none in the product: see man.go.
func generators() []*cobra.Command { return nil }
