//go:build !unix

package mutate

import "time"

// began is before any mutant.
var began = time.Now()

// processor is the clock where the system has no simpler answer: limits are then those of an idle machine.
func processor() time.Duration { return time.Since(began) }
