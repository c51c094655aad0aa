package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
)

// secretBytes is the random part of a token: 256 bits.
const secretBytes = 32

// ErrInvalidToken is what no token of ours looks like.
var ErrInvalidToken = errors.New("not a token")

// newToken returns a token of team: base64url of the team's id (8 bytes) and
// 32 random bytes. The id lets the look-up by hash run inside the team's row-
// level security; a changed one finds nothing, since the sum covers it.
func newToken(team int64) string {
	raw := make([]byte, 8+secretBytes)
	binary.BigEndian.PutUint64(raw, uint64(team)) //nolint:gosec // ids are positive
	_, _ = rand.Read(raw[8:])                     // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// parseToken returns the team that a token claims, and the token's SHA-256.
func parseToken(token string) (team int64, sum []byte, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != 8+secretBytes {
		return 0, nil, ErrInvalidToken
	}
	team = int64(binary.BigEndian.Uint64(raw)) //nolint:gosec // checked below
	if team <= 0 {
		return 0, nil, ErrInvalidToken
	}
	hash := sha256.Sum256([]byte(token))
	return team, hash[:], nil
}
