//go:build linux

// Command bench measures Berth against the programs that do the same work: 7-Zip, and libvhdi with ntfs-3g. It makes a
// package of 2,000 files and 300 MB and images of it, runs each pair in turn on warm files, and prints a table, or puts it
// into a document. It needs Linux, FUSE, loop devices and the rights to use them.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"berth/bench/document"
)

func main() {
	var o options
	flag.StringVar(&o.berth, "berth", "bin/berth", "the `PROGRAM` to measure")
	flag.StringVar(&o.dir, "dir", filepath.Join(os.TempDir(), "berth-bench"), "the `FOLDER` for packages and images; what is there is used again")
	flag.StringVar(&o.doc, "doc", "", "the `DOCUMENT` whose table is replaced")
	flag.StringVar(&o.only, "only", "", "measure only what matches this regular `EXPRESSION`")
	flag.IntVar(&o.rounds, "rounds", 7, "how often each is run; the best counts")
	flag.Parse()
	if err := measureAll(o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	berth, dir, doc, only string
	rounds                int
}

func measureAll(o options) error {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	if o.berth, err = filepath.Abs(o.berth); err != nil {
		return err
	}
	if o.berth, err = installed(o.berth, o.dir); err != nil {
		return err
	}
	e, err := makeExhibits(o.dir, o.berth)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp(o.dir, "run-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	g := &gallery{exhibits: e, berth: o.berth, work: work}
	var outcomes []outcome
	for _, p := range g.pairs() {
		if !only.MatchString(p.what + " " + p.peer) {
			continue
		}
		out, err := p.compare(o.rounds)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%-55s %-45s %6.2f  %s %s\n", out.what, out.peer, out.ratio, seconds(out.our.wall), seconds(out.their.wall))
		outcomes = append(outcomes, out)
	}
	if o.doc == "" {
		fmt.Print(tableOf(outcomes))
		return nil
	}
	return document.ReplaceTable(o.doc, tableName, tableOf(outcomes))
}

// installed copies the program as an installation does. What a linker has just written lies in memory in other pieces than a
// file that was copied, and starts more slowly: nobody has such a program but who builds it.
func installed(program, dir string) (string, error) {
	in, err := os.Open(program)
	if err != nil {
		return "", err
	}
	defer func() { _ = in.Close() }() // only read
	name := filepath.Join(dir, "berth")
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	out, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return "", err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{out}, struct{ io.Reader }{in}, make([]byte, 1<<20))
	return name, errors.Join(err, out.Close())
}
