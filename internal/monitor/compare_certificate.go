package monitor

import (
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// maxCompared is how many bytes of a certificate are read for sentences.
const maxCompared = 1 << 17

// shelf holds the certificates of an observation, each read once.
type shelf struct {
	host string
	der  map[checks.Fingerprint][]byte
	read map[checks.Fingerprint]*x509.Certificate
}

func newShelf(observation *checks.Observation) *shelf {
	s := &shelf{host: observation.DNS.Host, der: map[checks.Fingerprint][]byte{}, read: map[checks.Fingerprint]*x509.Certificate{}}
	for _, certificate := range observation.Certificates {
		s.der[certificate.SHA256] = certificate.DER
	}
	return s
}

// certificate returns a certificate; nil where it was not kept, or cannot be read.
func (s *shelf) certificate(fingerprint checks.Fingerprint) *x509.Certificate {
	if known, read := s.read[fingerprint]; read {
		return known
	}
	s.read[fingerprint] = nil
	if der := s.der[fingerprint]; len(der) > 0 && len(der) <= maxCompared {
		if certificate, err := x509.ParseCertificate(der); err == nil {
			s.read[fingerprint] = certificate
		}
	}
	return s.read[fingerprint]
}

// sentChain is a chain as an address sends it.
type sentChain struct {
	shelf *shelf
	sent  []checks.Fingerprint
}

func (c *sentChain) leaf() *x509.Certificate {
	if len(c.sent) == 0 {
		return nil
	}
	return c.shelf.certificate(c.sent[0])
}

// name says which certificate it is.
func (c *sentChain) name(fingerprint checks.Fingerprint) string {
	certificate := c.shelf.certificate(fingerprint)
	if certificate == nil {
		return "with SHA-256 " + string(fingerprint[:min(len(fingerprint), 16)])
	}
	if name := cmp.Or(certificate.Subject.CommonName, strings.Join(certificate.Subject.Organization, ", ")); name != "" {
		return `"` + checks.Clean(name, 80) + `"`
	}
	return "a certificate without a name"
}

// issuerName is who issued a certificate: the organization, since issuers take
// another of their intermediates for each renewal.
func issuerName(certificate *x509.Certificate) string {
	name := strings.Join(certificate.Issuer.Organization, ", ")
	if name = cmp.Or(name, certificate.Issuer.CommonName); name == "" {
		return "an issuer without a name"
	}
	return checks.Clean(name, 80)
}

// keyWords says what key a certificate has: "an RSA key of 2048 bits".
func keyWords(certificate *x509.Certificate) string {
	switch key := certificate.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("an RSA key of %d bits", key.N.BitLen())
	case *ecdsa.PublicKey:
		return "an ECDSA key on " + key.Curve.Params().Name
	}
	if certificate.PublicKeyAlgorithm == x509.Ed25519 {
		return "an Ed25519 key"
	}
	return "a key of another kind"
}

// mostNames bounds the names of a kind that are compared: certificates have a
// hundred at the most, and hostile ones thousands.
const mostNames = 500

// coveredNames are the names that a certificate is for, sorted, each once.
func coveredNames(certificate *x509.Certificate) []string {
	var names []string
	for _, name := range certificate.DNSNames[:min(len(certificate.DNSNames), mostNames)] {
		names = append(names, checks.Clean(strings.ToLower(name), 255))
	}
	for _, address := range certificate.IPAddresses[:min(len(certificate.IPAddresses), mostNames)] {
		names = append(names, address.String())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func lifetimeDays(certificate *x509.Certificate) int {
	return int(certificate.NotAfter.Sub(certificate.NotBefore).Hours()+12) / 24
}

func sending() verb { return verb{"sends", "send"} }

// chainTraits says what chain an address sends, and what its certificate is.
func chainTraits(s *side, known *shelf, chain checks.Fact[[]checks.Fingerprint]) {
	if chain.State != checks.Known {
		return
	}
	sent := &sentChain{shelf: known, sent: chain.Value}
	s.add(trait{
		path: "certificates", field: "chain", section: sectionCertificate, what: "Chain by SHA-256", form: quality, text: join(chain.Value),
		chain: sent, say: sayChain, classOf: chainClass, cause: checks.CauseCertificate,
	})
	leaf := sent.leaf()
	if leaf == nil {
		return
	}
	names := coveredNames(leaf)
	s.add(trait{
		path: "certificates.names", field: "chain", section: sectionCertificate, what: "Names", form: collection, topic: "The certificate",
		verb: verb{"covers", "cover"}, members: names, text: listWords(names), has: known.host != "" && leaf.VerifyHostname(known.host) == nil,
		parted: uncovered, classOf: namesClass, weighed: namesWeight, cause: checks.CauseCertificate,
	})
	add := func(path, what, text string) {
		s.add(trait{path: path, field: "chain", section: sectionCertificate, what: what, form: quality, text: text, quiet: true, cause: checks.CauseCertificate})
	}
	add("certificates.issuer", "Issuer", issuerName(leaf))
	add("certificates.key", "Key", strings.TrimPrefix(strings.TrimPrefix(keyWords(leaf), "an "), "a "))
	add("certificates.signature", "Signature", leaf.SignatureAlgorithm.String())
	add("certificates.not_before", "Valid from", leaf.NotBefore.UTC().Format("2006-01-02"))
	add("certificates.not_after", "Valid until", leaf.NotAfter.UTC().Format("2006-01-02"))
	s.add(trait{
		path: "certificates.lifetime", field: "chain", section: sectionCertificate, what: "The lifetime of the certificate", form: quality,
		text: fmt.Sprintf("%d days", lifetimeDays(leaf)), cause: checks.CauseCertificate,
	})
	if len(chain.Value) > 1 {
		var others []string
		for _, fingerprint := range chain.Value[1:] {
			others = append(others, sent.name(fingerprint))
		}
		add("certificates.intermediates", "Intermediates", strings.Join(others, ", "))
	}
}

// uncovered lists the names of one certificate that another is not for: a
// wildcard stands for one label (RFC 9525 section 6.3).
func uncovered(one, other trait) []string {
	return slices.DeleteFunc(slices.Clone(other.members), func(name string) bool {
		_, parent, _ := strings.Cut(name, ".")
		return slices.Contains(one.members, name) || slices.Contains(one.members, "*."+parent)
	})
}

func namesClass(before, after trait) ChangeClass {
	came, went := lists(before, after)
	switch {
	case before.has != after.has && after.has:
		return Recovery
	case before.has != after.has, len(went) > 0:
		return Regression
	case len(came) > 0:
		return Drift
	}
	return Drift
}

// namesWeight: without the host's own name, browsers refuse the certificate.
func namesWeight(before, after trait) Weight {
	if before.has != after.has {
		return Critical
	}
	return Medium
}

// renewed says whether a certificate takes the place of another: the same names
// and kind of key, from the same issuer.
func renewed(before, after *x509.Certificate) bool {
	return slices.Equal(coveredNames(before), coveredNames(after)) && issuerName(before) == issuerName(after) && keyWords(before) == keyWords(after)
}

func chainClass(before, after trait) ChangeClass {
	was, is := before.chain.leaf(), after.chain.leaf()
	if was != nil && is != nil && renewed(was, is) && is.NotBefore.Before(was.NotBefore) {
		return Regression
	}
	return Drift
}

func sayChain(before, after trait) (one, many string) {
	words := func(rest string) (string, string) { return "sends " + rest, "send " + rest }
	if len(before.chain.sent) > 0 && len(after.chain.sent) > 0 && before.chain.sent[0] == after.chain.sent[0] {
		return sayIntermediates(before, after)
	}
	was, is := before.chain.leaf(), after.chain.leaf()
	if was == nil || is == nil {
		return words("another certificate")
	}
	until := "valid until " + is.NotAfter.UTC().Format("2006-01-02")
	sameKey := bytes.Equal(was.RawSubjectPublicKeyInfo, is.RawSubjectPublicKeyInfo)
	key := "with a new key"
	if sameKey {
		key = "with the same key"
	}
	if renewed(was, is) {
		if is.NotBefore.Before(was.NotBefore) {
			return words(fmt.Sprintf("an older certificate again, %s instead of %s", until, was.NotAfter.UTC().Format("2006-01-02")))
		}
		return words(fmt.Sprintf("a renewed certificate, %s, %s", until, key))
	}
	var parts []string
	if issuerName(was) != issuerName(is) {
		parts = append(parts, fmt.Sprintf("issued by %s instead of %s", issuerName(is), issuerName(was)))
	}
	if !slices.Equal(coveredNames(was), coveredNames(is)) {
		parts = append(parts, "for other names")
	}
	if keyWords(was) != keyWords(is) {
		key = fmt.Sprintf("with %s instead of %s", keyWords(is), keyWords(was))
	}
	return words("another certificate: " + strings.Join(append(parts, key, until), ", "))
}

// sayIntermediates says how the rest of a chain changed.
func sayIntermediates(before, after trait) (one, many string) {
	lacking := func(chain, other *sentChain) []checks.Fingerprint {
		return slices.DeleteFunc(slices.Clone(chain.sent), func(fingerprint checks.Fingerprint) bool {
			return slices.Contains(other.sent, fingerprint)
		})
	}
	came, went := lacking(after.chain, before.chain), lacking(before.chain, after.chain)
	named := func(c *sentChain, prints []checks.Fingerprint) string {
		var names []string
		for _, fingerprint := range prints {
			names = append(names, c.name(fingerprint))
		}
		return listed(names)
	}
	intermediates := "intermediate"
	if len(came) > 1 || len(came) == 0 && len(went) > 1 {
		intermediates += "s"
	}
	switch {
	case len(came) == 0 && len(went) == 0:
		const rest = " the same certificates in another order or number"
		return "sends" + rest, "send" + rest
	case len(went) == 0:
		rest := intermediates + " " + named(after.chain, came)
		return "now also sends the " + rest, "now also send the " + rest
	case len(came) == 0:
		rest := intermediates + " " + named(before.chain, went)
		return "no longer sends the " + rest, "no longer send the " + rest
	}
	rest := fmt.Sprintf("the same certificate with the %s %s instead of %s", intermediates, named(after.chain, came), named(before.chain, went))
	return "sends " + rest, "send " + rest
}
