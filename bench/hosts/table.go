//go:build linux

package main

import (
	"fmt"
	"strings"

	"berth"
	"berth/bench/document"
)

// Goals of an idle agent.
const (
	goalMemory = 30 << 20
	goalCore   = 0.001
)

func table(o options, f figures) string {
	var b strings.Builder
	b.WriteString("| what | goal | measured |\n|---|---|---|\n")
	row := func(what, goal, measured string) { fmt.Fprintf(&b, "| %s | %s | %s |\n", what, goal, measured) }
	for _, p := range f.idle {
		row(fmt.Sprintf("memory of the idle %s, %d packages staged", p.name, o.packages), "30 MiB", judged(fmt.Sprintf("%.1f MiB", float64(p.memory)/(1<<20)), p.memory <= goalMemory))
		row(fmt.Sprintf("share of a core of the idle %s, over %v", p.name, o.idle), "0.1 %", judged(fmt.Sprintf("%.2f %%", p.core*100), p.core <= goalCore))
	}
	each := float64(f.ready.Milliseconds()) / float64(o.packages)
	row(fmt.Sprintf("applied, until all %d packages are Ready", o.packages), "", fmt.Sprintf("%.1f s, %.0f ms each", f.ready.Seconds(), each))
	for _, phase := range []berth.Phase{berth.PhaseAttach, berth.PhaseVerify, berth.PhaseStage} {
		row(fmt.Sprintf("of that: %s, median", phase), "", fmt.Sprintf("%.1f ms", median(f.phases, phase)))
	}
	row("a FUSE mount alone, median", "", fmt.Sprintf("%.1f ms", float64(f.alone.Microseconds())/1000))
	row("the program ("+f.program.goes+")", "", fmt.Sprintf("%.1f MiB, %d modules beside Berth", float64(f.program.size)/(1<<20), f.program.modules))
	return b.String()
}

func judged(figure string, met bool) string {
	if met {
		return "**" + figure + "**"
	}
	return "**" + figure + "** (missed)"
}

// publish prints the table, or replaces that of a document.
func publish(file, text string) error {
	if file == "" {
		fmt.Print(text)
		return nil
	}
	return document.ReplaceTable(file, "hosts", text)
}
