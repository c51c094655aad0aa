package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/probe"
	"github.com/gradewatch/gradewatch/internal/config"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/pgembed"
)

// settings is the environment, read and understood.
type settings struct {
	config.Config
	resolver string
	networks []netip.Prefix
	sources  []netip.Prefix
	trust    *appraisal.Trust
	private  []byte // PEM of the roots in trust that are not public
}

// readSettings reports every fault at once, those of other packages included.
func readSettings(from *terminal) (settings, error) {
	environment := map[string]string{}
	for _, name := range config.Names() {
		if value := from.env(name); value != "" {
			environment[name] = value
		}
	}
	loaded, fault := config.Load(environment)
	read := settings{Config: loaded}
	faults := []error{fault}
	var err error
	if read.resolver, err = probe.ParseResolver(loaded.Resolver); err != nil {
		faults = append(faults, fmt.Errorf("GRADEWATCH_RESOLVER: %w", err))
	}
	if read.networks, err = probe.ParseNetworks(loaded.AllowNetworks); err != nil {
		faults = append(faults, fmt.Errorf("GRADEWATCH_ALLOW_NETWORKS: %w", err))
	}
	if read.sources, err = probe.ParseNetworks(loaded.Sources); err != nil {
		faults = append(faults, fmt.Errorf("GRADEWATCH_SOURCES: %w", err))
	}
	if read.private, err = privateRoots(splitFiles(strings.Join(loaded.ExtraRoots, ","))); err != nil {
		faults = append(faults, fmt.Errorf("GRADEWATCH_EXTRA_ROOTS: %w", err))
	} else if read.trust, err = newTrust(read.private, read.trustFiles()); err != nil {
		faults = append(faults, err)
	}
	if read.DataFolder == "" && read.DatabaseURL == "" {
		if read.DataFolder, err = pgembed.DefaultDataFolder(); err != nil {
			faults = append(faults, err)
		}
	}
	return read, errors.Join(faults...)
}

// splitFiles reads GRADEWATCH_EXTRA_ROOTS: files separated by commas or colons.
func splitFiles(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == os.PathListSeparator || r == ',' })
}

// privateRoots is the text of the files that roots of whoever runs this are in.
func privateRoots(files []string) (private []byte, err error) {
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // who runs this names the file
		if err != nil {
			return nil, fmt.Errorf("read private roots: %w", err)
		}
		if err := appraisal.CheckRoots(text); err != nil {
			return nil, fmt.Errorf("%s: reading private roots: %w", file, err)
		}
		private = append(append(private, text...), '\n')
	}
	return private, nil
}

func (s settings) trustFiles() trustFiles {
	return trustFiles{logList: s.LogList, compromisedKeys: s.CompromisedKeys, debianKeys: s.DebianKeys}
}

// trustAlso adds private roots.
func (s *settings) trustAlso(private []byte) (err error) {
	s.private = append(append(s.private, private...), '\n')
	s.trust, err = newTrust(s.private, s.trustFiles())
	return err
}

// webhookRoots are the system's and the private ones.
func (s settings) webhookRoots() (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("read the system's roots: %w", err)
	}
	pool.AppendCertsFromPEM(s.private)
	return pool, nil
}

// baseURL is how people reach what listens at address.
func (s settings) baseURL(address string) string {
	if s.BaseURL != "" {
		return s.BaseURL
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "http://" + address
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// newLogger writes JSON for machines. On a terminal only what needs a person
// is said, so that the line to act on stands out.
func newLogger(to io.Writer) *slog.Logger {
	if file, ok := to.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	return slog.New(slog.NewJSONHandler(to, nil))
}

// canaries reads the servers of which it is known what is wrong with them.
func (s settings) canaries() ([]monitor.Canary, error) {
	canaries := make([]monitor.Canary, 0, len(s.Canaries))
	for _, text := range s.Canaries {
		canary, err := monitor.ParseCanary(text)
		if err != nil {
			return nil, fmt.Errorf("GRADEWATCH_CANARIES: %w", err)
		}
		canaries = append(canaries, canary)
	}
	return canaries, nil
}
