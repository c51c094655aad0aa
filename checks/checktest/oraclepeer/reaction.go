package oraclepeer

import (
	"io"
	"net"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// Reaction is what a server does about a message; the connection ends after it.
type Reaction func(*connection)

// Then is one reaction after another.
func Then(reactions ...Reaction) Reaction {
	return func(c *connection) {
		for _, reaction := range reactions {
			reaction(c)
		}
	}
}

// Alert sends a fatal alert, encrypted where there are keys.
func Alert(code uint8) Reaction { return func(c *connection) { _ = c.alert(code) } }

// CloseNotify sends the warning that ends a connection in order.
func CloseNotify(c *connection) {
	_ = c.layer.Write(wire.TypeAlert, []byte{wire.LevelWarning, wire.AlertCloseNotify})
}

// FIN ends the connection in order, and waits until the client has seen it:
// unread bytes would make it an RST.
func FIN(c *connection) {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, c.Conn)
}

// RST resets the connection.
func RST(c *connection) {
	if conn, ok := c.Conn.(*net.TCPConn); ok {
		_ = conn.SetLinger(0)
	}
	_ = c.Close()
}

// Silence says nothing until the client gives up.
func Silence(c *connection) { _, _ = io.Copy(io.Discard, c.Conn) }

// Answer answers as a correct request is answered.
func Answer(c *connection) {
	if c.server.config.Mute {
		Silence(c)
		return
	}
	_ = c.layer.Write(wire.TypeApplicationData, []byte(c.server.config.Answer))
	CloseNotify(c)
	FIN(c)
}

func (c *connection) alert(code uint8) error {
	return c.layer.Write(wire.TypeAlert, []byte{wire.LevelFatal, code}) //nolint:wrapcheck // of no interest to a test
}
