package demo

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// site is one demo server and what is registered for it.
type site struct {
	name        string
	environment policy.Environment
	minimum     uint16 // lowest protocol version
	expires     bool   // its certificate expires soon
	worsens     bool   // it drops TLS 1.2 after a while
	silent      bool   // it accepts and never answers
	downgrades  bool   // it redirects to plain http
	answer      http.HandlerFunc
}

// sites lists the demo servers, best first. The first proves connectivity.
func sites() []site {
	return []site{
		{name: "healthy", environment: policy.Production, minimum: tls.VersionTLS12, answer: signIn("__Host-session=1; Path=/; Secure; HttpOnly; SameSite=Lax")},
		{name: "worsening", environment: policy.Production, minimum: tls.VersionTLS12, worsens: true, answer: signIn("session=1; Path=/; Secure; HttpOnly")},
		{name: "expiring", environment: policy.Production, minimum: tls.VersionTLS12, expires: true, answer: signIn("session=1; Path=/; Secure; HttpOnly")},
		{name: "old-tls", environment: policy.Stage, minimum: tls.VersionTLS10, answer: signIn("session=1; Path=/; Secure; HttpOnly")},
		{name: "open-cookie", environment: policy.Stage, minimum: tls.VersionTLS12, answer: signIn("session=1; Path=/; Secure")},
		{name: "downgrading", environment: policy.Stage, minimum: tls.VersionTLS12, downgrades: true},
		{name: "silent", environment: policy.SOD, silent: true},
	}
}

// signIn answers as a callback does that is opened without a valid state.
func signIn(cookie string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("Set-Cookie", cookie)
		http.Error(w, "Sign in from SuperOffice first.", http.StatusBadRequest)
	}
}

// downgrade sends people to an unsecured page of the same host, which answers.
func (f *Fleet) downgrade(ctx context.Context, address netip.Addr) (http.HandlerFunc, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", netip.AddrPortFrom(address, 0).String())
	if err != nil {
		return nil, fmt.Errorf("listen for plain http: %w", err)
	}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "Welcome.\n") // the visitor is gone
	})}
	f.closers = append(f.closers, server.Close)
	f.running.Go(func() { _ = server.Serve(listener) }) // ends with ErrServerClosed
	port := strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	return func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		//nolint:gosec // an open redirect to plain http is what this server shows
		http.Redirect(w, r, "http://"+net.JoinHostPort(host, port)+"/welcome", http.StatusFound)
	}, nil
}

func (f *Fleet) startSite(ctx context.Context, ca *pki.CA, s site, address netip.Addr, config Config) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", netip.AddrPortFrom(address, 0).String())
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	f.closers = append(f.closers, listener.Close)
	f.register(s, listener.Addr())
	if s.silent {
		f.running.Go(func() { holdOpen(ctx, listener) })
		return nil
	}
	if s.downgrades {
		if s.answer, err = f.downgrade(ctx, address); err != nil {
			return err
		}
	}
	settings, err := s.tls(ctx, f, ca, config)
	if err != nil {
		return err
	}
	f.serve(&http.Server{
		Handler: s.answer, TLSConfig: settings, ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo), // every refused hello would be a line
	}, listener)
	return nil
}

// tls returns the server's settings; they change when the site worsens.
func (s site) tls(ctx context.Context, f *Fleet, ca *pki.CA, config Config) (*tls.Config, error) {
	leaf := pki.Leaf{Names: []string{s.name + "." + Domain}}
	if s.expires {
		leaf.NotAfter = time.Now().Add(config.ExpiresAfter)
	}
	issued, err := ca.Issue(leaf)
	if err != nil {
		return nil, fmt.Errorf("issue its certificate: %w", err)
	}
	base := &tls.Config{
		MinVersion:   s.minimum, // below 1.2 on purpose for one of them
		Certificates: []tls.Certificate{issued.Certificate},
	}
	if !s.worsens {
		return base, nil
	}
	var worse atomic.Bool
	f.running.Go(func() {
		select {
		case <-ctx.Done():
		case <-time.After(config.WorsensAfter):
			worse.Store(true)
			config.Told("The server worsening." + Domain + " now refuses TLS 1.2: an alert follows after the next look and its confirmation.")
		}
	})
	without := base.Clone()
	without.MinVersion = tls.VersionTLS13
	base.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		if worse.Load() {
			return without, nil
		}
		return nil, nil //nolint:nilnil // crypto/tls: nil means 'the original config'
	}
	return base, nil
}

// register notes what the site is registered as.
func (f *Fleet) register(s site, address net.Addr) {
	port := address.(*net.TCPAddr).Port
	url := "https://" + net.JoinHostPort(s.name+"."+Domain, strconv.Itoa(port)) + "/callback"
	if len(f.endpoints) == 0 {
		f.reference = address.String()
	}
	f.endpoints = append(f.endpoints, monitor.Endpoint{
		Environment: s.environment, Kind: policy.Redirect, ValueKind: policy.Literal, Value: url, Interval: time.Minute,
	})
}

func (f *Fleet) serve(server *http.Server, listener net.Listener) {
	f.closers = append(f.closers, server.Close)
	f.running.Go(func() { _ = server.ServeTLS(listener, "", "") }) // ends with ErrServerClosed
}

// holdOpen accepts connections and never answers on them.
func holdOpen(ctx context.Context, listener net.Listener) {
	var held []net.Conn
	defer func() {
		for _, connection := range held {
			_ = connection.Close()
		}
	}()
	for ctx.Err() == nil {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		held = append(held, connection)
		if len(held) > 256 { // a demo left alone for days must not run out of files
			_ = held[0].Close()
			held = held[1:]
		}
	}
}
