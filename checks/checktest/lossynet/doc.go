// Package lossynet puts servers of a test behind a bad network: two network
// namespaces of the kernel, joined by a forwarder of ours that delays packets
// and loses some. It is for kernels without netem.
//
//	test ──re-exec, new user and network namespace──▶ servers ──re-exec, second network namespace──▶ prober
//	                                                  tun ◀── forwarder: delay, jitter, loss ──▶ tun
//
// No privilege is needed: an unprivileged user namespace gives what it takes,
// so that a test runs the same as root and as an ordinary user. A kernel that
// forbids such namespaces, or has no /dev/net/tun, fails the test with a
// sentence that says so. Nothing outside the two namespaces is touched. It must
// never be linked into the program.
package lossynet
