package appraisal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// SystemRoots reads this system's root store as PEM, for Config.Stores, from
// the files that distributions use (the list of crypto/x509). It returns nil
// where there is none.
func SystemRoots() ([]byte, error) {
	for _, path := range []string{
		"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Gentoo, Arch
		"/etc/pki/tls/certs/ca-bundle.crt",                  // Fedora, RHEL 6
		"/etc/ssl/ca-bundle.pem",                            // openSUSE
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // RHEL 7 and later
		"/etc/ssl/cert.pem",                                 // Alpine, macOS, OpenBSD
		"/usr/local/etc/ssl/cert.pem",                       // FreeBSD
	} {
		text, err := os.ReadFile(path) //nolint:gosec // G304: one of the paths above
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading the system's root store: %w", err)
		}
		return text, nil
	}
	return nil, nil
}
