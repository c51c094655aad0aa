package appraisal

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
	"github.com/gradewatch/gradewatch/checks/certs/key"
	"github.com/gradewatch/gradewatch/checks/certs/lint"
	"github.com/gradewatch/gradewatch/checks/certs/transparency"
)

// The names of stores in checks.ChainAppraisal.Stores. Others may be added.
const (
	StoreMozilla = "mozilla"
	StoreSystem  = "system"
)

// Config says what a Trust holds. The zero value is Mozilla's store and the
// lists that are built into this program.
type Config struct {
	// Public replaces Mozilla's store; nil: the one that is built in.
	Public []chain.Anchor
	// PrivateRoots is PEM: roots of whoever runs this. A chain that needs one of
	// them is trusted, and says so.
	PrivateRoots []byte
	// Stores are further stores by name, in PEM. They are told and do not decide.
	Stores map[string][]byte
	// Logs is a list of certificate transparency logs as Chrome publishes it
	// (log_list.json, version 3); nil: the one that is built in.
	Logs []byte
	// CompromisedKeys are further lists of keys that are published: lines of the
	// SHA-256 of a SubjectPublicKeyInfo in hex, a space, and where it was seen.
	CompromisedKeys [][]byte
	// DebianKeys are the files of openssl-blacklist (CVE-2008-0166) by key size in
	// bits. None is built in.
	DebianKeys map[int][]byte
	// WithoutLint answers checks.LintError with not_asked, for bulk regrading.
	WithoutLint bool
}

// Trust is everything besides an observation and the time that appraising rests
// on. It never changes once made, but for caches that it owns and bounds, and is
// safe for concurrent use.
type Trust struct {
	public  *chain.Store
	private *chain.Store // nil: none
	others  map[string]*chain.Store
	anchors map[*x509.Certificate]*certificate // those of public and private
	linter  *lint.Linter                       // nil: none
	logs    *transparency.Logs
	version string
	// questions never changes; it is a field so that no package variable can.
	questions map[checks.Question]entry

	compromised *key.Compromised
	debian      *key.Debian

	certificates *cache[checks.Fingerprint, *certificate]
	buildings    *cache[[sha256.Size]byte, *building]
	lints        *cache[lintKey, linted]
	stapled      *cache[[sha256.Size]byte, transparency.Verdict]
}

const (
	cachedCertificates = 2048
	cachedBuildings    = 1024
	cachedLints        = 2048
	cachedTimestamps   = 2048
)

// NewTrust prepares trust data, once at the start of a program: it parses and
// checks everything.
func NewTrust(config Config) (*Trust, error) {
	public := config.Public
	if public == nil {
		var err error
		if public, err = chain.MozillaAnchors(); err != nil {
			return nil, fmt.Errorf("reading Mozilla's store: %w", err)
		}
	}
	trust := &Trust{
		public: chain.NewStore(public), others: make(map[string]*chain.Store, len(config.Stores)),
		anchors:      make(map[*x509.Certificate]*certificate),
		certificates: newCache[checks.Fingerprint, *certificate](cachedCertificates),
		buildings:    newCache[[sha256.Size]byte, *building](cachedBuildings),
		questions:    questions(),
		lints:        newCache[lintKey, linted](cachedLints),
		stapled:      newCache[[sha256.Size]byte, transparency.Verdict](cachedTimestamps),
	}
	if err := trust.readLists(config); err != nil {
		return nil, err
	}
	if len(config.PrivateRoots) > 0 {
		anchors, err := readAnchors(config.PrivateRoots)
		if err != nil {
			return nil, fmt.Errorf("reading private roots: %w", err)
		}
		trust.private = chain.NewStore(anchors)
	}
	for name, text := range config.Stores {
		anchors, err := readAnchors(text)
		if err != nil {
			return nil, fmt.Errorf("reading the root store %q: %w", name, err)
		}
		trust.others[name] = chain.NewStore(anchors)
	}
	trust.readAnchorCertificates()
	trust.version = trust.computeVersion()
	return trust, nil
}

func (t *Trust) readLists(config Config) (err error) {
	if t.compromised, err = key.NewCompromised(config.CompromisedKeys...); err != nil {
		return fmt.Errorf("preparing trust data: %w", err)
	}
	if t.debian, err = key.NewDebian(config.DebianKeys); err != nil {
		return fmt.Errorf("preparing trust data: %w", err)
	}
	if config.Logs == nil {
		t.logs, err = transparency.BuiltIn()
	} else {
		t.logs, err = transparency.ReadLogs(config.Logs)
	}
	if err != nil {
		return fmt.Errorf("preparing trust data: %w", err)
	}
	if !config.WithoutLint {
		if t.linter, err = lint.New(); err != nil {
			return fmt.Errorf("preparing trust data: %w", err)
		}
	}
	return nil
}

// Version names all trust data: it changes when something in it does, and only
// then.
func (t *Trust) Version() string { return t.version }

func (t *Trust) computeVersion() string {
	parts := []string{"mozilla-" + t.public.Version()}
	if t.private != nil {
		parts = append(parts, "private-"+t.private.Version())
	}
	for _, name := range slices.Sorted(maps.Keys(t.others)) {
		parts = append(parts, name+"-"+t.others[name].Version())
	}
	parts = append(parts, "logs-"+t.logs.Version(), "keys-"+t.compromised.Version())
	if debian := t.debian.Version(); debian != "" {
		parts = append(parts, "debian-"+debian)
	}
	if t.linter != nil {
		parts = append(parts, t.linter.Version())
	}
	return strings.Join(parts, "+")
}

func (t *Trust) readAnchorCertificates() {
	stores := []*chain.Store{t.public}
	if t.private != nil {
		stores = append(stores, t.private)
	}
	for _, store := range stores {
		for _, anchor := range store.Anchors() {
			raw := anchor.Certificate.Raw
			t.anchors[anchor.Certificate] = t.read(checks.NewCertificate(raw).SHA256, raw)
		}
	}
}

// CheckRoots says what is wrong with a PEM text of private roots: each block
// must be a certificate that can be read.
func CheckRoots(text []byte) error {
	for number := 1; ; number++ {
		block, rest := pem.Decode(text)
		switch {
		case block == nil && number > 1:
			return nil
		case block == nil && len(bytes.TrimSpace(text)) > 0:
			return errors.New("the text is no PEM")
		case block == nil:
			return errors.New("the text holds no certificate")
		case block.Type != "CERTIFICATE":
			return fmt.Errorf("block %d is %q, not a certificate", number, block.Type)
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return fmt.Errorf("certificate %d: %w", number, err)
		}
		text = rest
	}
}

// readAnchors reads every certificate of a PEM text. Those that crypto/x509
// does not parse are left out: bundles of systems hold some.
func readAnchors(text []byte) ([]chain.Anchor, error) {
	var anchors []chain.Anchor
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		text = rest
		if block.Type != "CERTIFICATE" && block.Type != "TRUSTED CERTIFICATE" {
			return nil, fmt.Errorf("block %d is %q, not a certificate", len(anchors)+1, block.Type)
		}
		if parsed, err := x509.ParseCertificate(block.Bytes); err == nil {
			anchors = append(anchors, chain.Anchor{Certificate: parsed})
		}
	}
	if len(anchors) == 0 {
		return nil, errors.New("the text holds no certificate that can be read")
	}
	return anchors, nil
}

// certificate returns a certificate read, from the cache where it is there.
func (t *Trust) certificate(fingerprint checks.Fingerprint, der []byte) *certificate {
	if known, found := t.certificates.get(fingerprint); found {
		return known
	}
	read := t.read(fingerprint, der)
	// What is kept under a fingerprint has to be what the fingerprint says.
	if len(der) <= maxCachedDER && len(der) > 0 && checks.NewCertificate(der).SHA256 == fingerprint {
		t.certificates.add(fingerprint, read)
	}
	return read
}

func (t *Trust) read(fingerprint checks.Fingerprint, der []byte) *certificate {
	read := readCertificate(fingerprint, der)
	if read.outline == nil {
		return read
	}
	if place, found := t.compromised.Place(read.outline.RawSPKI); found {
		read.compromised = place
		return read
	}
	digest := sha1.Sum(der)
	read.compromised = compromisedCertificates()[hex.EncodeToString(digest[:])]
	return read
}
