// Package handshake makes one whole handshake on one connection of a
// conversation, and says in normalized words how it ended:
//
//	Peer ──▶ Make ──▶ Whole: the session as far as it went, its connection, its reaction
//
// It must not interpret what a session shows.
package handshake
