package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"
)

// webStop is how long requests that are being answered may take to end.
const webStop = 4 * time.Second

// listener serves HTTP until it is stopped.
type listener struct {
	server *http.Server
	socket net.Listener
	failed chan error // gets one error when serving ends by itself
	done   chan struct{}
}

// listen opens address; handler is told where that is (port 0 takes a free one).
func listen(ctx context.Context, address string, handler func(at string) (http.Handler, error), logger *slog.Logger) (*listener, error) {
	socket, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("another program listens on %s: stop it, or set GRADEWATCH_LISTEN to another address", address)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	routes, err := handler(socket.Addr().String())
	if err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	started := &listener{socket: socket, failed: make(chan error, 1), done: make(chan struct{})}
	started.server = &http.Server{
		Handler:           routes,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelInfo),
	}
	go func() {
		defer close(started.done)
		if err := started.server.Serve(socket); !errors.Is(err, http.ErrServerClosed) {
			started.failed <- fmt.Errorf("serve on %s: %w", address, err)
		}
	}()
	return started, nil
}

func (l *listener) address() string { return l.socket.Addr().String() }

// stop lets running requests end, then closes what is left.
func (l *listener) stop(ctx context.Context) error {
	err := l.server.Shutdown(ctx)
	if err != nil {
		err = l.server.Close() // out of time: cutting a slow client off is no fault
	}
	<-l.done
	return err
}

// healthOnly answers /healthz and nothing else: for processes without pages.
func healthOnly() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = fmt.Fprintln(w, "ok")
	})
	return mux
}
