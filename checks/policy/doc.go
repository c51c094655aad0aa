// Package policy turns an observation into verdicts. It is pure: time, profile
// and trust data are arguments; it reads no clock, file or network.
package policy
