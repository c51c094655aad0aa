package checktest

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// StartPeer accepts connections until the end of the test and gives each to
// handle, which must return when the connection is closed: it is closed when
// handle returns, and at the end of the test.
func StartPeer(t testing.TB, handle func(net.Conn)) netip.AddrPort {
	t.Helper()
	return StartPeerAt(t, netip.Addr{}, handle)
}

// StartPeerAt is StartPeer at another address than 127.0.0.1.
func StartPeerAt(t testing.TB, address netip.Addr, handle func(net.Conn)) netip.AddrPort {
	t.Helper()
	listener := listen(t, address)
	var owned sync.WaitGroup
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	ended := false
	serve := func(conn net.Conn) {
		defer func() { _ = conn.Close() }()
		mu.Lock()
		if ended {
			mu.Unlock()
			return
		}
		open[conn] = true
		mu.Unlock()
		handle(conn)
		mu.Lock()
		delete(open, conn)
		mu.Unlock()
	}
	owned.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			owned.Go(func() { serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		ended = true
		for conn := range open {
			_ = conn.Close()
		}
		mu.Unlock()
		owned.Wait()
	})
	return addrPort(listener)
}

// Tarpit reads everything and never answers.
func Tarpit(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// ResetOnAccept answers every connection with a TCP RST.
func ResetOnAccept(conn net.Conn) { reset(conn) }

// ResetOnHello reads a first piece and answers with a TCP RST.
func ResetOnHello(conn net.Conn) {
	_, _ = conn.Read(make([]byte, 4096))
	reset(conn)
}

// CloseOnAccept answers every connection with a FIN. It reads first what is
// there, since closing with unread bytes would send an RST.
func CloseOnAccept(conn net.Conn) {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, conn)
}

// Garbage answers a first piece with bytes that no protocol knows.
func Garbage(conn net.Conn) {
	_, _ = conn.Read(make([]byte, 4096))
	_, _ = conn.Write([]byte("\xde\xad\xbe\xef\x00\x01\x02\x03 this is no protocol \xff\xfe\xfd"))
	_, _ = io.Copy(io.Discard, conn)
}

// GarbageRecord answers with a well-formed handshake record that holds nonsense.
func GarbageRecord(conn net.Conn) {
	_, _ = conn.Read(make([]byte, 4096))
	_, _ = conn.Write([]byte{0x16, 0x03, 0x03, 0x00, 0x08, 0x02, 0x00, 0x00, 0x04, 0x09, 0x09, 0x09, 0x09})
	_, _ = io.Copy(io.Discard, conn)
}

// EndlessBytes sends zero bytes for as long as somebody reads.
func EndlessBytes(conn net.Conn) {
	piece := make([]byte, 16<<10)
	for {
		if _, err := conn.Write(piece); err != nil {
			return
		}
	}
}

// EndlessRecords sends well-formed handshake records without end: one message
// that claims 16 MiB, the most its length field can say.
func EndlessRecords(conn net.Conn) {
	record := append([]byte{0x16, 0x03, 0x03, 0x40, 0x00, 0x0B, 0xFF, 0xFF, 0xFF}, make([]byte, 0x4000-4)...)
	for {
		if _, err := conn.Write(record); err != nil {
			return
		}
	}
}

// Drip sends the start of a record one byte at a time, a byte every interval.
func Drip(interval time.Duration) func(net.Conn) {
	return func(conn net.Conn) {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		record := append([]byte{0x16, 0x03, 0x03, 0x40, 0x00, 0x02, 0x00, 0x3F, 0xFC}, make([]byte, 0x4000)...)
		for _, value := range record {
			<-tick.C
			if _, err := conn.Write([]byte{value}); err != nil {
				return
			}
		}
	}
}

// PlainHTTP speaks HTTP where TLS is expected: it answers as Apache and nginx do.
func PlainHTTP(conn net.Conn) {
	_, _ = conn.Read(make([]byte, 4096))
	_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

// AlertAlways answers every hello with a fatal TLS alert of this code.
func AlertAlways(code byte) func(net.Conn) {
	return func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 4096))
		_, _ = conn.Write([]byte{0x15, 0x03, 0x01, 0x00, 0x02, 0x02, code})
	}
}

// Hello is what a first piece of a connection asks for.
type Hello struct {
	SSLv2   bool   // in the framing of SSL 2.0
	Version uint16 // ClientHello.legacy_version, or the version of SSL 2.0
	Raw     []byte
}

// Choosy gives each connection whose hello refuse dislikes to reaction, and
// every other to a crypto/tls server as config says.
func Choosy(t testing.TB, config GoServerConfig, refuse func(Hello) bool, reaction func(net.Conn)) func(net.Conn) {
	t.Helper()
	serverConfig := goTLS(t, config)
	return func(conn net.Conn) {
		reader := bufio.NewReaderSize(conn, 32<<10)
		hello, err := peekHello(reader)
		if err != nil {
			return
		}
		whole := &peeked{Conn: conn, reader: reader}
		if refuse(hello) {
			reaction(whole)
			return
		}
		server := tls.Server(whole, serverConfig)
		_ = server.Handshake() // a refused hello is an answer too
		_, _ = io.Copy(io.Discard, server)
	}
}

// OldHello says whether a hello asks for SSL 2.0 or SSL 3.0.
func OldHello(hello Hello) bool { return hello.SSLv2 || hello.Version <= 0x0300 }

func peekHello(reader *bufio.Reader) (Hello, error) {
	start, err := reader.Peek(11)
	if err != nil {
		return Hello{}, err
	}
	if start[0]&0x80 != 0 && start[2] == 1 {
		raw, err := reader.Peek(2 + int(start[0]&0x7F)<<8 + int(start[1]))
		return Hello{SSLv2: true, Version: uint16(start[3])<<8 | uint16(start[4]), Raw: raw}, err
	}
	raw, err := reader.Peek(5 + int(start[3])<<8 + int(start[4]))
	return Hello{Version: uint16(start[9])<<8 | uint16(start[10]), Raw: raw}, err
}

// peeked is a connection whose first bytes were read already.
type peeked struct {
	net.Conn
	reader *bufio.Reader
}

func (p *peeked) Read(piece []byte) (int, error) { return p.reader.Read(piece) }

// SetLinger and CloseWrite are those of the connection below.
func (p *peeked) SetLinger(seconds int) error {
	if below, ok := p.Conn.(interface{ SetLinger(seconds int) error }); ok {
		return below.SetLinger(seconds) //nolint:wrapcheck // this is the connection
	}
	return nil
}

func (p *peeked) CloseWrite() error {
	if below, ok := p.Conn.(interface{ CloseWrite() error }); ok {
		return below.CloseWrite() //nolint:wrapcheck // this is the connection
	}
	return nil
}

func reset(conn net.Conn) {
	if tcp, ok := conn.(interface{ SetLinger(seconds int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
