// Package wire holds the messages between agent and server and the shapes of the native API. It has no behaviour: both
// ends of every conversation import it, so that a field has one name.
package wire
