// Package inventory reads and writes files of registered URLs, says what is
// wrong with their rows, and what they would change. It reaches no database and
// no network: whoever calls brings what is registered and writes what comes out.
package inventory
