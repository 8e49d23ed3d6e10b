package berth

import "time"

// Meanwhile is a change that somebody made of an object after another had looked at it.
type Meanwhile struct {
	At      time.Time     `json:"at"`
	By      string        `json:"by"`
	Face    string        `json:"face"` // cli, api, arm, console, agent or server
	Action  string        `json:"action"`
	Changes []FieldChange `json:"changes"`

	Revision int64 `json:"revision"` // of the object, as the change made it
	Entry    int64 `json:"entry"`    // its number in the audit
}
