package certs

import (
	"context"
	"crypto/x509"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// Config says what a Collector knows beforehand. The zero Config is useful.
type Config struct {
	// Anchors returns the known trust anchors with this subject (DER) and, where
	// it is not empty, this key identifier; see AnchorsOf. A chain that leads to
	// one needs no AIA, and its certificate answers for revocation. Nil: none.
	Anchors func(rawSubject, keyID []byte) []*x509.Certificate
	// Directories are asked for renewal information before the built-in ones.
	Directories []Directory
	// RootCAs verify the servers of ACME. Nil: the system's.
	RootCAs *x509.CertPool
	// Now is the clock. Nil: the system's.
	Now func() time.Time
}

// Bounds of one look.
const (
	quickTime          = 5 * time.Second  // the whole family, in a quick look
	fullTime           = 15 * time.Second // and in a full one
	fetchesAtOnce      = 8
	fetchesOfALook     = 64
	certificatesOfLook = 48  // that are asked about
	signaturesOfALook  = 200 // that are verified to find issuers
)

// Collector asks about certificates. The zero Collector is ready; one serves a
// whole process, so that looks at many servers fetch a list once. It is safe
// for concurrent use, and must not be copied. What it caches takes at most some
// 120 MiB.
type Collector struct {
	Config Config

	lists     cache[listKey, listAnswer]
	responses cache[responseKey, responseAnswer]
	issuers   cache[string, issuerAnswer]
	windows   cache[string, windowAnswer]
	offers    cache[string, offerAnswer]
	reading   byteBudget // revocation lists that are being read
}

func (c *Collector) now() time.Time {
	if c.Config.Now != nil {
		return c.Config.Now()
	}
	return time.Now()
}

// Look asks about the certificates of every chain in the observation, and in a
// full look each address for what it staples. It takes at most 5 seconds in a
// quick look and 15 in a full one, and no longer than ctx.
func (c *Collector) Look(ctx context.Context, network checks.Network, target checks.Target, observation *checks.Observation) checks.PKILook {
	limit := quickTime
	if target.Depth == checks.Full {
		limit = fullTime
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	look := newLook(c, network, target, observation, limit/2)
	defer look.wait.Wait()

	var stapled []checks.Stapled
	if target.Depth == checks.Full {
		handshakes := look.shakeHands(ctx, observation.Addresses)
		look.findIssuers(ctx)
		stapled = look.judgeHandshakes(handshakes, observation.Addresses)
	} else {
		look.findIssuers(ctx)
	}
	pki := checks.PKI{Issuers: look.led}
	pki.Revocation, pki.RenewalInfo = look.askIssuers(ctx)
	return checks.PKILook{PKI: pki, Stapled: stapled, Certificates: look.additions()}
}

// AnchorsOf returns a function for Config.Anchors that knows these certificates.
func AnchorsOf(certificates []*x509.Certificate) func(rawSubject, keyID []byte) []*x509.Certificate {
	known := make(map[string][]*x509.Certificate, len(certificates))
	for _, certificate := range certificates {
		known[string(certificate.RawSubject)] = append(known[string(certificate.RawSubject)], certificate)
	}
	return func(rawSubject, keyID []byte) []*x509.Certificate {
		var found []*x509.Certificate
		for _, certificate := range known[string(rawSubject)] {
			if len(keyID) == 0 || len(certificate.SubjectKeyId) == 0 || string(keyID) == string(certificate.SubjectKeyId) {
				found = append(found, certificate)
			}
		}
		return found
	}
}
