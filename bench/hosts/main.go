//go:build linux

// Command hosts measures an agent on Linux: what it costs while nothing happens, with its packages staged, and how long a
// package takes from the plan to Ready, beside mounting alone. It makes packages and images of its own, runs a server and an
// agent of the program on this machine, and prints a table, or puts it into a document. It needs FUSE and the rights to use it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

func main() {
	var o options
	flag.StringVar(&o.berth, "berth", "bin/berth", "the `PROGRAM` to measure")
	flag.StringVar(&o.doc, "doc", "", "the `DOCUMENT` whose table of hosts is replaced")
	flag.IntVar(&o.packages, "packages", 50, "how `MANY` packages the host has")
	flag.DurationVar(&o.idle, "idle", time.Minute, "for how `LONG` the idle agent is watched")
	flag.Parse()
	if err := measure(o); err != nil {
		fmt.Fprintln(os.Stderr, "hosts:", err)
		os.Exit(1)
	}
}

type options struct {
	berth, doc string
	packages   int
	idle       time.Duration
}

func measure(o options) (err error) {
	if o.berth, err = filepath.Abs(o.berth); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "berth-hosts-")
	if err != nil {
		return err
	}
	f := &farm{options: o, dir: dir}
	defer func() { err = errors.Join(err, f.end()) }()
	alone, err := mountAlone(filepath.Join(dir, "alone"), o.packages)
	if err != nil {
		return err
	}
	for _, step := range []func() error{f.images, f.server, f.catalogue, f.agent} {
		if err := step(); err != nil {
			return err
		}
	}
	ready, err := f.apply()
	if err != nil {
		return err
	}
	phases, err := f.phases()
	if err != nil {
		return err
	}
	idle, err := f.idle()
	if err != nil {
		return err
	}
	program, err := programOf(o.berth)
	if err != nil {
		return err
	}
	return publish(o.doc, table(o, figures{alone: alone, ready: ready, phases: phases, idle: idle, program: program}))
}
