// Package archtest holds the rules of the house as tests: which package may
// import which, who dials, who holds SQL, how long a function may be. Each rule
// says its reason, and docs/design.md draws the same picture. It checks source
// text and the import graph only; it runs nothing of the program.
package archtest
