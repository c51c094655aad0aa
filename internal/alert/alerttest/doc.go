// Package alerttest runs receivers of alerts for tests: a real SMTP server and
// a webhook receiver that checks signatures. Both log what they accepted, in
// order and with times, and fail on demand. It must not be imported by
// anything but tests.
//
// The receivers belong to the test's process: they outlive workers that a test
// kills, and end with the test even when that is killed itself.
package alerttest
