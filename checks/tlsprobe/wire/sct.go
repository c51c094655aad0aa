package wire

import (
	"fmt"

	"golang.org/x/crypto/cryptobyte"
)

// ParseSCTs reads a SignedCertificateTimestampList (RFC 6962 section 3.3), as
// it stands in signed_certificate_timestamp. What is in the timestamps is not
// looked at.
func ParseSCTs(data []byte) ([][]byte, error) {
	message := cryptobyte.String(data)
	var list cryptobyte.String
	if !message.ReadUint16LengthPrefixed(&list) || !message.Empty() {
		return nil, fmt.Errorf("list of SCTs: %w", ErrMalformed)
	}
	var timestamps [][]byte
	for !list.Empty() {
		var timestamp []byte
		if !readVector16(&list, &timestamp) || len(timestamp) == 0 {
			return nil, fmt.Errorf("entry of a list of SCTs: %w", ErrMalformed)
		}
		timestamps = append(timestamps, timestamp)
	}
	return timestamps, nil
}
