// Package grade gives an address the letter of the SSL Labs Server Rating
// Guide, with its proof. Facts and the appraisal of certificates go in; it
// reads no clock, file or network, and trusts no certificate by itself.
package grade
