package share

import (
	"net"
	"sync"
	"time"
)

// patientConn is a connection that fails once the other end has said nothing for so long although something was asked.
// The SMB library knows no deadlines: without this a file server that died silently would hold a read for ever.
type patientConn struct {
	net.Conn
	patience time.Duration

	mu      sync.Mutex
	waiting int // questions without an answer
}

// ask says that a question is about to be sent; answered takes it back.
func (c *patientConn) ask() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting++; c.waiting == 1 {
		_ = c.SetReadDeadline(time.Now().Add(c.patience))
	}
}

func (c *patientConn) answered() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting--; c.waiting == 0 {
		_ = c.SetReadDeadline(time.Time{})
	}
}

// Read implements net.Conn. Whatever the other end says shows that it lives.
func (c *patientConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.waiting > 0 {
			_ = c.SetReadDeadline(time.Now().Add(c.patience))
		}
	}
	return n, err
}

// Write implements net.Conn.
func (c *patientConn) Write(p []byte) (int, error) {
	_ = c.SetWriteDeadline(time.Now().Add(c.patience))
	return c.Conn.Write(p)
}

// hurry shortens the patience for farewells.
func (c *patientConn) hurry(patience time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.patience = min(c.patience, patience)
}
