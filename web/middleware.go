package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/static"
)

// maxBody bounds what a request may send, unless it is a file.
const maxBody = 1 << 20

// nextCookie holds the page that a signed-out person asked for.
const nextCookie = "gradewatch_next"

// nextLifetime is how long it is kept: who opens a message takes a while to get
// a link to sign in by.
const nextLifetime = time.Hour

// visit is what is known of a request while it runs.
type visit struct {
	requestID string
	pattern   string         // of the route; empty: none matched yet
	session   *store.Session // nil: signed out
}

type visitKey struct{}

func visitOf(r *http.Request) *visit {
	if v, ok := r.Context().Value(visitKey{}).(*visit); ok {
		return v
	}
	return &visit{}
}

// middleware wraps the routes, outermost first in the order of execution: who
// asks, log, recover, headers, cross-origin, size, text.
func (s *server) middleware(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	// Mail programs in browsers post there too (RFC 8058); who has the token may.
	crossOrigin.AddInsecureBypassPattern("POST " + unsubscribePath + "{token}")
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, errCrossOrigin)
	}))
	next = s.readable(next)
	next = bounded(next)
	next = crossOrigin.Handler(next)
	next = s.headers(next)
	next = s.recovers(next)
	next = s.logs(next)
	return identifies(next)
}

// uploadPath is where files are sent, which may be larger than forms.
const uploadPath = "/imports"

// bounded bounds what a request may send.
func bounded(next http.Handler) http.Handler {
	forms, files := http.MaxBytesHandler(next, maxBody), http.MaxBytesHandler(next, maxUpload)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == uploadPath {
			files.ServeHTTP(w, r)
			return
		}
		forms.ServeHTTP(w, r)
	})
}

func identifies(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{requestID: rand.Text()[:16]}
		w.Header().Set("X-Request-Id", v.requestID)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitKey{}, v)))
	})
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(content []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(content)
	w.bytes += n
	return n, err
}

// Unwrap lets http.ResponseController reach the writer inside.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (s *server) logs(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, recorded := time.Now(), &recorder{ResponseWriter: w}
		next.ServeHTTP(recorded, r)
		v, took := visitOf(r), time.Since(began)
		s.requests.observe(r.Method, v.pattern, recorded.status, took)
		var person int64
		if v.session != nil {
			person = v.session.ID
		}
		s.Logger.LogAttrs(r.Context(), slog.LevelInfo, "request",
			slog.String("method", r.Method), slog.String("path", loggedPath(r)), slog.Int("status", recorded.status),
			slog.Int("bytes", recorded.bytes), slog.Duration("duration", took), slog.String("request_id", v.requestID),
			slog.String("client", s.ClientAddress(r).String()), slog.String("host", r.Host), slog.Int64("person", person))
	})
}

// loggedPath leaves the tokens of links out of the log.
func loggedPath(r *http.Request) string {
	for _, secret := range []string{"/sign-in/", unsubscribePath, feedPath} {
		if strings.HasPrefix(r.URL.Path, secret) {
			return secret + "..."
		}
	}
	return r.URL.Path
}

func (s *server) recovers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			fault := recover()
			if fault == nil {
				return
			}
			if fault == http.ErrAbortHandler { //nolint:errorlint // compared as net/http compares it
				panic(fault)
			}
			s.fail(w, r, fmt.Errorf("panic: %v\n%s", fault, debug.Stack()))
		}()
		next.ServeHTTP(w, r)
	})
}

// readable refuses addresses with NUL or bytes that are no UTF-8. Postgres takes
// neither, so that even the audit of a denial would fail on them.
func (s *server) readable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ok := storable(r.URL.Path)
		for name, values := range r.URL.Query() {
			ok = ok && storable(name) && !slices.ContainsFunc(values, func(value string) bool { return !storable(value) })
		}
		if !ok {
			s.fail(w, r, errBadAddress)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// storable says whether Postgres takes text.
func storable(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func (s *server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", contentPolicy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		if s.sessions.Secure {
			header.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if !strings.HasPrefix(r.URL.Path, static.Prefix) {
			header.Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}

// action serves one route. What it returns is answered by fail.
type action func(http.ResponseWriter, *http.Request) error

// public serves everybody; who is signed in is known all the same.
func (s *server) public(do action) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := visitOf(r)
		v.pattern = r.Pattern
		session, err := s.sessions.Resume(r.Context(), s.sessions.Token(r), s.now(), false)
		if err == nil {
			v.session = &session
		} else if !errors.Is(err, auth.ErrNoSession) {
			s.fail(w, r, err)
			return
		}
		if err := do(w, r); err != nil {
			s.fail(w, r, err)
		}
	})
}

// private serves people who are signed in, and sends others to sign in.
func (s *server) private(do action) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := visitOf(r)
		v.pattern = r.Pattern
		polls := r.Header.Get("HX-Request") != ""
		session, err := s.sessions.Resume(r.Context(), s.sessions.Token(r), s.now(), !polls)
		if errors.Is(err, auth.ErrNoSession) {
			s.askToSignIn(w, r, polls)
			return
		}
		if err == nil {
			v.session = &session
			err = do(w, r)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	})
}

func (s *server) askToSignIn(w http.ResponseWriter, r *http.Request, polls bool) {
	if path := wantedPath(r); path != "" && len(path) < 1000 {
		http.SetCookie(w, s.next(url.QueryEscape(path), int(nextLifetime/time.Second)))
	}
	if polls {
		w.Header().Set("HX-Redirect", "/sign-in")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}

// wantedPath is the page to come back to after signing in: the one that was
// asked for, or that on which a part was polled or a form was sent. Empty: none.
func wantedPath(r *http.Request) string {
	polled := r.Header.Get("HX-Current-URL")
	if r.Method == http.MethodGet && polled == "" {
		return r.URL.RequestURI()
	}
	from, err := url.Parse(cmp.Or(polled, r.Referer()))
	if err != nil || from.Host != r.Host {
		return ""
	}
	return from.RequestURI()
}

func (s *server) next(value string, seconds int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure is off only where the pages are served over http on loopback
		Name: nextCookie, Value: value, Path: "/sign-in", MaxAge: seconds,
		HttpOnly: true, Secure: s.sessions.Secure, SameSite: http.SameSiteLaxMode,
	}
}

// now is the time of a request, as exact as the database keeps it.
func (s *server) now() time.Time { return s.Clock().UTC().Truncate(time.Microsecond) }

func peerAddress(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr().Unmap()
}
