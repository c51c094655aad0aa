// Package csp reads Content-Security-Policy (W3C CSP Level 3). Parse and the
// methods of Policy say what a browser enforces; Judge says what the MDN HTTP
// Observatory makes of the same fields, which is not always that. It must not
// do input or output, or keep anything between two calls.
package csp
