package cli

import (
	"bytes"
	"io"
	"os"
	"testing"

	"berth"
)

// TestColored holds the order in which the flag, the environment and the kind of output decide.
func TestColored(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, tt := range []struct {
		color string
		env   map[string]string
		out   io.Writer
		want  bool
	}{
		{colorAuto, nil, &bytes.Buffer{}, false},
		{colorAuto, nil, file, false},
		{colorAlways, nil, file, true},
		{colorAlways, map[string]string{"NO_COLOR": "1"}, &bytes.Buffer{}, true},
		{colorNever, nil, terminal(t), false},
		{colorAuto, nil, terminal(t), true},
		{colorAuto, map[string]string{"NO_COLOR": ""}, terminal(t), true},
		{colorAuto, map[string]string{"NO_COLOR": "1"}, terminal(t), false},
		{colorAuto, map[string]string{"TERM": "dumb"}, terminal(t), false},
	} {
		if tt.out == (*os.File)(nil) {
			t.Log("skipped: this machine has no /dev/ptmx to make a terminal of")
			continue
		}
		p := &program{Options: Options{Out: tt.out, Env: func(name string) string { return tt.env[name] }}, color: tt.color}
		if got := p.colored(); got != tt.want {
			t.Errorf("--color %s, environment %v, output %T: %v", tt.color, tt.env, tt.out, got)
		}
	}
}

// terminal opens one end of a pseudo-terminal; nil where there is none.
func terminal(t *testing.T) *os.File {
	t.Helper()
	f, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestEveryStatusHasAnInk(t *testing.T) {
	want := map[berth.StatusName]ink{berth.StatusReady: green, berth.StatusInUse: green, berth.StatusDisabling: yellow, berth.StatusNotApplied: yellow,
		berth.StatusNoVersion: red, berth.StatusCertificateMissing: red, berth.StatusNotFound: red, berth.StatusStagingFailed: red}
	if len(want) != len(berth.StatusNames) {
		t.Errorf("%d statuses are expected, and there are %d", len(want), len(berth.StatusNames))
	}
	for _, n := range berth.StatusNames {
		if got := statusInk(n); got != want[n] {
			t.Errorf("%s has ink %q, want %q", n, got, want[n])
		}
	}
}
