package appraisal

import (
	"bytes"
	"errors"
	"slices"

	"github.com/gradewatch/gradewatch/checks/certs/chain"
	"github.com/gradewatch/gradewatch/checks/certs/outline"
)

// end says where a walk up from the leaf ends.
type end uint8

const (
	endMissing  end = iota // the issuer of the last is not there
	endUnsigned            // a certificate has the issuer's name, and did not sign
	endRoot                // a self-signed certificate that no store has
	endPrivate             // a private root
	endPublic              // a root of the store that decides
)

// walk is a way up by names and signatures, however weak, through what was sent
// and fetched. It explains what a builder of trusted paths only refuses.
type walk struct {
	certificates []*certificate // leaf first
	end          end
	fetched      bool // uses a certificate that was not sent
	unverified   bool // a signature on the way could not be checked by anybody
}

const (
	maxWalkDepth  = 12
	maxSignatures = 100 // checked a chain, as in crypto/x509
)

type walker struct {
	trust      *Trust
	sent       []*certificate
	fetched    []*certificate
	signatures int
	steps      int
	best       walk
}

func (t *Trust) walk(leaf *certificate, sent, fetched []*certificate) walk {
	w := &walker{trust: t, sent: sent, fetched: fetched}
	w.best = walk{certificates: []*certificate{leaf}}
	w.climb(walk{certificates: []*certificate{leaf}})
	return w.best
}

// climb goes on from the last certificate of so, depth first.
func (w *walker) climb(so walk) {
	last := so.certificates[len(so.certificates)-1]
	w.steps++
	if last.outline == nil || len(so.certificates) >= maxWalkDepth || w.steps > maxSignatures {
		w.offer(so)
		return
	}
	if w.anchored(so, last) {
		return
	}
	if last.selfIssued() {
		if err := w.check(last, last); err == nil || errors.Is(err, errCannotVerify) {
			so.end = endRoot
			w.offer(so)
			return
		}
	}
	so.end = endMissing
	for _, group := range []struct {
		certificates []*certificate
		fetched      bool
	}{{w.sent, false}, {w.fetched, true}} {
		for _, issuer := range group.certificates {
			if w.best.end >= endPrivate {
				return
			}
			if next, fits := w.step(so, last, issuer, group.fetched); fits {
				w.climb(next)
			} else if issuer.outline != nil && bytes.Equal(issuer.outline.RawSubject, last.outline.RawIssuer) {
				so.end = endUnsigned
			}
		}
	}
	w.offer(so)
}

// step returns so with issuer on top, where issuer can be the one of last.
func (w *walker) step(so walk, last, issuer *certificate, fetched bool) (walk, bool) {
	if issuer.outline == nil || !bytes.Equal(issuer.outline.RawSubject, last.outline.RawIssuer) || contains(so.certificates, issuer) {
		return so, false
	}
	err := w.check(last, issuer)
	if err != nil && !errors.Is(err, errCannotVerify) {
		return so, false
	}
	return so.with(issuer, fetched, err != nil), true
}

// anchored offers so with every anchor on top that signed last, public first.
func (w *walker) anchored(so walk, last *certificate) bool {
	stores := []struct {
		store *chain.Store
		end   end
	}{{w.trust.public, endPublic}}
	if w.trust.private != nil {
		stores = append(stores, struct {
			store *chain.Store
			end   end
		}{w.trust.private, endPrivate})
	}
	for _, of := range stores {
		for _, anchor := range of.store.Named(last.outline.RawIssuer) {
			root := w.trust.anchors[anchor.Certificate]
			if root.fingerprint == last.fingerprint {
				so.end = of.end
				w.offer(so)
				return true
			}
			if err := w.check(last, root); err == nil || errors.Is(err, errCannotVerify) {
				next := so.with(root, false, err != nil)
				next.end = of.end
				w.offer(next)
				return true
			}
		}
	}
	return false
}

func (w *walker) check(child, parent *certificate) error {
	if w.signatures >= maxSignatures {
		return errNotSigned
	}
	w.signatures++
	return signedBy(child, parent)
}

func (s walk) with(issuer *certificate, fetched, unverified bool) walk {
	next := s
	next.certificates = append(slices.Clone(s.certificates), issuer)
	next.fetched = s.fetched || fetched
	next.unverified = s.unverified || unverified
	return next
}

// offer keeps the better walk: one to a better end, else the longer one.
func (w *walker) offer(so walk) {
	end, best := max(so.end, endUnsigned), max(w.best.end, endUnsigned) // two ways to lead nowhere
	if end > best || end == best && len(so.certificates) >= len(w.best.certificates) {
		w.best = so
	}
}

// below returns the walk without the root that it ends at. A leaf that signed
// itself counts as below.
func (s walk) below() []*certificate {
	count := len(s.certificates)
	if s.end >= endRoot && count > 1 {
		count--
	}
	return s.certificates[:count]
}

// proven says whether good signatures lead to a root of a store.
func (s walk) proven() bool { return s.end >= endPrivate && !s.unverified && s.strong() }

// strong says whether nothing below the root is signed with MD2, MD4, MD5 or SHA-1.
func (s walk) strong() bool {
	for _, certificate := range s.below() {
		if certificate.signature.Digest == outline.DigestMD || certificate.signature.Digest == outline.DigestSHA1 {
			return false
		}
	}
	return true
}

func contains(certificates []*certificate, wanted *certificate) bool {
	for _, certificate := range certificates {
		if certificate.fingerprint == wanted.fingerprint {
			return true
		}
	}
	return false
}
