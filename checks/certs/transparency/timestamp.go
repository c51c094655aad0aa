package transparency

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/gradewatch/gradewatch/checks/certs/outline"
)

// OIDEmbedded is the extension that holds timestamps (RFC 6962 section 3.3).
const OIDEmbedded = "1.3.6.1.4.1.11129.2.4.2"

const maxTimestamps = 32 // of one certificate; real ones have up to 6

// Timestamp is a signed certificate timestamp (RFC 6962 section 3.2).
type Timestamp struct {
	LogID [sha256.Size]byte
	At    time.Time

	milliseconds    uint64
	extensions      []byte
	hash, algorithm uint8
	signature       []byte
}

// ReadTimestamp reads one timestamp of version 1.
func ReadTimestamp(raw []byte) (Timestamp, error) {
	input := cryptobyte.String(raw)
	var version uint8
	var read Timestamp
	var extensions, signature cryptobyte.String
	if !input.ReadUint8(&version) || version != 0 {
		return Timestamp{}, errors.New("reading the timestamp: it is not of version 1")
	}
	if !input.CopyBytes(read.LogID[:]) || !input.ReadUint64(&read.milliseconds) || !input.ReadUint16LengthPrefixed(&extensions) ||
		!input.ReadUint8(&read.hash) || !input.ReadUint8(&read.algorithm) || !input.ReadUint16LengthPrefixed(&signature) || !input.Empty() {
		return Timestamp{}, errors.New("reading the timestamp: it is cut off, or too long")
	}
	const latest = 253402300799999 // milliseconds: the end of the year 9999
	if read.milliseconds > latest {
		return Timestamp{}, errors.New("reading the timestamp: its time is after the year 9999")
	}
	read.At = time.UnixMilli(int64(read.milliseconds)).UTC() // bounded above
	read.extensions, read.signature = extensions, signature
	return read, nil
}

// Embedded returns the timestamps, as serialized, that a certificate carries;
// none and no error where it has no such extension.
func Embedded(certificate *outline.Certificate) ([][]byte, error) {
	value, found := certificate.Extension(OIDEmbedded)
	if !found {
		return nil, nil
	}
	input := cryptobyte.String(value)
	var list, entries, one cryptobyte.String
	if !input.ReadASN1(&list, der.OCTET_STRING) || !list.ReadUint16LengthPrefixed(&entries) {
		return nil, errors.New("reading the embedded timestamps: no list")
	}
	var timestamps [][]byte
	for !entries.Empty() && len(timestamps) < maxTimestamps {
		if !entries.ReadUint16LengthPrefixed(&one) {
			return timestamps, errors.New("reading the embedded timestamps: the list is cut off")
		}
		timestamps = append(timestamps, one)
	}
	return timestamps, nil
}

// Entry is what a log signs of a certificate, besides time and extensions.
type Entry struct {
	precertificate bool
	issuerKey      [sha256.Size]byte
	body           []byte
}

// CertificateEntry is the entry of a certificate whose timestamps come beside it.
func CertificateEntry(certificate *outline.Certificate) Entry { return Entry{body: certificate.Raw} }

// PrecertificateEntry is the entry of a certificate that carries its timestamps:
// its body without them, and the key (SubjectPublicKeyInfo) of its issuer.
func PrecertificateEntry(certificate *outline.Certificate, issuerSPKI []byte) (Entry, error) {
	body, err := withoutTimestamps(certificate.RawTBS)
	if err != nil {
		return Entry{}, fmt.Errorf("taking the timestamps out: %w", err)
	}
	return Entry{precertificate: true, issuerKey: sha256.Sum256(issuerSPKI), body: body}, nil
}

// withoutTimestamps copies a TBSCertificate element by element, all but the
// extension that holds timestamps.
func withoutTimestamps(tbs []byte) ([]byte, error) {
	input := cryptobyte.String(tbs)
	var body cryptobyte.String
	if !input.ReadASN1(&body, der.SEQUENCE) {
		return nil, errors.New("no sequence")
	}
	extensionsTag := der.Tag(3).ContextSpecific().Constructed()
	builder := cryptobyte.NewBuilder(nil)
	var failed error
	builder.AddASN1(der.SEQUENCE, func(inner *cryptobyte.Builder) {
		for !body.Empty() && failed == nil {
			var element cryptobyte.String
			var tag der.Tag
			if !body.ReadAnyASN1Element(&element, &tag) {
				failed = errors.New("an element that is cut off")
				return
			}
			if tag != extensionsTag {
				inner.AddBytes(element)
				continue
			}
			failed = copyExtensions(inner, element, extensionsTag)
		}
	})
	if failed != nil {
		return nil, failed
	}
	copied, err := builder.Bytes()
	if err != nil {
		return nil, fmt.Errorf("building it again: %w", err)
	}
	return copied, nil
}

func copyExtensions(builder *cryptobyte.Builder, element cryptobyte.String, tag der.Tag) error {
	var explicit, list cryptobyte.String
	if !element.ReadASN1(&explicit, tag) || !explicit.ReadASN1(&list, der.SEQUENCE) {
		return errors.New("extensions that are no list")
	}
	var kept []byte
	for !list.Empty() {
		var one, content, identifier cryptobyte.String
		if !list.ReadASN1Element(&one, der.SEQUENCE) {
			return errors.New("an extension that is cut off")
		}
		whole := one
		if !one.ReadASN1(&content, der.SEQUENCE) || !content.ReadASN1Element(&identifier, der.OBJECT_IDENTIFIER) {
			return errors.New("an extension without a name")
		}
		if string(identifier) != encodedOID {
			kept = append(kept, whole...)
		}
	}
	builder.AddASN1(tag, func(outer *cryptobyte.Builder) {
		outer.AddASN1(der.SEQUENCE, func(inner *cryptobyte.Builder) { inner.AddBytes(kept) })
	})
	return nil
}

// encodedOID is OIDEmbedded in DER.
const encodedOID = "\x06\x0a\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02"

// signed serializes what the signature is over (RFC 6962 section 3.2).
func (t Timestamp) signed(entry Entry) ([]byte, error) {
	builder := cryptobyte.NewBuilder(nil)
	builder.AddUint8(0) // version 1
	builder.AddUint8(0) // certificate_timestamp
	builder.AddUint64(t.milliseconds)
	if entry.precertificate {
		builder.AddUint16(1)
		builder.AddBytes(entry.issuerKey[:])
	} else {
		builder.AddUint16(0)
	}
	builder.AddUint24LengthPrefixed(func(inner *cryptobyte.Builder) { inner.AddBytes(entry.body) })
	builder.AddUint16LengthPrefixed(func(inner *cryptobyte.Builder) { inner.AddBytes(t.extensions) })
	bytes, err := builder.Bytes()
	if err != nil {
		return nil, fmt.Errorf("serializing what the log signed: %w", err)
	}
	return bytes, nil
}

// Verdict is what became of one timestamp.
type Verdict struct {
	Timestamp Timestamp
	Log       *Log // nil: the list does not know it
	Valid     bool
}

// Verify looks up the log of a timestamp and checks its signature.
func (l *Logs) Verify(timestamp Timestamp, entry Entry) Verdict {
	verdict := Verdict{Timestamp: timestamp, Log: l.byID[timestamp.LogID]}
	if verdict.Log == nil {
		return verdict
	}
	signed, err := timestamp.signed(entry)
	if err != nil || timestamp.hash != 4 { // SHA-256 (RFC 5246 section 7.4.1.4.1)
		return verdict
	}
	digest := sha256.Sum256(signed)
	switch key := verdict.Log.key.(type) {
	case *ecdsa.PublicKey:
		verdict.Valid = timestamp.algorithm == 3 && ecdsa.VerifyASN1(key, digest[:], timestamp.signature)
	case *rsa.PublicKey:
		verdict.Valid = timestamp.algorithm == 1 && rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], timestamp.signature) == nil
	}
	return verdict
}
