package agent

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"berth"
)

// TestAnswersFit holds that an image with much in it does not make a sync that the server refuses.
func TestAnswersFit(t *testing.T) {
	picture := bytes.Repeat([]byte("x"), 16<<10)
	many := func(n int, icon []byte, words string) (ps []berth.Package) {
		for range n {
			ps = append(ps, berth.Package{DisplayName: words, Applications: []berth.Application{{ID: "App", Icon: icon}}})
		}
		return ps
	}
	few, err := fitting(many(3, picture, ""))
	if err != nil || len(few) != 3 || len(few[0].Applications[0].Icon) == 0 {
		t.Errorf("a few: %d, %v", len(few), err)
	}
	given := many(300, picture, "")
	lots, err := fitting(given)
	b, merr := json.Marshal(lots)
	if err != nil || merr != nil || len(lots) != 300 || len(lots[0].Applications[0].Icon) != 0 || len(b) > mostErrandBytes {
		t.Errorf("many: %d packages, %d bytes, %v %v", len(lots), len(b), err, merr)
	}
	if len(given[0].Applications[0].Icon) == 0 {
		t.Error("what was given was changed")
	}
	if _, err := fitting(many(300, nil, strings.Repeat("word ", 2000))); berth.ErrorKind(err) != berth.Invalid {
		t.Errorf("too many: %v", err)
	}
}
