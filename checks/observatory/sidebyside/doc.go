// Package sidebyside is a test alone: it has the MDN HTTP Observatory, from its
// npm package, and checks/observatory score the same answers of local servers.
// Nothing may import it.
package sidebyside
