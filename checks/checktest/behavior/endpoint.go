package behavior

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
)

// panels are the rows of E-09: a web panel shows nothing to whoever is not
// signed in.
func panels() []Row {
	row := func(name string, want checks.Result, handler http.Handler) Row {
		return Row{
			Requirement: "E-09", Name: name, Kind: policy.WebPanel, Path: "/panel?uctx=Cust00000&usid=0", Handler: handler, Want: want,
		}
	}
	people := "<h1>Customers</h1><table><tr><th>Name</th><th>E-mail</th><th>Telephone</th><th>Revenue</th></tr>" + strings.Repeat(
		"<tr><td>Example person of a customer</td><td>person@customer.example</td><td>+47 22 00 00 00</td><td>120 000</td></tr>", 20) + "</table>"
	shell := `<div id="root"></div><script src="/static/main.js"></script>`
	return []Row{
		row("redirects to the sign-in", checks.Pass, starts(root, "")),
		row("401", checks.Pass, page(http.StatusUnauthorized, "<p>Please sign in.")),
		row("403", checks.Pass, page(http.StatusForbidden, "<p>You have no access.")),
		row("a shell of script", checks.Pass, page(http.StatusOK, shell)),
		row("offers to sign in", checks.Pass, page(http.StatusOK, `<h1>Sign in</h1><p>Sign in with SuperOffice to see this panel.</p><a href="/login">Sign in</a>`)),
		row("customers", checks.Fail, page(http.StatusOK, people)),
		row("customers as JSON", checks.Fail, text(http.StatusOK, "application/json",
			`[`+strings.Repeat(`{"name":"Example person of a customer","email":"person@customer.example","revenue":120000},`, 20)+`{}]`)),
	}
}

// posts are the rows of E-11 and E-12: what is posted to a state change or
// webhook URL.
func posts() []Row {
	row := func(requirement, name string, kind policy.Kind, want checks.Result, handler http.Handler) Row {
		return Row{Requirement: requirement, Name: name, Kind: kind, Path: "/notify", Handler: handler, Want: want}
	}
	change := func(name string, want checks.Result, handler http.Handler) Row {
		return row("E-11", name, policy.StateChange, want, handler)
	}
	hook := func(name string, want checks.Result, handler http.Handler) Row {
		return row("E-12", name, policy.Webhook, want, handler)
	}
	return []Row{
		change("turns the token down with 401", checks.Pass, onPost("Token", http.StatusUnauthorized)),
		change("turns the token down with 400", checks.Pass, onPost("Token", http.StatusBadRequest)),
		change("takes a token that nobody signed", checks.Fail, onPost("Token", http.StatusOK)),
		change("takes it with 204", checks.Fail, onPost("Token", http.StatusNoContent)),
		change("is not there", checks.Fail, page(http.StatusNotFound, "<p>Not found.")),
		change("takes no POST", checks.Fail, page(http.StatusMethodNotAllowed, "<p>Use GET.")),
		change("fails", checks.Fail, onPost("Token", http.StatusInternalServerError)),
		hook("200", checks.Pass, onPost("Event", http.StatusOK)),
		hook("turns an event without a signature down", checks.ResultInconclusive, onPost("Event", http.StatusUnauthorized)),
		hook("is not there", checks.Fail, page(http.StatusNotFound, "<p>Not found.")),
		hook("redirects", checks.Fail, to("/elsewhere")),
		hook("fails", checks.Fail, onPost("Event", http.StatusInternalServerError)),
	}
}

// onPost answers a POST of JSON that has member with status, one without it
// with 422, and every other method with 405.
func onPost(member string, status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var sent map[string]any
		switch {
		case r.Method != http.MethodPost:
			w.WriteHeader(http.StatusMethodNotAllowed)
		case json.NewDecoder(io.LimitReader(r.Body, 1<<16)).Decode(&sent) != nil || sent[member] == nil:
			w.WriteHeader(http.StatusUnprocessableEntity)
		default:
			w.WriteHeader(status)
		}
	}
}

// links are the rows of E-13 and E-14: links of the App Store, and guides.
func links() []Row {
	row := func(requirement, name string, kind policy.Kind, want checks.Result, handler http.Handler) Row {
		return Row{Requirement: requirement, Name: name, Kind: kind, Path: "/uninstall", Handler: handler, Want: want}
	}
	there, missing := page(http.StatusOK, "<h1>Uninstall</h1><p>How to uninstall the application."), page(http.StatusNotFound, "<p>Not found.")
	loop := paths{"/uninstall": to("/again"), "/again": to("/uninstall")}
	moved := paths{"/uninstall": to("/moved"), "/moved": there}
	rows := []Row{row("E-13", "asks to sign in at the service", policy.StoreLink, checks.Pass, starts(root, ""))}
	for _, kind := range []struct {
		requirement string
		kind        policy.Kind
	}{{"E-13", policy.StoreLink}, {"E-14", policy.Guide}} {
		rows = append(rows,
			row(kind.requirement, "200", kind.kind, checks.Pass, there),
			row(kind.requirement, "moved", kind.kind, checks.Pass, moved),
			row(kind.requirement, "404", kind.kind, checks.Fail, missing),
			row(kind.requirement, "410", kind.kind, checks.Fail, page(http.StatusGone, "<p>Gone.")),
			row(kind.requirement, "500", kind.kind, checks.Fail, page(http.StatusInternalServerError, "<p>Sorry.")),
			row(kind.requirement, "redirect loop", kind.kind, checks.Fail, loop),
		)
	}
	return rows
}
