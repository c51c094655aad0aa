package checktest

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// What records and messages of a handshake start with (RFC 8446 sections 4 and 5.1).
const (
	recordAlert     = 0x15
	recordHandshake = 0x16
	messageHello    = 2
	messageCerts    = 11
	recordMost      = 1 << 14 // bytes of a record's content
	messageMost     = 1<<24 - 1
)

// Echo gives back what it is sent.
func Echo(conn net.Conn) { _, _ = io.Copy(conn, conn) }

// ServerHellos answers a hello with one ServerHello of TLS 1.2 after another.
func ServerHellos(conn net.Conn) {
	afterHello(conn, func(id []byte) bool {
		return send(conn, record(recordHandshake, message(messageHello, serverHello([32]byte{1}, id, 0xC02F, nil))))
	})
}

// HelloRetries answers every hello with a HelloRetryRequest, and goes on with
// them before another hello comes. The group it asks for changes with each.
func HelloRetries(conn net.Conn) {
	groups, turn := []uint16{24, 25, 23, 29}, 0
	afterHello(conn, func(id []byte) bool {
		turn++
		return send(conn, retry(id, groups[turn%len(groups)]))
	})
}

// PoliteHelloRetries answers every hello with one HelloRetryRequest.
func PoliteHelloRetries(conn net.Conn) {
	groups, reader := []uint16{24, 25, 23, 29}, bufio.NewReaderSize(conn, 64<<10)
	for turn := 0; ; turn++ {
		hello, err := peekHello(reader)
		if err != nil {
			return
		}
		if _, err := reader.Discard(len(hello.Raw)); err != nil || !send(conn, retry(sessionID(hello.Raw), groups[turn%len(groups)])) {
			return
		}
	}
}

// Warnings answers a hello with alerts of level warning without end.
func Warnings(conn net.Conn) {
	afterHello(conn, func([]byte) bool { return send(conn, record(recordAlert, []byte{1, 112})) })
}

// GiantCertificate answers a hello with a ServerHello and a Certificate of 16
// MiB, the most a message can have, that holds one certificate.
func GiantCertificate(conn net.Conn) { certificates(conn, giantCertificate()) }

// Made once: what a test measures is the memory of who reads it.
var giantCertificate = sync.OnceValue(func() []byte {
	body := make([]byte, messageMost)
	putUint24(body, messageMost-3)
	putUint24(body[3:], messageMost-6)
	return message(messageCerts, body)
})

// ManyCertificates does so with 16 MiB of certificates of 64 bytes.
func ManyCertificates(conn net.Conn) { certificates(conn, manyCertificates()) }

var manyCertificates = sync.OnceValue(func() []byte {
	const each = 3 + 64
	body := make([]byte, 3+(messageMost-3)/each*each)
	putUint24(body, len(body)-3)
	for at := 3; at < len(body); at += each {
		putUint24(body[at:], each-3)
		binary.BigEndian.PutUint32(body[at+3:], uint32(at)) // no two are equal
	}
	return message(messageCerts, body)
})

func certificates(conn net.Conn, flight []byte) {
	first := true
	afterHello(conn, func(id []byte) bool {
		if !first {
			return false
		}
		first = false
		if !send(conn, record(recordHandshake, message(messageHello, serverHello([32]byte{1}, id, 0xC02F, nil)))) {
			return false
		}
		for rest := flight; len(rest) > 0; {
			piece := rest[:min(len(rest), recordMost)]
			if !send(conn, record(recordHandshake, piece)) {
				return false
			}
			rest = rest[len(piece):]
		}
		_, _ = io.Copy(io.Discard, conn)
		return false
	})
}

// afterHello reads a hello and calls answer, with its session id, until it says no.
func afterHello(conn net.Conn, answer func(sessionID []byte) bool) {
	hello, err := peekHello(bufio.NewReaderSize(conn, 64<<10))
	if err != nil {
		return
	}
	for id := sessionID(hello.Raw); answer(id); {
	}
}

// sessionID returns the legacy_session_id of a ClientHello, which TLS 1.3 wants back.
func sessionID(raw []byte) []byte {
	const at = 5 + 4 + 2 + 32
	if len(raw) <= at || raw[0] != recordHandshake || len(raw) < at+1+int(raw[at]) {
		return nil
	}
	return raw[at+1 : at+1+int(raw[at])]
}

// retry is a HelloRetryRequest that asks for group (RFC 8446 section 4.1.4).
func retry(id []byte, group uint16) []byte {
	extensions := []byte{0, 43, 0, 2, 3, 4, 0, 51, 0, 2, byte(group >> 8), byte(group)}
	random := sha256.Sum256([]byte("HelloRetryRequest"))
	return record(recordHandshake, message(messageHello, serverHello(random, id, 0x1301, extensions)))
}

func serverHello(random [32]byte, id []byte, suite uint16, extensions []byte) []byte {
	body := append([]byte{3, 3}, random[:]...)
	body = append(append(body, byte(len(id))), id...)
	body = append(body, byte(suite>>8), byte(suite), 0)
	if extensions != nil {
		body = append(binary.BigEndian.AppendUint16(body, uint16(len(extensions))), extensions...)
	}
	return body
}

func message(kind byte, body []byte) []byte {
	whole := make([]byte, 4, 4+len(body))
	whole[0] = kind
	putUint24(whole[1:], len(body))
	return append(whole, body...)
}

func record(kind byte, content []byte) []byte {
	return append([]byte{kind, 3, 3, byte(len(content) >> 8), byte(len(content))}, content...)
}

func putUint24(to []byte, value int) {
	to[0], to[1], to[2] = byte(value>>16), byte(value>>8), byte(value)
}

func send(conn net.Conn, piece []byte) bool {
	_, err := conn.Write(piece)
	return err == nil
}

// CutAfter passes connections on to server and its answers back, up to so many
// bytes of each connection's; then it calls end, which may end the connection.
func CutAfter(server netip.AddrPort, answered int64, end func(net.Conn)) func(net.Conn) {
	return func(client net.Conn) {
		upstream, err := net.Dial("tcp", server.String())
		if err != nil {
			return
		}
		defer func() { _ = upstream.Close() }()
		var asking sync.WaitGroup
		asking.Go(func() { _, _ = io.Copy(upstream, client); closeWrite(upstream) })
		if _, err := io.CopyN(client, upstream, answered); err == nil {
			end(client)
		} else {
			closeWrite(client) // the server ended it itself
		}
		asking.Wait()
		_, _ = io.Copy(io.Discard, client) // closing with unread bytes would send an RST
	}
}

// EndByFIN ends a connection as a close does, and EndByRST as a crash does.
// EndByGarbage ends it after bytes that belong to nothing.
func EndByFIN(conn net.Conn) { closeWrite(conn) }

// EndByRST resets a connection: see EndByFIN.
func EndByRST(conn net.Conn) { reset(conn) }

// EndByGarbage sends bytes that belong to nothing: see EndByFIN.
func EndByGarbage(conn net.Conn) {
	garbage := sha256.Sum256([]byte("garbage"))
	for range 8 {
		_, _ = conn.Write(garbage[:])
	}
	closeWrite(conn)
}

// Slowly passes connections on to server, and its answers back one byte an interval.
func Slowly(server netip.AddrPort, interval time.Duration) func(net.Conn) {
	return func(client net.Conn) {
		upstream, err := net.Dial("tcp", server.String())
		if err != nil {
			return
		}
		defer func() { _ = upstream.Close() }()
		var asking sync.WaitGroup
		asking.Go(func() { _, _ = io.Copy(upstream, client); _ = upstream.Close() })
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for piece := make([]byte, 1); ; <-tick.C {
			if _, err := upstream.Read(piece); err != nil || !send(client, piece) {
				break
			}
		}
		closeWrite(client)
		asking.Wait()
	}
}

func closeWrite(conn net.Conn) {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

// PassOn gives each connection to server.
func PassOn(server netip.AddrPort) func(net.Conn) {
	return CutAfter(server, 1<<40, EndByFIN)
}

// FirewallAfter serves so many connections, and gives every later one to drop.
func FirewallAfter(connections int, serve, drop func(net.Conn)) func(net.Conn) {
	served := make(chan struct{}, connections)
	return func(conn net.Conn) {
		select {
		case served <- struct{}{}:
			serve(conn)
		default:
			drop(conn)
		}
	}
}

// AtMost serves so many connections at a time, and gives what comes meanwhile
// to excess; without one, it waits its turn.
func AtMost(connections int, serve, excess func(net.Conn)) func(net.Conn) {
	open := make(chan struct{}, connections)
	return func(conn net.Conn) {
		if excess == nil {
			open <- struct{}{}
		} else {
			select {
			case open <- struct{}{}:
			default:
				excess(conn)
				return
			}
		}
		defer func() { <-open }()
		serve(conn)
	}
}

// RateLimited serves so many connections in each window, and gives what comes
// beyond to excess. It counts from the first connection of a window.
func RateLimited(connections int, window time.Duration, serve, excess func(net.Conn)) func(net.Conn) {
	var mu sync.Mutex
	var began time.Time
	var count int
	admit := func() bool {
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now(); now.Sub(began) > window {
			began, count = now, 0
		}
		count++
		return count <= connections
	}
	return func(conn net.Conn) {
		if admit() {
			serve(conn)
			return
		}
		excess(conn)
	}
}
