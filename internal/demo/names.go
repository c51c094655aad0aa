package demo

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

// startDNS serves the demo's names over UDP and TCP on one loopback port.
func (f *Fleet) startDNS(ctx context.Context) error {
	records := make(map[string]netip.Addr)
	for number, s := range sites() {
		records[dns.Fqdn(s.name+"."+Domain)] = netip.AddrFrom4([4]byte{127, 0, 0, byte(10 + number)})
	}
	records[dns.Fqdn(receiverName+"."+Domain)] = netip.AddrFrom4([4]byte{127, 0, 0, 9})
	packets, streams, err := listenTwice(ctx)
	if err != nil {
		return fmt.Errorf("listen for names: %w", err)
	}
	f.Resolver = packets.LocalAddr().String()
	for _, server := range []*dns.Server{{PacketConn: packets}, {Listener: streams}} {
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		server.Handler = answerNames(records)
		f.running.Go(func() { _ = server.ActivateAndServe() }) // ends when shut down
		<-started
		f.closers = append(f.closers, server.Shutdown)
	}
	return nil
}

// portsTried is how many free UDP ports are tried until the TCP port of the
// same number is free too.
const portsTried = 20

func listenTwice(ctx context.Context) (packets net.PacketConn, streams net.Listener, err error) {
	for range portsTried {
		if packets, err = new(net.ListenConfig).ListenPacket(ctx, "udp", "127.0.0.1:0"); err != nil {
			return nil, nil, err //nolint:wrapcheck // the caller says what for
		}
		if streams, err = new(net.ListenConfig).Listen(ctx, "tcp", packets.LocalAddr().String()); err == nil {
			return packets, streams, nil
		}
		_ = packets.Close()
	}
	return nil, nil, err
}

func answerNames(records map[string]netip.Addr) dns.HandlerFunc {
	return func(w dns.ResponseWriter, question *dns.Msg) {
		answer := new(dns.Msg).SetReply(question)
		for _, asked := range question.Question {
			address, known := records[strings.ToLower(asked.Name)]
			switch {
			case !known:
				answer.Rcode = dns.RcodeNameError
			case asked.Qtype == dns.TypeA:
				answer.Answer = append(answer.Answer, &dns.A{
					Hdr: dns.RR_Header{Name: asked.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 5},
					A:   address.AsSlice(),
				})
			}
		}
		_ = w.WriteMsg(answer) // the asker is gone; nobody to tell
	}
}
