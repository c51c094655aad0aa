package auth

// NewCalendarToken makes the token of a calendar's address, and what is kept
// of it: its SHA-256.
func NewCalendarToken(team int64) (token string, sum []byte) {
	token = newToken(team)
	_, sum, _ = parseToken(token) // it is one
	return token, sum
}

// CalendarToken returns what is kept of a token. ErrInvalidToken: it is none.
func CalendarToken(token string) (sum []byte, err error) {
	_, sum, err = parseToken(token)
	return sum, err
}
