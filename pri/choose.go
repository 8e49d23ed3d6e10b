package pri

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Context is what a candidate is chosen for. The zero value takes what the
// package's author marked as its defaults.
type Context struct {
	Languages  []string // BCP 47 tags, the most wanted first
	Scale      int      // per cent; 0: no wish
	TargetSize int      // pixels; 0: no wish
	AltForm    string   // "unplated", ...
	Contrast   string   // "standard", "black", "white", "high"
	Theme      string   // "light", "dark"
}

// Choose gives the candidate that fits the context best, as the resource
// system of Windows ranks them: one whose conditions all hold or that has
// none, else one whose conditions hold or are the author's defaults, else any;
// among equals by conditions in the order of their priority. False only when
// there is no candidate that can be read here.
func Choose(list []Candidate, ctx Context) (Candidate, bool) {
	best := -1
	var of ranking
	for i, c := range list {
		if c.Elsewhere {
			continue
		}
		if r := rank(c, ctx); best < 0 || r.compare(of) > 0 {
			best, of = i, r
		}
	}
	if best < 0 {
		return Candidate{}, false
	}
	return list[best], true
}

// score is how well one condition holds.
type score struct{ priority, match, fallback int }

// ranking is the scores of a candidate, of the highest priority first.
type ranking []score

func rank(c Candidate, ctx Context) ranking {
	r := make(ranking, 0, len(c.Qualifiers))
	for _, q := range c.Qualifiers {
		r = append(r, score{q.Priority, ctx.match(q), q.Fallback})
	}
	slices.SortStableFunc(r, func(a, b score) int {
		return cmp.Or(cmp.Compare(b.priority, a.priority), cmp.Compare(b.match, a.match), cmp.Compare(b.fallback, a.fallback))
	})
	return r
}

// grade is 2 when every condition holds, 1 when those that do not are defaults.
func (r ranking) grade() int {
	grade := 2
	for _, s := range r {
		switch {
		case s.match > 0:
		case s.fallback > 0:
			grade = min(grade, 1)
		default:
			return 0
		}
	}
	return grade
}

// compare is above 0 when r is the better one.
func (r ranking) compare(o ranking) int {
	if c := cmp.Compare(r.grade(), o.grade()); c != 0 {
		return c
	}
	for i := range min(len(r), len(o)) {
		a, b := r[i], o[i]
		switch { // to have a condition is better than not to have it if it holds, and worse if not
		case a.priority > b.priority:
			return sign(a.match > 0)
		case a.priority < b.priority:
			return -sign(b.match > 0)
		case (a.match > 0) != (b.match > 0):
			return sign(a.match > 0)
		}
		if c := cmp.Or(cmp.Compare(a.match, b.match), cmp.Compare(a.fallback, b.fallback)); c != 0 {
			return c
		}
	}
	switch {
	case len(r) > len(o):
		return sign(r[len(o)].match > 0)
	case len(r) < len(o):
		return -sign(o[len(r)].match > 0)
	}
	return 0
}

func sign(yes bool) int {
	if yes {
		return 1
	}
	return -1
}

// best is the score of a condition that holds exactly.
const best = 1000

// match tells how well a condition holds, 0: it does not.
func (ctx Context) match(q Qualifier) int {
	switch q.Name {
	case "Language":
		return matchLanguage(q.Value, ctx.Languages)
	case "Scale":
		return matchSize(q.Value, ctx.Scale)
	case "TargetSize":
		return matchSize(q.Value, ctx.TargetSize)
	case "AlternateForm":
		return matchText(q.Value, ctx.AltForm)
	case "Contrast":
		return matchText(q.Value, ctx.Contrast)
	case "Theme":
		return matchText(q.Value, ctx.Theme)
	}
	return 0
}

func matchText(value, wanted string) int {
	if wanted != "" && strings.EqualFold(value, wanted) {
		return best
	}
	return 0
}

// matchLanguage ranks by the place in the list first, then by how much of the
// tag is the same: for en-GB there is en before en-US, and either before another
// language. One that is written otherwise, zh-CN for zh-TW, does not serve. The
// value can be a list of its own.
func matchLanguage(value string, wanted []string) int {
	score := 0
	for have := range strings.SplitSeq(value, ";") {
		for i, want := range wanted {
			if near := nearness(strings.ToLower(have), strings.ToLower(want)); near > 0 {
				score = max(score, best-3*i-3+near)
			}
		}
	}
	return max(score, 0)
}

// nearness is 3 for the same tag, 2 for one that the other begins with, 1 for another region, and 0 for what does not serve.
func nearness(have, want string) int {
	a, b := script(have), script(want)
	switch {
	case have == want:
		return 3
	case primaryLanguage(have) != primaryLanguage(want) || a != "" && b != "" && a != b:
		return 0
	case strings.HasPrefix(want, have+"-"):
		return 2
	}
	return 1
}

func primaryLanguage(tag string) string {
	primary, _, _ := strings.Cut(tag, "-")
	return primary
}

// script is how a language is written, as its tag tells or as its region does: "" when neither does. tag is in lower case.
func script(tag string) string {
	parts := strings.Split(tag, "-")
	for _, part := range parts[1:] {
		if len(part) == 4 && part[0] > '9' { // BCP 47, section 2.2.3; a variant of four characters begins with a digit
			return part
		}
	}
	if parts[0] != "zh" {
		return ""
	}
	for _, part := range parts[1:] {
		switch part {
		case "tw", "hk", "mo", "cht":
			return "hant"
		case "cn", "sg", "my", "chs":
			return "hans"
		}
	}
	return ""
}

// matchSize takes the exact size before a larger one, which can be made
// smaller, before a smaller one.
func matchSize(value string, wanted int) int {
	n, err := strconv.Atoi(value)
	if err != nil || wanted <= 0 || n <= 0 || n > 1<<16 {
		return 0
	}
	if n >= wanted {
		return max(best-(n-wanted), best/2)
	}
	return max(best/2-(wanted-n), 1)
}
