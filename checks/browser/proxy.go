package browser

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// proxy is what the browser connects to, and nothing else: CONNECT for https and
// WebSocket, requests in absolute form for http.
type proxy struct {
	ctx      context.Context //nolint:containedctx // handlers that took over their connection end with it
	cancel   context.CancelFunc
	gate     *gate
	listener net.Listener
	server   *http.Server
	running  sync.WaitGroup
}

// startProxy listens on loopback until close, or until ctx ends.
func startProxy(ctx context.Context, gate *gate) (*proxy, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the browser: %w", err)
	}
	p := &proxy{gate: gate, listener: listener}
	p.ctx, p.cancel = context.WithCancel(ctx)
	p.server = &http.Server{
		Handler:           p,
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		BaseContext:       func(net.Listener) context.Context { return p.ctx },
	}
	p.running.Go(func() { _ = p.server.Serve(listener) }) // ends with close
	return p, nil
}

func (p *proxy) address() string { return p.listener.Addr().String() }

// close ends every connection and waits for their handlers.
func (p *proxy) close() {
	p.cancel()
	_ = p.server.Close()
	p.running.Wait()
}

// ServeHTTP answers the browser.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.running.Add(1)
	defer p.running.Done()
	if r.Method == http.MethodConnect {
		p.tunnel(w, r)
		return
	}
	p.forward(w, r)
}

// tunnel copies bytes both ways until one side ends.
func (p *proxy) tunnel(w http.ResponseWriter, r *http.Request) {
	upstream, err := p.gate.dial(r.Context(), r.URL.Hostname(), portOf(r.URL))
	if err != nil {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	defer upstream.Close()
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	stop := context.AfterFunc(p.ctx, func() { //nolint:contextcheck // the request's ends where its connection is taken over
		_ = client.Close()
		_ = upstream.Close()
	})
	defer stop()
	if _, err := io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	var sending sync.WaitGroup
	sending.Go(func() {
		_, _ = io.Copy(upstream, buffered)
		_ = upstream.Close()
	})
	_, _ = io.Copy(client, upstream)
	_ = client.Close()
	sending.Wait()
}

// forward asks one request on a connection of its own. What is refused gets no
// answer: an answer of ours would look like the page.
func (p *proxy) forward(w http.ResponseWriter, r *http.Request) {
	if r.URL.Scheme != "http" || r.URL.Host == "" {
		panic(http.ErrAbortHandler)
	}
	upstream, err := p.gate.dial(r.Context(), r.URL.Hostname(), portOf(r.URL))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer upstream.Close()
	stop := context.AfterFunc(r.Context(), func() { _ = upstream.Close() })
	defer stop()
	r.Close = true
	r.Header.Del("Proxy-Connection")
	if err := r.Write(upstream); err != nil {
		panic(http.ErrAbortHandler)
	}
	response, err := http.ReadResponse(bufio.NewReader(upstream), r)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer response.Body.Close()
	response.Header.Del("Connection")
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(response.StatusCode)
	_, _ = io.Copy(w, response.Body)
}
