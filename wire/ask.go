package wire

import "berth"

// AskKind is what an agent is asked to do at once, beside its plan. The plan says what a host has; an ask is for what passes.
type AskKind string

// The asks.
const (
	AskExpand     AskKind = "expand"     // read an image and tell the packages in it
	AskLogOff     AskKind = "logOff"     // end a session
	AskDisconnect AskKind = "disconnect" // let a session go on without its screen
	AskMessage    AskKind = "message"    // show a text in a session
)

// Ask is one request to an agent. Somebody waits for the answer: an agent that cannot give it soon says so.
type Ask struct {
	ID        string  `json:"id"`
	Kind      AskKind `json:"kind"`
	ImagePath string  `json:"imagePath,omitempty"` // of AskExpand, as hosts open it
	Session   string  `json:"session,omitempty"`   // of all others: the id of the session
	Title     string  `json:"title,omitempty"`     // of AskMessage
	Body      string  `json:"body,omitempty"`      // of AskMessage
}

// AskReport says that the agent knows asks, which it is at, and which are done. The server sends none to agents that do not
// send one.
type AskReport struct {
	Working []string    `json:"working,omitempty"` // ids that need not be sent again
	Answers []AskAnswer `json:"answers,omitempty"`
}

// AskAnswer is what came of an ask: packages for AskExpand, nothing for the others, or why not.
type AskAnswer struct {
	ID       string          `json:"id"`
	Packages []berth.Package `json:"packages,omitempty"`
	Failed   bool            `json:"failed,omitempty"`
	Message  string          `json:"message,omitempty"` // why it failed
	Code     string          `json:"code,omitempty"`    // as the platform gave it
}
