package crl

import "math/big"

// ReadEntries looks a serial number up among entries that nobody signed.
func ReadEntries(revoked []byte, serial *big.Int) (found bool, size int, err error) {
	read, err := readEntries(revoked)
	if err != nil {
		return false, 0, err
	}
	_, found = read.find(serial)
	return found, read.size(), nil
}
