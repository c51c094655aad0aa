// Package alert says what a notification tells people and sends it: email
// through the operator's mail server, webhooks signed as Standard Webhooks. It
// must not decide whether or when somebody is told, keep or retry anything, or
// open a connection to an address that a user gave other than through the
// transport it was given.
//
//	monitor.Message -> compose -> letter -> text and HTML -> SMTP session
//	monitor.Message -> webhook body -> signature -> HTTP request
package alert
