package berth

import (
	"encoding/json"
	"time"
)

// TaskKind is the sort of a task.
type TaskKind string

// The kinds of task: work on images that takes longer than anybody waits for an answer.
const (
	TaskInspect TaskKind = "inspect" // what is in an image
	TaskVerify  TaskKind = "verify"  // every file of an image against signature and block map
	TaskAdd     TaskKind = "add"     // a package of an image to the catalogue
	TaskBuild   TaskKind = "build"   // an image of packages
)

// TaskState is how far a task is.
type TaskState string

// The states of a task; the last three are final.
const (
	TaskQueued   TaskState = "queued"
	TaskRunning  TaskState = "running"
	TaskDone     TaskState = "done"
	TaskFailed   TaskState = "failed"
	TaskCanceled TaskState = "canceled"
)

// Over tells whether the state is final.
func (s TaskState) Over() bool { return s == TaskDone || s == TaskFailed || s == TaskCanceled }

// Task is one piece of work that goes on while nobody waits for it.
type Task struct {
	ID      string          `json:"id"`
	Site    string          `json:"site"`
	Kind    TaskKind        `json:"kind"`
	Subject string          `json:"subject"` // path of the image, or full name of the package
	State   TaskState       `json:"state"`
	By      string          `json:"by"`
	AskedAt time.Time       `json:"askedAt"`
	BeganAt time.Time       `json:"beganAt,omitzero"`
	EndedAt time.Time       `json:"endedAt,omitzero"`
	Log     []TaskLine      `json:"log"`
	Failure *TaskFailure    `json:"failure,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"` // of inspect and build an image, of add a package, of verify what was found
}

// TaskLine is one line of a task's log.
type TaskLine struct {
	At      time.Time `json:"at"`
	Message string    `json:"message"`
}

// TaskFailure is why a task did not succeed, as an error is shown.
type TaskFailure struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
	Code    string `json:"code,omitempty"`
	Remedy  string `json:"remedy,omitempty"`
}

// TaskQuery chooses tasks of one site, or of all with an empty one.
type TaskQuery struct {
	Site   string
	Open   bool   // only those that are queued or running
	Before string // only those that come behind the task of this id
	Limit  int    // 0: all
}

// TaskStore keeps tasks, so that what came of them can be read after a restart of the server.
type TaskStore interface {
	// Task returns the task of that id, or NotFound.
	Task(id string) (Task, error)
	// Tasks returns the tasks that fit, those asked for last first.
	Tasks(TaskQuery) ([]Task, error)
	// PutTask creates or replaces the task.
	PutTask(Task) error
	// DeleteTask removes the task; removing one that is not there is no error.
	DeleteTask(id string) error
}
