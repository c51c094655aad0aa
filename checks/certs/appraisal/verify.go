package appraisal

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/md5" //nolint:gosec // G501: what old certificates are signed with
	stdrsa "crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"math/big"

	"github.com/zmap/zcrypto/dsa"
	"github.com/zmap/zcrypto/encoding/asn1"
	"github.com/zmap/zcrypto/rsa"

	stddsa "crypto/dsa" //nolint:staticcheck // SA1019: old certificates have such keys; nothing is signed with one

	"github.com/gradewatch/gradewatch/checks/certs/outline"
)

var (
	errCannotVerify = errors.New("no library checks this algorithm any more")
	errNotSigned    = errors.New("the signature does not fit the key")
)

// signedBy checks one signature, also with algorithms and key sizes that
// crypto/x509 refuses: a path that is too weak is something else than no path.
// It returns errCannotVerify where nobody can tell.
func signedBy(child, parent *certificate) error {
	if child.outline == nil || parent.standard == nil || !parent.usableIssuer() {
		return errCannotVerify
	}
	hash, digest := digestOf(child.outline)
	if hash == 0 && child.signature.Name != "Ed25519" {
		return errCannotVerify
	}
	return checkSignature(parent, child.outline, child.signature, hash, digest)
}

func checkSignature(parent *certificate, signed *outline.Certificate, algorithm outline.Algorithm, hash crypto.Hash, digest []byte) error {
	switch public := parent.standard.PublicKey.(type) {
	case *stdrsa.PublicKey:
		return checkRSA(public, algorithm, hash, digest, signed.Signature)
	case *ecdsa.PublicKey:
		return signatureFits(ecdsa.VerifyASN1(public, digest, signed.Signature))
	case ed25519.PublicKey:
		return signatureFits(ed25519.Verify(public, signed.RawTBS, signed.Signature))
	case *stddsa.PublicKey:
		return checkDSA(public, digest, signed.Signature)
	default:
		return errCannotVerify
	}
}

func checkRSA(public *stdrsa.PublicKey, algorithm outline.Algorithm, hash crypto.Hash, digest, signature []byte) error {
	if isPSS(algorithm) {
		return signatureFits(stdrsa.VerifyPSS(public, hash, digest, signature, nil) == nil)
	}
	tolerant := &rsa.PublicKey{N: public.N, E: big.NewInt(int64(public.E))}
	return signatureFits(rsa.VerifyPKCS1v15(tolerant, hash, digest, signature) == nil)
}

func isPSS(algorithm outline.Algorithm) bool {
	return len(algorithm.Name) > 3 && algorithm.Name[len(algorithm.Name)-3:] == "PSS"
}

func checkDSA(public *stddsa.PublicKey, digest, signature []byte) error {
	var pair struct{ R, S *big.Int }
	const maxPrime, maxOrder = 4096, 512 // bits; real ones have up to 3072 and 256
	if rest, err := asn1.Unmarshal(signature, &pair); err != nil || len(rest) > 0 || pair.R == nil || pair.S == nil ||
		public.P.BitLen() > maxPrime || public.Q.BitLen() > maxOrder {
		return errCannotVerify
	}
	key := &dsa.PublicKey{Parameters: dsa.Parameters{P: public.P, Q: public.Q, G: public.G}, Y: public.Y}
	size := (public.Q.BitLen() + 7) / 8
	return signatureFits(dsa.Verify(key, digest[:min(len(digest), size)], pair.R, pair.S))
}

func signatureFits(fits bool) error {
	if fits {
		return nil
	}
	return errNotSigned
}

// digestOf hashes what was signed; 0 where the hash function is not known, or
// has no implementation (MD2, MD4).
func digestOf(signed *outline.Certificate) (crypto.Hash, []byte) {
	switch signed.SignatureAlgorithm().Name {
	case "MD5-RSA":
		sum := md5.Sum(signed.RawTBS)
		return crypto.MD5, sum[:]
	case "SHA1-RSA", "SHA1-RSAPSS", "DSA-SHA1", "ECDSA-SHA1":
		sum := sha1.Sum(signed.RawTBS)
		return crypto.SHA1, sum[:]
	case "SHA224-RSA", "DSA-SHA224", "ECDSA-SHA224":
		sum := sha256.Sum224(signed.RawTBS)
		return crypto.SHA224, sum[:]
	case "SHA256-RSA", "SHA256-RSAPSS", "DSA-SHA256", "ECDSA-SHA256":
		sum := sha256.Sum256(signed.RawTBS)
		return crypto.SHA256, sum[:]
	case "SHA384-RSA", "SHA384-RSAPSS", "ECDSA-SHA384":
		sum := sha512.Sum384(signed.RawTBS)
		return crypto.SHA384, sum[:]
	case "SHA512-RSA", "SHA512-RSAPSS", "ECDSA-SHA512":
		sum := sha512.Sum512(signed.RawTBS)
		return crypto.SHA512, sum[:]
	default:
		return 0, nil
	}
}
