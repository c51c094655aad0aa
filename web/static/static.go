// Package static holds the files that browsers load, embedded, each under a
// URL with the hash of its content, so that it can be cached for good. It
// serves nothing that is not in this folder.
package static

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed *.css *.js *.svg
var files embed.FS

// Prefix is the path under which Assets serves.
const Prefix = "/static/"

// Assets knows each file's URL. The zero value knows none.
type Assets struct {
	urls  map[string]string // app.css -> /static/app.0123456789ab.css
	names map[string]string // app.0123456789ab.css -> app.css
}

// New hashes every embedded file.
func New() (Assets, error) {
	assets := Assets{urls: map[string]string{}, names: map[string]string{}}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return assets, fmt.Errorf("list the static files: %w", err)
	}
	for _, entry := range entries {
		content, err := files.ReadFile(entry.Name())
		if err != nil {
			return assets, fmt.Errorf("read the static file %s: %w", entry.Name(), err)
		}
		sum := sha256.Sum256(content)
		extension := path.Ext(entry.Name())
		hashed := strings.TrimSuffix(entry.Name(), extension) + "." + hex.EncodeToString(sum[:6]) + extension
		assets.urls[entry.Name()] = Prefix + hashed
		assets.names[hashed] = entry.Name()
	}
	return assets, nil
}

// URL returns where a file is served, or "" if there is no such file.
func (a Assets) URL(name string) string { return a.urls[name] }

// ServeHTTP implements http.Handler for paths under Prefix.
func (a Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := a.names[strings.TrimPrefix(r.URL.Path, Prefix)]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeFileFS(w, r, files, name)
}
