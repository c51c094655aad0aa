package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

var (
	errCrossOrigin = errors.New("the request came from another site")
	errBadForm     = errors.New("the form cannot be read")
	errBadAddress  = errors.New("the address holds bytes that are no text")
)

// fail answers a request that ended in err: the only place that maps errors to
// statuses and words. What is our fault is logged; people get its request id.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, failure := explain(err)
	v := visitOf(r)
	var denied *auth.DeniedError
	switch {
	case errors.As(err, &denied) && v.session != nil:
		s.auditDenial(r, *v.session)
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		return // nobody is there to read an answer
	case status >= http.StatusInternalServerError:
		s.Logger.ErrorContext(r.Context(), "request failed", "error", err, "path", loggedPath(r), "request_id", v.requestID)
		failure.RequestID = v.requestID
	}
	page := s.page(r, failure.Heading, "")
	if err := s.render(w, r, status, views.FailurePage(page, failure)); err != nil {
		s.Logger.ErrorContext(r.Context(), "render the error page", "error", err, "request_id", v.requestID)
		http.Error(w, "Something went wrong on our side. Request ID: "+v.requestID, http.StatusInternalServerError)
	}
}

func explain(err error) (int, views.Failure) {
	overview := func(heading string, sentences ...string) views.Failure {
		return views.Failure{Heading: heading, Sentences: sentences, Action: "/", Label: "Go to the overview"}
	}
	var denied *auth.DeniedError
	var tooLarge *http.MaxBytesError
	var full *store.HostQuotaError
	switch {
	case errors.Is(err, store.ErrNotFound):
		return http.StatusNotFound, overview("There is no such page", "It does not exist, or your team has no access to it.")
	case errors.As(err, &denied):
		return http.StatusForbidden, overview("You do not have permission",
			fmt.Sprintf("Your role is %s. It does not have the permission to %s.", denied.Role, denied.Permission),
			"Ask an administrator of your team.")
	case errors.Is(err, errCrossOrigin):
		return http.StatusForbidden, overview("This request came from another site",
			"For your safety it was not carried out. Open the page here and try again.")
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge, overview("That is too much at once", "Send at most 1 megabyte.")
	case errors.As(err, &full):
		return http.StatusUnprocessableEntity, views.Failure{
			Heading: "Too many hosts that are not verified", Sentences: []string{quotaSentence(full), "Nothing was changed."},
			Action: "/hosts", Label: "Your team's hosts",
		}
	case errors.Is(err, store.ErrTooMany):
		return http.StatusTooManyRequests, overview("That is too often",
			fmt.Sprintf("Your team can send %d tests within an hour. Wait a little and try again.", store.MostTests))
	case errors.Is(err, errBadAddress):
		return http.StatusBadRequest, overview("This address cannot be read", "Check that you copied it as it was.")
	case errors.Is(err, errBadForm):
		return http.StatusBadRequest, overview("The form cannot be read", "Open the page again and send the form once more.")
	case errors.Is(err, auth.ErrLinkUsed):
		return http.StatusGone, linkFailure("This sign-in link was used", "A sign-in link works once.")
	case errors.Is(err, auth.ErrLinkExpired):
		return http.StatusGone, linkFailure("This sign-in link is expired", "A sign-in link works for 15 minutes.")
	case errors.Is(err, auth.ErrLinkUnknown):
		return http.StatusNotFound, linkFailure("This sign-in link does not work", "Check that you copied all of it.")
	default:
		return http.StatusInternalServerError, overview("Something went wrong on our side",
			"What you asked for was not done. Try again, and if it happens again, report the request ID.")
	}
}

func linkFailure(heading, sentence string) views.Failure {
	return views.Failure{
		Heading: heading, Sentences: []string{sentence, "To get a new one, run: gradewatch sign-in-link"},
		Action: "/sign-in", Label: "How to sign in",
	}
}

// auditDenial writes that somebody was denied something (S-13). That it could
// not be written is logged: the person is denied all the same.
func (s *server) auditDenial(r *http.Request, session store.Session) {
	ctx := context.WithoutCancel(r.Context())
	err := s.Store.AsTeam(ctx, session.TeamID, func(ctx context.Context, tx *store.Tx) error {
		return tx.Audit(ctx, s.actor(r), store.AuditEntry{
			TeamID: session.TeamID, OccurredAt: s.now(), Action: visitOf(r).pattern, Object: r.URL.Path, Denied: true,
		})
	})
	if err != nil {
		s.Logger.ErrorContext(r.Context(), "audit a denial", "error", err, "request_id", visitOf(r).requestID)
	}
}
