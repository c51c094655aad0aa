// Package appraisal answers every checks.Question about the certificates of an
// observation. It is pure: observation, time and trust data are arguments; it
// must not ask the network, read a file or a clock. What a peer sends can make
// an answer inconclusive, never wrong, slow or a panic.
package appraisal
