// Package auth says who somebody is and what they may do: sign-in links,
// sessions and roles. It keeps no password and no token, only SHA-256 sums of
// tokens; it writes no page and reads no request but its cookie.
//
//	NewSignInLink ──token──▶ person ──GET shows a button, POST──▶ SignIn ──cookie──▶ Resume ──▶ session
package auth
