package prime

// named are the primes by the SHA-256 of their big-endian bytes. Those with a
// formula are checked against it in the tests, and all of them for primality.
func named() map[string]Named {
	return map[string]Named{
		"b52ba6a3026520a6c49d37e4587601801bee500123b3259b6bf03e7cecc3e63d": {Name: "RFC 2409 group 1", Group: "modp768", Weak: true},
		"3f35a3f5f6c4376a744acad409bb22f8d897f949d2311d885adaa890981b67a0": {Name: "RFC 2409 group 2", Group: "modp1024", Weak: true},
		"64fcc83ec403930bf18393dbc883ccaa1fbb08ac876f77f7aa99748ca945019b": {Name: "RFC 3526 group 5", Group: "modp1536"},
		"d66436f79bbd6b2e38c0ffbd079be904d2641415e2e67140e09448be9a60890e": {Name: "RFC 3526 group 14", Group: "modp2048"},
		"48cf8b092fbce4359d9871abf74f98e25b6163379eaa15cd9087e800c6d1c55c": {Name: "RFC 3526 group 15", Group: "modp3072"},
		"4ee95187682bcb230ad26a95205f6920e84708f6251b3894329b09ec23919e33": {Name: "RFC 3526 group 16", Group: "modp4096"},
		"d1bfe6d0925ce7e4da262b62861514a7755e35831e429f343e7b864848657efd": {Name: "RFC 3526 group 17", Group: "modp6144"},
		"39ab4feab950a3128fb71accb9fc3965d857012e081998a85996e3ea8b3c3bcf": {Name: "RFC 3526 group 18", Group: "modp8192"},
		"9cd3b7f336872f46c09428d1bbc19877a4d440512cda8d1c1cf0cd6e33698966": {Name: "ffdhe2048", Group: "ffdhe2048"},
		"0eaf67db3a839156d5013494a5318a772b5697d270d721f37f092efc69ea5a17": {Name: "ffdhe3072", Group: "ffdhe3072"},
		"4648414224ac881b3d0dc59b466f96d06a558278776807797ecf1f66ff397b3e": {Name: "ffdhe4096", Group: "ffdhe4096"},
		"227ac9066b3ddd9e193670cda2388fa884f65ba0cf98b742d1fe77a6687c79c7": {Name: "ffdhe6144", Group: "ffdhe6144"},
		"770b14efaf6f049929c523113b3fa99a8d11dab1b18af3609590122075d19833": {Name: "ffdhe8192", Group: "ffdhe8192"},
		"44c55cfee5c075927cf682da5b681bdecbd5c3eb0784c14f5dce7610f0ef133d": {Name: "RFC 5114 group 22", Weak: true},
		"bfe545862ca102ad1eeddb5fbfa5bf855ac4995c56a8b408ce3fe099dce93a9d": {Name: "RFC 5114 group 23"},
		"0b7835722cb619827610c2549fdda5587421686c4409a13865e76225522ddcc9": {Name: "RFC 5114 group 24"},
		"e4896abfd36d325fcafe3c1583e30bf9b59d63261b9ee11962107cf67ebf83cd": {Name: "SKIP 512-bit", Weak: true},
		"6215d41bb617b390082b066d6856f8b361d6c77f316a84301f7c9717a8681485": {Name: "SKIP 1024-bit", Weak: true},
		"725541d91fe79bcf52e6d96581d83ab8eb68a6c2460d933f68792a369b003b1c": {Name: "SKIP 2048-bit"},
		"fd0a9188ad8072add30826bb3f57f8fc61520c5a8b4d54af2236b5932b1a8c31": {Name: "SKIP 4096-bit"},
		"f26e2403f3f07946654404909f0ff81d9354de17250411b4c04b89af73178425": {Name: "OpenSSL s_server 512-bit", Weak: true},
		"db01e702899166da28c9bc7896af62bcdf0c96d0fb341950ba80e68bd51a57ef": {Name: "Apache mod_ssl 512-bit", Weak: true},
		"bf910d9df4e0b2e76cda7443f592aa118e33ba2c224ebc27fb8978d873c8c2e3": {Name: "Apache mod_ssl 1024-bit", Weak: true},
		"8ae47dca3d24e9b64640062686da234dcabada26b0da6f090c5449c1338d9a11": {Name: "nginx 1024-bit", Weak: true},
		"73b391ec8da33ee197aed17d7cfce1321b94e04c5b55b3c02c1c7198eb88715b": {Name: "JDK 512-bit", Weak: true},
		"ee5483fe4b96caa10cb5b863ec409aab2762e6bf43af4a8a0a42817fef4dd7f3": {Name: "JDK 768-bit", Weak: true},
		"cc21a33dd1a3edf40bf636b5496e4aede198a437a8548e0cc1a621424e42419b": {Name: "JDK 1024-bit", Weak: true},
		"323697523a11f95706e9010b4a90e0d2c2047eea320e6bee0281713ebbb6f717": {Name: "JDK 2048-bit"},
	}
}
