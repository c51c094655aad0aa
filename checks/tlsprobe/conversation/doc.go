// Package conversation asks one address one thing at a time, a connection for
// each, and says in normalized words how it reacted:
//
//	Question ──▶ Peer (gate, budget, patience) ──▶ connection ──▶ Answer
//
// A Peer knows how a server has behaved so far: how long it takes to answer,
// whether it stands several connections at once, whether it still answers at
// all. It must not interpret what a ServerHello says; and silence, FIN and RST
// are refusals only where Refused says so.
package conversation
