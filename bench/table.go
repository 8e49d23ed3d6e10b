//go:build linux

package main

import (
	"fmt"
	"strings"
	"time"
)

// tableName names the table in the document.
const tableName = "bench"

// tableOf writes what was measured, as Markdown.
func tableOf(outcomes []outcome) string {
	var b strings.Builder
	b.WriteString("| work | peer | goal | ratio | Berth | peer | Berth reads | peer reads | Berth's memory | peer's memory |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, o := range outcomes {
		fmt.Fprintf(&b, "| %s | %s | %.3g | **%.2f**%s | %s | %s | %s | %s | %s | %s |\n", o.what, o.peer, o.goal, o.ratio, missed(o),
			seconds(o.our.wall), seconds(o.their.wall), mib(o.our.read), mib(o.their.read), mib(o.our.peak), mib(o.their.peak))
	}
	return b.String()
}

func missed(o outcome) string {
	if o.ratio < o.goal {
		return " (missed)"
	}
	return ""
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func mib(n int64) string {
	if n == 0 {
		return "not known"
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}
