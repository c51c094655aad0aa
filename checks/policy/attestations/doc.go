// Package attestations holds what SuperOffice's developer documents ask that
// nobody sees from outside (superoffice.md section 2, A-01 to A-29): statements
// that a partner makes about an application, as versioned data. It stores no
// statement, and judges none.
package attestations
