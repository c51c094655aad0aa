// Package ownership looks for a team's token at a host: in DNS, in a well-known
// file, and in a meta tag. It resolves and connects through checks.Network
// only, and does not decide whose the host is: monitor.StepOwnership does.
package ownership
