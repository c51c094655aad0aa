// Code generated from registry/*.csv by internal/generate; DO NOT EDIT.

package tlsparameters

var cipherSpecs = [...]CipherSpec{
	{Value: 0x000000, Name: "SSL_CK_NULL_WITH_MD5", Bits: 0},
	{Value: 0x010080, Name: "SSL_CK_RC4_128_WITH_MD5", Bits: 128},
	{Value: 0x020080, Name: "SSL_CK_RC4_128_EXPORT40_WITH_MD5", Bits: 40, Export: true},
	{Value: 0x030080, Name: "SSL_CK_RC2_128_CBC_WITH_MD5", Bits: 128},
	{Value: 0x040080, Name: "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5", Bits: 40, Export: true},
	{Value: 0x050080, Name: "SSL_CK_IDEA_128_CBC_WITH_MD5", Bits: 128},
	{Value: 0x060040, Name: "SSL_CK_DES_64_CBC_WITH_MD5", Bits: 56},
	{Value: 0x060140, Name: "SSL_CK_DES_64_CBC_WITH_SHA", Bits: 56},
	{Value: 0x0700C0, Name: "SSL_CK_DES_192_EDE3_CBC_WITH_MD5", Bits: 112},
	{Value: 0x0701C0, Name: "SSL_CK_DES_192_EDE3_CBC_WITH_SHA", Bits: 112},
	{Value: 0x080080, Name: "SSL_CK_RC4_64_WITH_MD5", Bits: 64},
	{Value: 0xFF0800, Name: "SSL_CK_DES_64_CFB64_WITH_MD5_1", Bits: 56},
	{Value: 0xFF0810, Name: "SSL_CK_NULL", Bits: 0},
}
