package certs

import (
	"crypto/x509"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Directory is the ACME directory of an issuer. Organization, CommonName and
// KeyID say whose: those that are not empty must all match the certificate.
type Directory struct {
	Organization string `json:"organization,omitempty"` // of the certificate's issuer
	CommonName   string `json:"common_name,omitempty"`  // of the certificate's issuer
	KeyID        string `json:"key_id,omitempty"`       // authority key identifier, in hexadecimal
	// URL is https. Empty: this issuer is not asked.
	URL string `json:"url"`
	// Source says where the URL is published.
	Source string `json:"source,omitempty"`
}

//go:embed directories.json
var directoriesJSON []byte

// directories are the built-in ones.
var directories = sync.OnceValue(func() []Directory {
	var found []Directory
	if err := json.Unmarshal(directoriesJSON, &found); err != nil {
		panic(fmt.Sprintf("reading the built-in ACME directories: %v", err)) // a test reads them
	}
	return found
})

// directoryOf returns the URL of the directory of a certificate's issuer; empty
// where none is known.
func (c *Collector) directoryOf(leaf *x509.Certificate) string {
	for _, directory := range slices.Concat(c.Config.Directories, directories()) {
		if directory.matches(leaf) {
			return directory.URL
		}
	}
	return ""
}

func (d Directory) matches(leaf *x509.Certificate) bool {
	named := d.Organization != "" || d.CommonName != "" || d.KeyID != ""
	return named && (d.Organization == "" || slices.Contains(leaf.Issuer.Organization, d.Organization)) &&
		(d.CommonName == "" || leaf.Issuer.CommonName == d.CommonName) &&
		(d.KeyID == "" || strings.EqualFold(hex.EncodeToString(leaf.AuthorityKeyId), d.KeyID))
}
