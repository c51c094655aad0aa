// Package web serves the pages. It changes rows through internal/store in the
// team of who is signed in, and asks for looks by inserting jobs; it dials
// nothing, judges nothing and holds no SQL.
//
//	request ─▶ routes.go ─▶ action (one file each) ─▶ store, in AsTeam ─▶ views (templ) ─▶ buffer ─▶ answer
//	               │                     └─ error ─▶ errors.go: the one place that maps errors to pages
//	          middleware.go: request id, log, recover, headers, cross-origin, size, session
package web
