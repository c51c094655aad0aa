// Package deploycheck checks the Dockerfile and fly.toml with what can be had
// without Docker and without Fly: BuildKit's own linter, and the documented keys
// of fly.toml decoded strictly. It builds no image and asks no registry. It is
// a module of its own so that BuildKit never comes near the program's go.mod.
package deploycheck
