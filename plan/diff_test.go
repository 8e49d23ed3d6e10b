package plan_test

import (
	"slices"
	"testing"

	"berth"
	"berth/plan"
)

func TestDiff(t *testing.T) {
	one, two := version("App.App 1.0.0.0 x64"), version("App.App 2.0.0.0 x64", tagged(berth.TagCustom))
	other := version("Other.App 1.0.0.0 x64")
	catalogue := []plan.Version{one, two, other}
	at := func(a berth.Assignment, mode berth.Registration) berth.Assignment { a.Registration = mode; return a }
	nothing := byTag("App.App_abc", berth.TagProduction)
	tests := map[string]struct {
		before, after []berth.Assignment
		want          []string
	}{
		"nothing":          {[]berth.Assignment{exactly(one), exactly(other)}, []berth.Assignment{exactly(other), exactly(one)}, nil},
		"another selector": {[]berth.Assignment{exactly(two)}, []berth.Assignment{at(byTag("APP.app_abc", berth.TagCustom), berth.OnDemand)}, nil},
		"assigned":         {nil, []berth.Assignment{exactly(one)}, []string{"a pending change assigns App.App_1.0.0.0_x64__abc"}},
		"taken away":       {[]berth.Assignment{exactly(one)}, nil, []string{"a pending change takes App.App_1.0.0.0_x64__abc away"}},
		"another version": {[]berth.Assignment{exactly(one)}, []berth.Assignment{exactly(two)},
			[]string{"a pending change puts App.App_2.0.0.0_x64__abc in place of App.App_1.0.0.0_x64__abc"}},
		"no version": {[]berth.Assignment{exactly(one)}, []berth.Assignment{nothing},
			[]string{"a pending change puts no version of App.App_abc in place of App.App_1.0.0.0_x64__abc"}},
		"at logon":  {[]berth.Assignment{exactly(one)}, []berth.Assignment{at(exactly(one), berth.AtLogon)}, []string{"a pending change registers it at logon"}},
		"on demand": {[]berth.Assignment{at(exactly(one), berth.AtLogon)}, []berth.Assignment{exactly(one)}, []string{"a pending change registers it on demand"}},
		"both": {[]berth.Assignment{exactly(one)}, []berth.Assignment{exactly(other)}, []string{
			"a pending change takes App.App_1.0.0.0_x64__abc away", "a pending change assigns Other.App_1.0.0.0_x64__abc"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ds := plan.Diff(compute(t, input(catalogue, tt.before...)), compute(t, input(catalogue, tt.after...)))
			var got []string
			for _, d := range ds {
				got = append(got, d.Words())
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
