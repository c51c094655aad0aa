package crl

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	encoding "encoding/asn1"
)

// Entry is what a list says of one certificate on it.
type Entry struct {
	RevokedAt time.Time // in UTC, between 1970 and 2106
	// Reason is the CRLReason (RFC 5280 section 5.3.1); 0 where none is given.
	Reason int
}

// ReasonRemoveFromCRL marks an entry that is none any more.
const ReasonRemoveFromCRL = 8

// maxSerialBytes is generous: 20 are allowed (RFC 5280 section 4.1.2.2).
const maxSerialBytes = 64

// entries are the revoked certificates in one block of memory: for each the
// length of its serial number, the number as in DER, four bytes of Unix time and
// the reason. index is where each begins, sorted by serial number.
type entries struct {
	block []byte
	index []uint32
}

const entryTail = 4 + 1 // time and reason

func (e entries) size() int { return cap(e.block) + 4*cap(e.index) }

// readEntries reads the revokedCertificates of a list, in two passes: one that
// measures, so that nothing is allocated twice.
func readEntries(revoked cryptobyte.String) (entries, error) {
	var e entries
	length, count := 0, 0
	for rest := revoked; !rest.Empty(); count++ {
		entry, serial, err := nextEntry(&rest)
		if err != nil {
			return entries{}, err
		}
		_ = entry
		length += 1 + len(serial) + entryTail
	}
	e.block, e.index = make([]byte, 0, length), make([]uint32, 0, count)
	for rest := revoked; !rest.Empty(); {
		fields, serial, err := nextEntry(&rest)
		if err != nil {
			return entries{}, err
		}
		at, reason, err := readEntry(fields)
		if err != nil {
			return entries{}, err
		}
		e.index = append(e.index, uint32(len(e.block)))                 //nolint:gosec // the block is smaller than what it was read from
		e.block = append(append(e.block, byte(len(serial))), serial...) //nolint:gosec // at most maxSerialBytes
		e.block = append(binary.BigEndian.AppendUint32(e.block, at), reason)
	}
	slices.SortFunc(e.index, func(a, b uint32) int { return cmp.Or(bytes.Compare(e.serial(a), e.serial(b)), cmp.Compare(a, b)) })
	return e, nil
}

// nextEntry takes one entry off rest: its serial number, and what follows.
func nextEntry(rest *cryptobyte.String) (fields, serial cryptobyte.String, err error) {
	if !rest.ReadASN1(&fields, asn1.SEQUENCE) || !fields.ReadASN1(&serial, asn1.INTEGER) ||
		len(serial) == 0 || len(serial) > maxSerialBytes || len(serial) > 1 && serial[0] == 0 && serial[1]&0x80 == 0 {
		return nil, nil, fmt.Errorf("%w: an entry", ErrMalformed)
	}
	return fields, serial, nil
}

// readEntry reads what follows the serial number of an entry.
func readEntry(fields cryptobyte.String) (at uint32, reason byte, err error) {
	when, ok := readTime(&fields)
	if !ok {
		return 0, 0, fmt.Errorf("%w: the date of an entry", ErrMalformed)
	}
	at = uint32(min(max(when.Unix(), 0), math.MaxUint32))
	if fields.Empty() {
		return at, 0, nil
	}
	var extensions cryptobyte.String
	if !fields.ReadASN1(&extensions, asn1.SEQUENCE) || !fields.Empty() {
		return 0, 0, fmt.Errorf("%w: the extensions of an entry", ErrMalformed)
	}
	for !extensions.Empty() {
		found, err := readEntryExtension(&extensions)
		if err != nil {
			return 0, 0, err
		}
		reason = max(reason, found)
	}
	return at, reason, nil
}

// readTime reads a Time (RFC 5280 section 5.1.2.6). The usual form, UTCTime with
// seconds and Z, is read by hand: there may be a million of them.
func readTime(fields *cryptobyte.String) (when time.Time, ok bool) {
	if !fields.PeekASN1Tag(asn1.UTCTime) {
		ok = fields.ReadASN1GeneralizedTime(&when)
		return when, ok
	}
	var text cryptobyte.String
	const length = len("YYMMDDhhmmssZ")
	if !fields.ReadASN1(&text, asn1.UTCTime) || len(text) != length || text[length-1] != 'Z' {
		return time.Time{}, false
	}
	var parts [6]int
	for i := range parts {
		tens, ones := text[2*i]-'0', text[2*i+1]-'0'
		if tens > 9 || ones > 9 {
			return time.Time{}, false
		}
		parts[i] = int(tens)*10 + int(ones)
	}
	year, month, day := 2000+parts[0], time.Month(parts[1]), parts[2]
	if parts[0] >= 50 { // RFC 5280 section 4.1.2.5.1
		year -= 100
	}
	when = time.Date(year, month, day, parts[3], parts[4], parts[5], 0, time.UTC)
	exists := when.Month() == month && when.Day() == day && when.Hour() == parts[3] && when.Minute() == parts[4] && when.Second() == parts[5]
	return when, exists
}

// readEntryExtension takes one extension and returns the reason if it is one.
func readEntryExtension(extensions *cryptobyte.String) (reason byte, err error) {
	var extension, value cryptobyte.String
	var id encoding.ObjectIdentifier
	critical := false
	if !extensions.ReadASN1(&extension, asn1.SEQUENCE) || !extension.ReadASN1ObjectIdentifier(&id) ||
		extension.PeekASN1Tag(asn1.BOOLEAN) && !extension.ReadASN1Boolean(&critical) || !extension.ReadASN1(&value, asn1.OCTET_STRING) {
		return 0, fmt.Errorf("%w: an extension of an entry", ErrMalformed)
	}
	switch {
	case id.Equal(encoding.ObjectIdentifier{2, 5, 29, 21}): // reasonCode
		number := 0
		if !value.ReadASN1Enum(&number) || number < 0 || number > 10 {
			return 0, fmt.Errorf("%w: the reason of an entry", ErrMalformed)
		}
		return byte(number), nil
	case id.Equal(encoding.ObjectIdentifier{2, 5, 29, 24}): // invalidityDate
		return 0, nil
	case critical: // certificateIssuer is one of them
		return 0, fmt.Errorf("%w: an entry has the critical extension %s", ErrUnsupported, id)
	}
	return 0, nil
}

func (e entries) serial(at uint32) []byte {
	length := uint32(e.block[at])
	return e.block[at+1 : at+1+length]
}

// find returns the entry of a serial number; the first one where it is listed
// more than once.
func (e entries) find(number *big.Int) (Entry, bool) {
	wanted := integer(number)
	at, found := slices.BinarySearchFunc(e.index, wanted, func(at uint32, wanted []byte) int {
		return bytes.Compare(e.serial(at), wanted)
	})
	if !found {
		return Entry{}, false
	}
	tail := e.block[e.index[at]+1+uint32(len(wanted)):] //nolint:gosec // at most maxSerialBytes, as it was found
	seconds := binary.BigEndian.Uint32(tail)
	return Entry{RevokedAt: time.Unix(int64(seconds), 0).UTC(), Reason: int(tail[4])}, true
}

// integer is the contents of a DER INTEGER that is not negative.
func integer(number *big.Int) []byte {
	contents := number.Bytes()
	if len(contents) == 0 || contents[0]&0x80 != 0 {
		return append([]byte{0}, contents...)
	}
	return contents
}
