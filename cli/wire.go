package cli

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"berth/client"
)

// tell is who hears of requests to the server, with --verbose or --debug: a line each on standard error, and with --debug
// the header fields behind it. nil is nobody.
func (p *program) tell() func(client.Exchange) {
	if !p.verbose && !p.debug {
		return nil
	}
	return func(e client.Exchange) {
		result := fmt.Sprint(e.Status, " ", http.StatusText(e.Status))
		if e.Err != nil {
			result = e.Err.Error()
		}
		fmt.Fprintf(p.Err, "%s %s: %s, %s\n", e.Method, e.URL, result, e.Took.Round(100*time.Microsecond))
		if p.debug {
			p.headers("  > ", e.Sent)
			p.headers("  < ", e.Got)
		}
	}
}

func (p *program) headers(mark string, h http.Header) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		fmt.Fprintf(p.Err, "%s%s: %s\n", mark, name, strings.Join(h[name], ", "))
	}
}
