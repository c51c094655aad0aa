package tlsparameters

import (
	"crypto/tls"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCipherSpecs(t *testing.T) {
	t.Parallel()
	require.Len(t, CipherSpecs(), assigned(t, "ssl2-cipher-specs.csv"))
	for value, want := range map[uint32]CipherSpec{
		0x010080: {Name: "SSL_CK_RC4_128_WITH_MD5", Bits: 128},
		0x020080: {Name: "SSL_CK_RC4_128_EXPORT40_WITH_MD5", Bits: 40, Export: true},
		0x0700C0: {Name: "SSL_CK_DES_192_EDE3_CBC_WITH_MD5", Bits: 112},
		0x080080: {Name: "SSL_CK_RC4_64_WITH_MD5", Bits: 64},
	} {
		want.Value = value
		spec, known := CipherSpecByValue(value)
		require.True(t, known)
		require.Equal(t, want, spec)
	}
	_, known := CipherSpecByValue(0x00C02F)
	require.False(t, known)
	require.IsNonDecreasing(t, cipherSpecValues())
}

func cipherSpecValues() []uint32 {
	var values []uint32
	for _, spec := range CipherSpecs() {
		values = append(values, spec.Value)
	}
	return values
}

func TestGroups(t *testing.T) {
	t.Parallel()
	require.Len(t, Groups(), assigned(t, "tls-parameters-8.csv"))
	for _, want := range []Group{
		{0x0001, "sect163k1", 163, Curve, true, false},
		{0x0010, "secp160r1", 160, Curve, true, false},
		{0x0016, "secp256k1", 256, Curve, true, false},
		{0x0017, "secp256r1", 256, Curve, true, true},
		{0x0019, "secp521r1", 521, Curve, true, true},
		{0x001A, "brainpoolP256r1", 256, Curve, true, false},
		{0x001D, "x25519", 255, Curve, true, true},
		{0x001E, "x448", 448, Curve, true, true},
		{0x0021, "brainpoolP512r1tls13", 512, Curve, false, true},
		{0x0022, "GC256A", 256, Curve, true, true},
		{0x0028, "GC512C", 512, Curve, true, true},
		{0x0029, "curveSM2", 256, Curve, false, true},
		{0x0100, "ffdhe2048", 2048, FiniteField, false, true},
		{0x0104, "ffdhe8192", 8192, FiniteField, false, true},
		{0x0200, "MLKEM512", 0, KEM, false, true},
		{0x0202, "MLKEM1024", 0, KEM, false, true},
		{uint16(tls.SecP256r1MLKEM768), "SecP256r1MLKEM768", 256, Hybrid, false, true},
		{uint16(tls.X25519MLKEM768), "X25519MLKEM768", 255, Hybrid, false, true},
		{uint16(tls.SecP384r1MLKEM1024), "SecP384r1MLKEM1024", 384, Hybrid, false, true},
		{0x6399, "X25519Kyber768Draft00", 255, Hybrid, false, true},
		{0xFF01, "arbitrary_explicit_prime_curves", 0, Curve, true, false},
	} {
		group, known := GroupByValue(want.Value)
		require.True(t, known, want.Name)
		require.Equal(t, want, group)
		require.Equal(t, want.Name, GroupName(want.Value))
		require.Equal(t, want.Kind == Hybrid || want.Kind == KEM, group.PostQuantum())
	}
	require.Equal(t, "0x0A0A", GroupName(0x0A0A))
	names := map[string]bool{}
	for at, group := range Groups() {
		require.False(t, names[group.Name], group.Name)
		names[group.Name] = true
		require.True(t, group.Legacy || group.TLS13, group.Name)
		require.True(t, at == 0 || groups[at-1].Value < group.Value)
	}
	Groups()[0].Name = "changed"
	require.Equal(t, "sect163k1", GroupName(1))
}

func TestSignatureSchemes(t *testing.T) {
	t.Parallel()
	require.Len(t, SignatureSchemes(), assigned(t, "tls-signaturescheme.csv"))
	for value, want := range map[uint16]string{
		0x0201: "rsa_pkcs1_sha1", 0x0203: "ecdsa_sha1", 0x0401: "rsa_pkcs1_sha256", 0x0403: "ecdsa_secp256r1_sha256",
		0x0603: "ecdsa_secp521r1_sha512", 0x0420: "rsa_pkcs1_sha256_legacy", 0x0708: "sm2sig_sm3", 0x0709: "gostr34102012_256a",
		0x0804: "rsa_pss_rsae_sha256", 0x0807: "ed25519", 0x0808: "ed448", 0x080B: "rsa_pss_pss_sha512",
		0x081A: "ecdsa_brainpoolP256r1tls13_sha256", 0x0904: "mldsa44", 0x0905: "mldsa65", 0x0906: "mldsa87",
		// pairs of TLS 1.2 that became no scheme
		0x0101: "rsa_pkcs1_md5", 0x0202: "dsa_sha1", 0x0301: "rsa_pkcs1_sha224", 0x0303: "ecdsa_sha224", 0x0402: "dsa_sha256",
		0x0840: "gostr34102012_256", 0x0841: "gostr34102012_512",
		// neither
		0x0000: "0x0000", 0x0001: "0x0001", 0x0400: "0x0400", 0x0F0F: "0x0F0F", 0x0A0A: "0x0A0A", 0x0701: "0x0701",
	} {
		require.Equal(t, want, SignatureSchemeName(value), "%04X", value)
	}
	names := map[string]bool{}
	for at, scheme := range SignatureSchemes() {
		require.False(t, names[scheme.Name], scheme.Name)
		names[scheme.Name] = true
		require.Equal(t, scheme.Name, SignatureSchemeName(scheme.Value))
		require.True(t, at == 0 || signatureSchemes[at-1].value < scheme.Value)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for want, have := range map[string]string{
		"close_notify": AlertName(0), "handshake_failure": AlertName(40), "protocol_version": AlertName(70), "alert 255": AlertName(255),
		"unrecognized_name": AlertName(112), "ech_required": AlertName(121), "no_renegotiation_RESERVED": AlertName(100), "alert 119": AlertName(119),
		"server_name": ExtensionName(0), "renegotiation_info": ExtensionName(0xFF01), "encrypted_client_hello": ExtensionName(0xFE0D),
		"extended_master_secret": ExtensionName(23), "key_share": ExtensionName(51), "next_protocol_negotiation": ExtensionName(13172),
		"application_settings": ExtensionName(17613), "extension 2570": ExtensionName(0x0A0A), "extension 40": ExtensionName(40),
		"client_hello": HandshakeTypeName(1), "server_hello": HandshakeTypeName(2), "message_hash": HandshakeTypeName(254), "handshake type 7": HandshakeTypeName(7),
		"alert": ContentTypeName(21), "application_data": ContentTypeName(23), "content type 5": ContentTypeName(5),
	} {
		require.Equal(t, want, have)
	}
	for file, table := range map[string][]entry{
		"tls-parameters-5.csv": contentTypes[:], "tls-parameters-6.csv": alerts[:], "tls-parameters-7.csv": handshakeTypes[:],
		"tls-parameters-16.csv": signatureAlgorithms[:], "tls-parameters-18.csv": hashAlgorithms[:],
	} {
		require.Len(t, table, assigned(t, file), file)
	}
	require.Len(t, extensions, assigned(t, "tls-extensiontype-values-1.csv")+6, "six are in use without being assigned")
}
