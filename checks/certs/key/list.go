package key

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	_ "embed" // the built-in list
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

//go:embed data/published_keys.txt
var publishedKeys []byte

// Compromised is a list of keys that somebody else has too. It never changes
// and is safe for concurrent use.
type Compromised struct {
	places  map[[sha256.Size]byte]string
	version string
}

// NewCompromised reads the built-in list and further ones of the same form:
// lines of the SHA-256 of a SubjectPublicKeyInfo in hex, a space, and where the
// private key was seen. Empty lines and those that begin with # are left out.
func NewCompromised(further ...[]byte) (*Compromised, error) {
	list := &Compromised{places: make(map[[sha256.Size]byte]string)}
	sum := sha256.New()
	for _, text := range append([][]byte{publishedKeys}, further...) {
		err := eachLine(text, func(line string) error {
			digest, place, _ := strings.Cut(line, " ")
			raw, err := hex.DecodeString(digest)
			if err != nil || len(raw) != sha256.Size {
				return fmt.Errorf("%q is no SHA-256", digest)
			}
			list.places[[sha256.Size]byte(raw)] = place
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("reading the list of compromised keys: %w", err)
		}
		sum.Write(text)
	}
	list.version = hex.EncodeToString(sum.Sum(nil)[:8])
	return list, nil
}

// Place returns where the private half of a key (SubjectPublicKeyInfo) was seen.
func (c *Compromised) Place(spki []byte) (place string, found bool) {
	place, found = c.places[sha256.Sum256(spki)]
	return place, found
}

// Version changes with the list, and only then.
func (c *Compromised) Version() string { return c.version }

// debianDigits is how much of a SHA-1 a line of openssl-blacklist holds.
const debianDigits = 20

// Debian is a list of weak keys (CVE-2008-0166). It never changes and is safe
// for concurrent use. The zero value covers nothing.
type Debian struct {
	digests [][debianDigits / 2]byte // sorted
	sizes   map[int]bool
	version string
}

// NewDebian reads files in the form of openssl-blacklist by key size in bits:
// lines of the last 20 hex digits of the SHA-1 of "Modulus=", the modulus in
// upper-case hex and a line feed. Lines that begin with # are left out.
func NewDebian(files map[int][]byte) (*Debian, error) {
	list := &Debian{sizes: make(map[int]bool, len(files))}
	for size, text := range files {
		list.sizes[size] = true
		err := eachLine(text, func(line string) error {
			raw, err := hex.DecodeString(line)
			if err != nil || len(line) != debianDigits {
				return fmt.Errorf("%q is no %d digits of hex", line, debianDigits)
			}
			list.digests = append(list.digests, [debianDigits / 2]byte(raw))
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("reading the list of Debian's weak keys of %d bits: %w", size, err)
		}
	}
	slices.SortFunc(list.digests, func(a, b [debianDigits / 2]byte) int { return bytes.Compare(a[:], b[:]) })
	list.digests = slices.Compact(list.digests)
	sum := sha256.New()
	for _, digest := range list.digests {
		sum.Write(digest[:])
	}
	list.version = hex.EncodeToString(sum.Sum(nil)[:8])
	return list, nil
}

// Version changes with the list, and only then; empty for an empty list.
func (d *Debian) Version() string {
	if len(d.digests) == 0 {
		return ""
	}
	return d.version
}

// Covers says whether the list knows RSA keys of so many bits.
func (d *Debian) Covers(bits int) bool { return d.sizes[bits] }

// Weak says whether an RSA modulus is on the list.
func (d *Debian) Weak(modulus *big.Int) bool {
	sum := sha1.Sum(fmt.Appendf(nil, "Modulus=%X\n", modulus))
	wanted := sum[sha1.Size-debianDigits/2:]
	_, found := slices.BinarySearchFunc(d.digests, wanted, func(a [debianDigits / 2]byte, b []byte) int { return bytes.Compare(a[:], b) })
	return found
}

func eachLine(text []byte, read func(line string) error) error {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := read(line); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return errors.Join(errors.New("reading lines"), err)
	}
	return nil
}
