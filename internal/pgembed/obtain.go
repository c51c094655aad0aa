package pgembed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// obtainable are the versions that the library knows, the newest first.
var obtainable = [...]struct {
	major   int
	version embeddedpostgres.PostgresVersion
}{
	{18, embeddedpostgres.V18}, {17, embeddedpostgres.V17}, {16, embeddedpostgres.V16}, {15, embeddedpostgres.V15},
}

// obtain downloads binaries into the data folder: of the version wanted, or
// the newest if that is 0.
func obtain(ctx context.Context, l layout, user account, wanted int, logger *slog.Logger) (binaries, error) {
	for _, offer := range obtainable {
		if wanted != 0 && offer.major != wanted {
			continue
		}
		logger.InfoContext(ctx, "no Postgres is installed: downloading one", "version", string(offer.version))
		got, err := fetch(ctx, l, user, embeddedpostgres.DefaultConfig().Version(offer.version), offer.major)
		if err != nil {
			return got, fmt.Errorf("no Postgres (%d or later) is installed and none could be downloaded: "+
				"install it (make deps; apt-get install postgresql) or set DATABASE_URL to one that runs: %w", oldestVersion, err)
		}
		return got, nil
	}
	return binaries{}, fmt.Errorf("the data in %s was made by PostgreSQL %d, which is not installed: install it", l.data(), wanted)
}

// fetch lets the library download and unpack. Its Start would go on to run a
// server of its own on TCP, so it is given a locale that no initdb accepts: it
// ends after unpacking, and what counts is whether the binaries are there.
// They are unpacked aside and moved, since a killed unpacking leaves half.
func fetch(ctx context.Context, l layout, user account, config embeddedpostgres.Config, major int) (binaries, error) {
	aside := filepath.Join(l.folder, "binaries.new")
	target := filepath.Join(l.obtained(), strconv.Itoa(major))
	if err := errors.Join(os.RemoveAll(aside), os.RemoveAll(target), os.MkdirAll(l.obtained(), 0o755)); err != nil {
		return binaries{}, fmt.Errorf("make room for the binaries: %w", err)
	}
	var output strings.Builder
	config = config.Port(0).Logger(&output).Locale("no-such-locale").
		CachePath(filepath.Join(aside, "download")).BinariesPath(filepath.Join(aside, "unpacked")).RuntimePath(filepath.Join(aside, "runtime"))
	started := embeddedpostgres.NewDatabase(config)
	fault := started.Start()
	if fault == nil {
		return binaries{}, errors.Join(errors.New("the download started a server of its own"), started.Stop())
	}
	unpacked := filepath.Join(aside, "unpacked")
	if _, err := inspect(ctx, filepath.Join(unpacked, "bin"), account{}); err != nil {
		return binaries{}, fmt.Errorf("%w (%w)", fault, err)
	}
	if err := os.Rename(unpacked, target); err != nil {
		return binaries{}, fmt.Errorf("keep the binaries: %w", err)
	}
	folder := filepath.Join(target, "bin")
	version, err := inspect(ctx, folder, user)
	return binaries{folder: folder, version: version}, errors.Join(err, os.RemoveAll(aside))
}
