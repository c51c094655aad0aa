package web

import (
	"net/http"
	"net/url"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/web/views"
)

// showSignIn says how to get a link.
func (s *server) showSignIn(w http.ResponseWriter, r *http.Request) error {
	if visitOf(r).session != nil {
		return redirect(w, r, s.asked(r))
	}
	return s.render(w, r, http.StatusOK, views.SignInPage(s.page(r, "Sign in", ""), s.asked(r) != "/"))
}

// showSignInLink shows the button that uses a link up, and does not use it up
// itself: mail scanners and browsers open links that nobody pressed.
func (s *server) showSignInLink(w http.ResponseWriter, r *http.Request) error {
	token := r.PathValue("token")
	if err := auth.CheckLink(r.Context(), s.Store, token, s.now()); err != nil {
		return err
	}
	page := s.page(r, "Sign in", "")
	page.Session = nil
	return s.render(w, r, http.StatusOK, views.SignInLinkPage(page, "/sign-in/"+token))
}

// signIn uses a link up, and leads to the page that was asked for. The session
// is always a new one; one that the browser had ends.
func (s *server) signIn(w http.ResponseWriter, r *http.Request) error {
	token, err := s.sessions.SignIn(r.Context(), r.PathValue("token"), s.actor(r), s.now())
	if err != nil {
		return err
	}
	if err := s.sessions.SignOut(r.Context(), s.sessions.Token(r)); err != nil {
		return err
	}
	http.SetCookie(w, s.sessions.Cookie(token))
	http.SetCookie(w, s.next("", -1))
	return redirect(w, r, s.asked(r))
}

// asked is the page that somebody asked for before signing in.
func (s *server) asked(r *http.Request) string {
	cookie, err := r.Cookie(nextCookie)
	if err != nil {
		return "/"
	}
	path, err := url.QueryUnescape(cookie.Value)
	if err != nil {
		return "/"
	}
	return auth.LocalPath(path)
}
