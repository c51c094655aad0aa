package simulation

import (
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// Profile is a client as its first ClientHello shows it, and what it agrees to.
type Profile struct {
	Name string `json:"name"` // "Chrome 80 on Windows 10"
	Year int    `json:"year"` // of that version's release
	// Reference: SSL Labs counts it for forward secrecy (rating guide, section 11).
	Reference bool   `json:"reference"`
	Source    string `json:"source"` // the public fact that this follows from
	// Like names an earlier profile whose fields hold where this one is silent.
	Like string `json:"like"`
	// Min and Max are the versions that it completes a handshake in.
	Min checks.Protocol `json:"min"`
	Max checks.Protocol `json:"max"`
	// Versions are those of supported_versions, which may name more: drafts, and
	// versions that a security level then refuses.
	Versions              values   `json:"versions"`
	Suites                values   `json:"suites"` // in order, with GREASE (RFC 8701) and signaling values
	Groups                values   `json:"groups"` // in order
	Shares                values   `json:"shares"` // groups that it sends a key share for
	Signatures            values   `json:"signatures"`
	SignaturesCertificate values   `json:"signatures_certificate"`
	ALPN                  []string `json:"alpn"`
	// Extensions in the order in which they are sent.
	Extensions  extensions `json:"extensions"`
	Compression octets     `json:"compression"` // empty: null alone
	// Record is the version of the first record; 0: as RFC 8446 section 5.1 asks.
	Record version `json:"record"`
	NoSNI  bool    `json:"no_sni"` // it cannot name the server
	// DHMin and DHMax bound the bits of p that it takes in finite-field
	// Diffie-Hellman; 0: no bound.
	DHMin int `json:"dh_min"`
	DHMax int `json:"dh_max"`
}

// values is a list of 16-bit values, in JSON "C02B C02F".
type values []uint16

// UnmarshalJSON implements json.Unmarshaler.
func (v *values) UnmarshalJSON(text []byte) error {
	fields, err := words(text)
	if err != nil {
		return err
	}
	list := make(values, 0, len(fields))
	for _, field := range fields {
		value, err := strconv.ParseUint(field, 16, 16)
		if err != nil {
			return fmt.Errorf("value %q: %w", field, err)
		}
		list = append(list, uint16(value))
	}
	*v = list
	return nil
}

func words(text []byte) ([]string, error) {
	var line string
	if err := json.Unmarshal(text, &line); err != nil {
		return nil, fmt.Errorf("list of values: %w", err)
	}
	return strings.Fields(line), nil
}

// octets is a list of bytes, in JSON "000102".
type octets []byte

// UnmarshalJSON implements json.Unmarshaler.
func (o *octets) UnmarshalJSON(text []byte) error {
	var line string
	if err := json.Unmarshal(text, &line); err != nil {
		return fmt.Errorf("octets: %w", err)
	}
	list, err := hex.DecodeString(line)
	if err != nil {
		return fmt.Errorf("octets %q: %w", line, err)
	}
	*o = list
	return nil
}

// version is a version on the wire, in JSON "0303".
type version uint16

// UnmarshalJSON implements json.Unmarshaler.
func (v *version) UnmarshalJSON(text []byte) error {
	var list values
	if err := list.UnmarshalJSON(text); err != nil || len(list) != 1 {
		return fmt.Errorf("version %s: %w", text, err)
	}
	*v = version(list[0])
	return nil
}

// extensions is a list of types, in JSON "0000 0017 001B=020002"; what stands
// behind '=' is the data of a type that no other field describes, or that looks
// otherwise than usual.
type extensions []wire.Extension

// UnmarshalJSON implements json.Unmarshaler.
func (e *extensions) UnmarshalJSON(text []byte) error {
	fields, err := words(text)
	if err != nil {
		return err
	}
	list := make(extensions, 0, len(fields))
	for _, field := range fields {
		name, content, literal := strings.Cut(field, "=")
		kind, err := strconv.ParseUint(name, 16, 16)
		if err != nil {
			return fmt.Errorf("extension %q: %w", field, err)
		}
		extension := wire.Extension{Type: uint16(kind)}
		if literal {
			if extension.Data, err = hex.DecodeString(content); err != nil {
				return fmt.Errorf("data of extension %q: %w", field, err)
			}
		}
		list = append(list, extension)
	}
	*e = list
	return nil
}

//go:embed profiles/*.json
var files embed.FS

// parsed is read once. The files are embedded and tested, so that a fault in
// them is a fault of the build.
var parsed = sync.OnceValue(func() []Profile {
	profiles, err := parse(files)
	if err != nil {
		panic(fmt.Sprintf("embedded profiles of clients: %v", err))
	}
	return profiles
})

// Profiles returns every client, in the order of reports.
func Profiles() []Profile { return slices.Clone(parsed()) }

// parse reads every file of the folder, in the order of their names.
func parse(folder fs.FS) ([]Profile, error) {
	names, err := fs.Glob(folder, "profiles/*.json")
	if err != nil {
		return nil, fmt.Errorf("list of profiles: %w", err)
	}
	var profiles []Profile
	for _, name := range names {
		content, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("read profiles: %w", err)
		}
		if profiles, err = parseFile(profiles, content); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return profiles, nil
}

func parseFile(profiles []Profile, content []byte) ([]Profile, error) {
	var entries []json.RawMessage
	if err := json.Unmarshal(content, &entries); err != nil {
		return nil, fmt.Errorf("list of clients: %w", err)
	}
	for _, entry := range entries {
		var base struct {
			Like string `json:"like"`
		}
		if err := json.Unmarshal(entry, &base); err != nil {
			return nil, fmt.Errorf("client: %w", err)
		}
		profile, err := inherited(profiles, base.Like)
		if err != nil {
			return nil, err
		}
		decoder := json.NewDecoder(strings.NewReader(string(entry)))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&profile); err != nil {
			return nil, fmt.Errorf("client %s: %w", entry, err)
		}
		profiles = append(profiles, profile)
	}
	return profiles, nil
}

// inherited returns what a profile starts with: all of an earlier one but what
// is only its own.
func inherited(profiles []Profile, like string) (Profile, error) {
	if like == "" {
		return Profile{}, nil
	}
	at := slices.IndexFunc(profiles, func(p Profile) bool { return p.Name == like })
	if at < 0 {
		return Profile{}, fmt.Errorf("no earlier client is named %q", like)
	}
	base := profiles[at]
	base.Name, base.Year, base.Reference, base.Source = "", 0, false, ""
	base.ALPN = slices.Clone(base.ALPN) // decoding writes into a slice that is there
	return base, nil
}

// protocols returns the versions that the client completes, newest first.
func (p Profile) protocols() []checks.Protocol {
	all := checks.Protocols()
	low, high := slices.Index(all, p.Min), slices.Index(all, p.Max)
	if low < 0 || high < low {
		return nil
	}
	list := slices.Clone(all[low : high+1])
	slices.Reverse(list)
	return list
}

// takesPrime says whether the client accepts a p of that many bits.
func (p Profile) takesPrime(bits int) bool {
	return (p.DHMin == 0 || bits >= p.DHMin) && (p.DHMax == 0 || bits <= p.DHMax)
}

// isGREASE says whether a value only keeps servers used to unknown ones (RFC 8701).
func isGREASE(value uint16) bool { return value&0x0F0F == 0x0A0A && value>>8 == value&0xFF }
