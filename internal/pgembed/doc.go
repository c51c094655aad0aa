// Package pgembed runs a private Postgres for a program that was given none:
// it finds the binaries, makes the data folder, starts the server on a Unix
// socket that only its own user and root can reach, recovers what a killed
// program left behind, and stops the server. It knows nothing of what the
// database holds and never touches a Postgres that somebody else runs.
package pgembed
