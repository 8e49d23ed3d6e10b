//go:build !linux

package main

import (
	"runtime"

	"github.com/spf13/cobra"

	"berth"
)

// newPlatform says that images cannot be attached here: the Windows platform is not part of this build.
func newPlatform(platformOptions) (platform, error) {
	return nil, berth.Errorf(berth.Unavailable, "this build attaches images on Linux only, not on %s", runtime.GOOS)
}

func sessionCommands(*string) []*cobra.Command { return nil }
