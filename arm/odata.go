package arm

import (
	"strings"
)

// condition is one comparison of a filter: name eq 'value'.
type condition struct {
	name  string // folded
	value string
}

// conditions reads the filters that clients of these operations send: comparisons by eq, joined by and. Source: OData
// Version 4.01, part 2, section 5.1.1; of its language nothing else is supported.
func conditions(filter string) (list []condition, err error) {
	rest := strings.TrimSpace(filter)
	for rest != "" {
		var c condition
		if c, rest, err = oneCondition(rest); err != nil {
			return nil, err
		}
		list = append(list, c)
		if rest == "" {
			return list, nil
		}
		and, after, _ := strings.Cut(rest, " ")
		if !strings.EqualFold(and, "and") || strings.TrimSpace(after) == "" {
			return nil, badFilter("has '" + rest + "' where 'and' and a comparison are expected")
		}
		rest = strings.TrimSpace(after)
	}
	return list, nil
}

func oneCondition(text string) (c condition, rest string, err error) {
	name, text, _ := strings.Cut(text, " ")
	operator, text, _ := strings.Cut(strings.TrimSpace(text), " ")
	text = strings.TrimSpace(text)
	if !strings.EqualFold(operator, "eq") || !strings.HasPrefix(text, "'") {
		return c, "", badFilter("must be comparisons of the form name eq 'value', joined by 'and'")
	}
	c.name = strings.ToLower(name[strings.LastIndex(name, "/")+1:])
	var value strings.Builder
	for text = text[1:]; ; {
		before, after, closed := strings.Cut(text, "'")
		if !closed {
			return c, "", badFilter("has a text that does not end")
		}
		value.WriteString(before)
		if !strings.HasPrefix(after, "'") { // a quote in a text is written twice
			c.value = value.String()
			return c, strings.TrimSpace(after), nil
		}
		value.WriteByte('\'')
		text = after[1:]
	}
}

func badFilter(why string) error { return badParameter("$filter", why) }
