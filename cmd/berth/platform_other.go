//go:build !linux && !windows

package main

import (
	"runtime"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"berth"
	"berth/agent"
)

func defaultState() string { return "berth-agent" }

func attachFlag(*pflag.FlagSet, *platformOptions) {}

// newPlatform says that images cannot be attached here.
func newPlatform(platformOptions, agent.CopySource) (platform, error) {
	return nil, berth.Errorf(berth.Unavailable, "this build attaches images on Windows and Linux only, not on %s", runtime.GOOS)
}

func sessionCommands(*string) []*cobra.Command { return nil }
