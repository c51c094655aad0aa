// Package browser looks at a URL with a real browser, for the cookies that
// script sets: no answer of the server shows them. It is optional and apart from
// every other check: where no browser is configured, nobody is asked.
//
//	Chromium ──every connection──▶ proxy on loopback ──▶ Network.Resolve, Network.Dial
//
// The browser is as hostile as the page in it. It starts with a profile and an
// environment of its own, in a process group of its own, speaks to us over a
// pipe, resolves no name, and reaches nothing but the proxy, which refuses what
// the address filter, its budgets, and the look's deadline do not allow.
package browser
