// Package behavior is a farm of handlers for tests: for each requirement on
// how an endpoint behaves (superoffice.md 1.3), what does right and what does
// wrong. It says what should come of a look; it must not look or judge.
package behavior
