package session

import (
	"bytes"
	"crypto"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// Role is the end of a connection.
type Role uint8

// The roles.
const (
	Client Role = iota
	Server
)

// Secrets are what both ends of a connection up to TLS 1.2 know. Its methods
// are the same for both roles.
type Secrets struct {
	Version      uint16
	Suite        Suite
	ClientRandom []byte // 32 bytes
	ServerRandom []byte // 32 bytes
	// Master is the master secret: 48 bytes, or none at all for the keys that
	// CVE-2014-0224 lets an attacker know.
	Master []byte
}

const masterSecretSize = 48

// MasterSecret returns the master secret of premaster (RFC 5246 section 8.1,
// RFC 6101 section 6.1).
func (s Secrets) MasterSecret(premaster []byte) []byte {
	if s.Version == wire.SSL30 {
		return ssl30Expand(premaster, s.ClientRandom, s.ServerRandom, masterSecretSize)
	}
	return s.prf(premaster, "master secret", masterSecretSize, s.ClientRandom, s.ServerRandom)
}

// ExtendedMasterSecret returns the master secret of premaster bound to the
// handshake messages up to and with ClientKeyExchange (RFC 7627 section 4). SSL
// 3.0 has none.
func (s Secrets) ExtendedMasterSecret(premaster, transcript []byte) []byte {
	return s.prf(premaster, "extended master secret", masterSecretSize, s.transcriptHash(transcript))
}

// Keys protect one direction of a connection.
type Keys struct{ MAC, Key, IV []byte }

// Keys returns the keys of what the client and of what the server writes (RFC
// 5246 section 6.3; export keys RFC 2246 section 6.3.1, RFC 6101 section 6.2.2).
func (s Secrets) Keys() (client, server Keys) {
	macSize, keySize, ivSize := s.Suite.MACSize(), s.Suite.keySize(), s.Suite.fixedIVSize(s.Version)
	if s.Suite.Export {
		keySize, ivSize = exportKeySize, 0
	}
	block := s.keyBlock(2 * (macSize + keySize + ivSize))
	cut := func(size int) []byte {
		part := block[:size:size]
		block = block[size:]
		return part
	}
	client.MAC, server.MAC = cut(macSize), cut(macSize)
	client.Key, server.Key = cut(keySize), cut(keySize)
	client.IV, server.IV = cut(ivSize), cut(ivSize)
	if s.Suite.Export {
		s.exportKeys(&client, &server)
	}
	return client, server
}

const exportKeySize = 5

func (s Secrets) keyBlock(size int) []byte {
	if s.Version == wire.SSL30 {
		return ssl30Expand(s.Master, s.ServerRandom, s.ClientRandom, size)
	}
	return s.prf(s.Master, "key expansion", size, s.ServerRandom, s.ClientRandom)
}

func (s Secrets) exportKeys(client, server *Keys) {
	keySize, ivSize := s.Suite.keySize(), s.Suite.fixedIVSize(s.Version)
	if s.Version == wire.SSL30 {
		client.Key = digest(crypto.MD5, client.Key, s.ClientRandom, s.ServerRandom)[:keySize]
		server.Key = digest(crypto.MD5, server.Key, s.ServerRandom, s.ClientRandom)[:keySize]
		client.IV = digest(crypto.MD5, s.ClientRandom, s.ServerRandom)[:ivSize]
		server.IV = digest(crypto.MD5, s.ServerRandom, s.ClientRandom)[:ivSize]
		return
	}
	client.Key = s.prf(client.Key, "client write key", keySize, s.ClientRandom, s.ServerRandom)
	server.Key = s.prf(server.Key, "server write key", keySize, s.ClientRandom, s.ServerRandom)
	ivs := s.prf(nil, "IV block", 2*ivSize, s.ClientRandom, s.ServerRandom)
	client.IV, server.IV = ivs[:ivSize], ivs[ivSize:]
}

// Finished returns the verify data of role over the handshake messages so far
// (RFC 5246 section 7.4.9): 12 bytes, 36 in SSL 3.0 (RFC 6101 section 5.6.9).
func (s Secrets) Finished(role Role, transcript []byte) []byte {
	if s.Version == wire.SSL30 {
		return s.ssl30Finished(role, transcript)
	}
	label := "client finished"
	if role == Server {
		label = "server finished"
	}
	return s.prf(s.Master, label, 12, s.transcriptHash(transcript))
}

func (s Secrets) ssl30Finished(role Role, transcript []byte) []byte {
	sender := []byte("CLNT")
	if role == Server {
		sender = []byte("SRVR")
	}
	sum := func(id crypto.Hash, padSize int) []byte {
		inner := digest(id, transcript, sender, s.Master, bytes.Repeat([]byte{0x36}, padSize))
		return digest(id, s.Master, bytes.Repeat([]byte{0x5C}, padSize), inner)
	}
	return append(sum(crypto.MD5, 48), sum(crypto.SHA1, 40)...)
}

func (s Secrets) transcriptHash(transcript []byte) []byte {
	if s.Version >= wire.TLS12 {
		return digest(s.Suite.Hash, transcript)
	}
	return append(digest(crypto.MD5, transcript), digest(crypto.SHA1, transcript)...)
}

// prf is the pseudorandom function of TLS 1.0 to 1.2 (RFC 5246 section 5, RFC
// 2246 section 5).
func (s Secrets) prf(secret []byte, label string, size int, seeds ...[]byte) []byte {
	seed := append([]byte(label), bytes.Join(seeds, nil)...)
	result := make([]byte, size)
	if s.Version >= wire.TLS12 {
		pHash(s.Suite.Hash, secret, seed, result)
		return result
	}
	half := (len(secret) + 1) / 2 // both halves share the middle byte of an odd length
	pHash(crypto.MD5, secret[:half], seed, result)
	pHash(crypto.SHA1, secret[len(secret)-half:], seed, result)
	return result
}

// pHash adds P_hash(secret, seed) to result by XOR.
func pHash(id crypto.Hash, secret, seed, result []byte) {
	for a := hmacOf(id, secret, seed); len(result) > 0; a = hmacOf(id, secret, a) {
		for at, value := range hmacOf(id, secret, a, seed) {
			if at < len(result) {
				result[at] ^= value
			}
		}
		result = result[min(id.Size(), len(result)):]
	}
}

// ssl30Expand is how SSL 3.0 makes secrets (RFC 6101 section 6.1 and 6.2.2):
// the letters A, BB, CCC are what tells its rounds apart.
func ssl30Expand(secret, first, second []byte, size int) []byte {
	var result []byte
	for round := 1; len(result) < size; round++ {
		letters := bytes.Repeat([]byte{byte('A' + round - 1)}, round)
		result = append(result, digest(crypto.MD5, secret, digest(crypto.SHA1, letters, secret, first, second))...)
	}
	return result[:size]
}
