package tlsprobe

import (
	"fmt"
	"strings"
)

// SuiteName returns the name of a cipher suite in IANA's registry 'TLS Cipher
// Suites', or its value ("0xC0FF") when this package does not offer it.
func SuiteName(value uint16) string {
	for _, suite := range suites() {
		if suite.value == value {
			return suite.name
		}
	}
	return suiteValue(value)
}

// AlertName returns the name of an alert in IANA's registry 'TLS Alerts'
// (RFC 8446 section 6), or "alert 255" when it has none.
func AlertName(code uint8) string {
	if name, found := alertNames()[code]; found {
		return name
	}
	return fmt.Sprintf("alert %d", code)
}

func suiteValue(value uint16) string { return fmt.Sprintf("0x%04X", value) }

// suite is a row of the registry.
type suite struct {
	value uint16
	name  string
}

// offered returns the suites of a hello of this version, those first that a
// careful server picks. Left out are PSK, SRP and Kerberos, which no public
// web server can speak alone, and where a certificate is wanted (TLS 1.2)
// those that send none.
func offered(version uint16) []uint16 {
	var values []uint16
	for _, suite := range suites() {
		if suite.validFor(version) {
			values = append(values, suite.value)
		}
	}
	return values
}

func (s suite) validFor(version uint16) bool {
	has := func(part string) bool { return strings.Contains(s.name, part) }
	if s.value>>8 == 0x13 || version == versionTLS13 {
		return s.value>>8 == 0x13 && version == versionTLS13
	}
	if version == versionTLS12 {
		// DH_ and DSS are left out too: some stacks fail on more than 127 suites.
		return !has("anon") && !has("EXPORT") && !has("_DH_") && !has("DHE_DSS_WITH_CAMELLIA") && !has("DHE_DSS_WITH_SEED")
	}
	switch {
	case has("_GCM_"), has("_CCM"), has("POLY1305"), has("_SHA256"), has("_SHA384"), has("GOST"):
		return false // since TLS 1.2 (RFC 5246)
	case has("_ECDH"):
		return version >= versionTLS10 // needs extensions (RFC 8422)
	}
	return true
}

// suites are those that are offered, in the order in which they are.
func suites() []suite {
	return []suite{
		{0xC02B, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
		{0xC02F, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
		{0xC02C, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
		{0xC030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
		{0xCCA9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
		{0xCCA8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
		{0x009E, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"},
		{0x009F, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"},
		{0xCCAA, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
		{0xC0AC, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM"},
		{0xC0AD, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM"},
		{0xC0AE, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"},
		{0xC0AF, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8"},
		{0xC09E, "TLS_DHE_RSA_WITH_AES_128_CCM"},
		{0xC09F, "TLS_DHE_RSA_WITH_AES_256_CCM"},
		{0xC0A2, "TLS_DHE_RSA_WITH_AES_128_CCM_8"},
		{0xC0A3, "TLS_DHE_RSA_WITH_AES_256_CCM_8"},
		{0xC05C, "TLS_ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256"},
		{0xC05D, "TLS_ECDHE_ECDSA_WITH_ARIA_256_GCM_SHA384"},
		{0xC060, "TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256"},
		{0xC061, "TLS_ECDHE_RSA_WITH_ARIA_256_GCM_SHA384"},
		{0xC052, "TLS_DHE_RSA_WITH_ARIA_128_GCM_SHA256"},
		{0xC053, "TLS_DHE_RSA_WITH_ARIA_256_GCM_SHA384"},
		{0xC086, "TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_GCM_SHA256"},
		{0xC087, "TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_GCM_SHA384"},
		{0xC08A, "TLS_ECDHE_RSA_WITH_CAMELLIA_128_GCM_SHA256"},
		{0xC08B, "TLS_ECDHE_RSA_WITH_CAMELLIA_256_GCM_SHA384"},
		{0xC07C, "TLS_DHE_RSA_WITH_CAMELLIA_128_GCM_SHA256"},
		{0xC07D, "TLS_DHE_RSA_WITH_CAMELLIA_256_GCM_SHA384"},
		{0xC023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"},
		{0xC027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"},
		{0xC024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"},
		{0xC028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"},
		{0xC072, "TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256"},
		{0xC073, "TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_CBC_SHA384"},
		{0xC076, "TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256"},
		{0xC077, "TLS_ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384"},
		{0xC009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"},
		{0xC013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"},
		{0xC00A, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"},
		{0xC014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"},
		{0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"},
		{0x006B, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"},
		{0x00BE, "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA256"},
		{0x00C4, "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256"},
		{0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"},
		{0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"},
		{0x0045, "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA"},
		{0x0088, "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA"},
		{0x009A, "TLS_DHE_RSA_WITH_SEED_CBC_SHA"},
		{0x009C, "TLS_RSA_WITH_AES_128_GCM_SHA256"},
		{0x009D, "TLS_RSA_WITH_AES_256_GCM_SHA384"},
		{0xC09C, "TLS_RSA_WITH_AES_128_CCM"},
		{0xC09D, "TLS_RSA_WITH_AES_256_CCM"},
		{0xC0A0, "TLS_RSA_WITH_AES_128_CCM_8"},
		{0xC0A1, "TLS_RSA_WITH_AES_256_CCM_8"},
		{0xC050, "TLS_RSA_WITH_ARIA_128_GCM_SHA256"},
		{0xC051, "TLS_RSA_WITH_ARIA_256_GCM_SHA384"},
		{0xC07A, "TLS_RSA_WITH_CAMELLIA_128_GCM_SHA256"},
		{0xC07B, "TLS_RSA_WITH_CAMELLIA_256_GCM_SHA384"},
		{0x003C, "TLS_RSA_WITH_AES_128_CBC_SHA256"},
		{0x003D, "TLS_RSA_WITH_AES_256_CBC_SHA256"},
		{0x00BA, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA256"},
		{0x00C0, "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA256"},
		{0x002F, "TLS_RSA_WITH_AES_128_CBC_SHA"},
		{0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"},
		{0x0041, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA"},
		{0x0084, "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA"},
		{0x0096, "TLS_RSA_WITH_SEED_CBC_SHA"},
		{0x00A2, "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256"},
		{0x00A3, "TLS_DHE_DSS_WITH_AES_256_GCM_SHA384"},
		{0x0040, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA256"},
		{0x006A, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA256"},
		{0x0032, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA"},
		{0x0038, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA"},
		{0xC02D, "TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256"},
		{0xC02E, "TLS_ECDH_ECDSA_WITH_AES_256_GCM_SHA384"},
		{0xC031, "TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256"},
		{0xC032, "TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384"},
		{0xC004, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA"},
		{0xC005, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA"},
		{0xC00E, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA"},
		{0xC00F, "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA"},
		{0xC008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"},
		{0xC012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"},
		{0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"},
		{0x0013, "TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA"},
		{0x000A, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"},
		{0xC003, "TLS_ECDH_ECDSA_WITH_3DES_EDE_CBC_SHA"},
		{0xC00D, "TLS_ECDH_RSA_WITH_3DES_EDE_CBC_SHA"},
		{0xC007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"},
		{0xC011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA"},
		{0x0005, "TLS_RSA_WITH_RC4_128_SHA"},
		{0x0004, "TLS_RSA_WITH_RC4_128_MD5"},
		{0xC002, "TLS_ECDH_ECDSA_WITH_RC4_128_SHA"},
		{0xC00C, "TLS_ECDH_RSA_WITH_RC4_128_SHA"},
		{0x0007, "TLS_RSA_WITH_IDEA_CBC_SHA"},
		{0x0009, "TLS_RSA_WITH_DES_CBC_SHA"},
		{0x0015, "TLS_DHE_RSA_WITH_DES_CBC_SHA"},
		{0x0012, "TLS_DHE_DSS_WITH_DES_CBC_SHA"},
		{0xC100, "TLS_GOSTR341112_256_WITH_KUZNYECHIK_CTR_OMAC"},
		{0xC101, "TLS_GOSTR341112_256_WITH_MAGMA_CTR_OMAC"},
		{0xC102, "TLS_GOSTR341112_256_WITH_28147_CNT_IMIT"},
		{0x0044, "TLS_DHE_DSS_WITH_CAMELLIA_128_CBC_SHA"},
		{0x0087, "TLS_DHE_DSS_WITH_CAMELLIA_256_CBC_SHA"},
		{0x0099, "TLS_DHE_DSS_WITH_SEED_CBC_SHA"},
		{0x0031, "TLS_DH_RSA_WITH_AES_128_CBC_SHA"},
		{0x0037, "TLS_DH_RSA_WITH_AES_256_CBC_SHA"},
		{0x0030, "TLS_DH_DSS_WITH_AES_128_CBC_SHA"},
		{0x0036, "TLS_DH_DSS_WITH_AES_256_CBC_SHA"},
		{0x0010, "TLS_DH_RSA_WITH_3DES_EDE_CBC_SHA"},
		{0x000D, "TLS_DH_DSS_WITH_3DES_EDE_CBC_SHA"},
		{0x0062, "TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA"},
		{0x0064, "TLS_RSA_EXPORT1024_WITH_RC4_56_SHA"},
		{0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5"},
		{0x0006, "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5"},
		{0x0008, "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA"},
		{0x0014, "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA"},
		{0x0011, "TLS_DHE_DSS_EXPORT_WITH_DES40_CBC_SHA"},
		{0x003B, "TLS_RSA_WITH_NULL_SHA256"},
		{0x0002, "TLS_RSA_WITH_NULL_SHA"},
		{0x0001, "TLS_RSA_WITH_NULL_MD5"},
		{0xC006, "TLS_ECDHE_ECDSA_WITH_NULL_SHA"},
		{0xC010, "TLS_ECDHE_RSA_WITH_NULL_SHA"},
		{0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA"},
		{0x003A, "TLS_DH_anon_WITH_AES_256_CBC_SHA"},
		{0x001B, "TLS_DH_anon_WITH_3DES_EDE_CBC_SHA"},
		{0x0018, "TLS_DH_anon_WITH_RC4_128_MD5"},
		{0x001A, "TLS_DH_anon_WITH_DES_CBC_SHA"},
		{0x0019, "TLS_DH_anon_EXPORT_WITH_DES40_CBC_SHA"},
		{0x0017, "TLS_DH_anon_EXPORT_WITH_RC4_40_MD5"},
		{0xC018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA"},
		{0xC019, "TLS_ECDH_anon_WITH_AES_256_CBC_SHA"},
		{0xC017, "TLS_ECDH_anon_WITH_3DES_EDE_CBC_SHA"},
		{0xC016, "TLS_ECDH_anon_WITH_RC4_128_SHA"},
		{0x1301, "TLS_AES_128_GCM_SHA256"},
		{0x1302, "TLS_AES_256_GCM_SHA384"},
		{0x1303, "TLS_CHACHA20_POLY1305_SHA256"},
		{0x1304, "TLS_AES_128_CCM_SHA256"},
		{0x1305, "TLS_AES_128_CCM_8_SHA256"},
	}
}

func alertNames() map[uint8]string {
	return map[uint8]string{
		0:   "close_notify",
		10:  "unexpected_message",
		20:  "bad_record_mac",
		21:  "decryption_failed_RESERVED",
		22:  "record_overflow",
		30:  "decompression_failure_RESERVED",
		40:  "handshake_failure",
		41:  "no_certificate_RESERVED",
		42:  "bad_certificate",
		43:  "unsupported_certificate",
		44:  "certificate_revoked",
		45:  "certificate_expired",
		46:  "certificate_unknown",
		47:  "illegal_parameter",
		48:  "unknown_ca",
		49:  "access_denied",
		50:  "decode_error",
		51:  "decrypt_error",
		52:  "too_many_cids_requested",
		60:  "export_restriction_RESERVED",
		70:  "protocol_version",
		71:  "insufficient_security",
		80:  "internal_error",
		86:  "inappropriate_fallback",
		90:  "user_canceled",
		100: "no_renegotiation_RESERVED",
		109: "missing_extension",
		110: "unsupported_extension",
		111: "certificate_unobtainable_RESERVED",
		112: "unrecognized_name",
		113: "bad_certificate_status_response",
		114: "bad_certificate_hash_value_RESERVED",
		115: "unknown_psk_identity",
		116: "certificate_required",
		117: "general_error",
		120: "no_application_protocol",
		121: "ech_required",
	}
}
