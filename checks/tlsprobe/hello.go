package tlsprobe

const groupX25519 uint16 = 29

// legacyGroups are all that TLS 1.0 to 1.2 can use.
func legacyGroups() []uint16 {
	list := []uint16{groupX25519, 23, 24, 25, 30, 26, 27, 28}
	for group := uint16(22); group >= 1; group-- { // secp256k1 down to sect163k1
		list = append(list, group)
	}
	return append(list, firstField, 257, 258, 259, 260)
}

// firstField is ffdhe2048, the first group that is no curve.
const firstField uint16 = 256

// signatureAlgorithms are all that any version can use (IANA registry 'TLS
// SignatureScheme', RFC 5246 section 7.4.1.4.1), so that no server lacks one.
func signatureAlgorithms() []uint16 {
	return []uint16{
		0x0403, 0x0503, 0x0603, // ecdsa with SHA-256, 384, 512
		0x0807, 0x0808, // ed25519, ed448
		0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B, // rsa_pss
		0x0401, 0x0501, 0x0601, // rsa_pkcs1
		0x081A, 0x081B, 0x081C, // ecdsa with brainpool curves
		0x0303, 0x0301, 0x0402, 0x0502, 0x0602, 0x0302, // SHA-224, DSA
		0x0203, 0x0201, 0x0202, 0x0101, // SHA-1, MD5
	}
}
