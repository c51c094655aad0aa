// Package transparency reads and verifies signed certificate timestamps (RFC
// 6962) against a list of logs, and says whether browsers are content with
// them. It never asks a log.
package transparency
