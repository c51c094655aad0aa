// Package observatory scores an answer as the MDN HTTP Observatory does, by its
// algorithm version 4: the same tests, results, modifiers and letters, from the
// facts of one look. It must not do input or output, or add rules of its own;
// docs/checks.md says where and why an outcome differs.
package observatory
