package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// connectTo is where to connect instead: HOST:PORT for every URL, or as curl
// writes it, HOST1:PORT1:HOST2:PORT2, for those of one host and port. What is
// left empty is anything in front, and unchanged behind.
type connectTo struct {
	fromHost string
	fromPort uint16
	host     string
	port     uint16
}

// UnmarshalText implements encoding.TextUnmarshaler for kong.
func (c *connectTo) UnmarshalText(text []byte) error {
	fields, err := splitColons(string(text))
	if err != nil {
		return err
	}
	switch len(fields) {
	case 2:
		fields = append([]string{"", ""}, fields...)
	case 4:
	default:
		return fmt.Errorf("%q is neither HOST:PORT nor HOST1:PORT1:HOST2:PORT2; an IPv6 address stands in brackets", text)
	}
	var read connectTo
	for at, host := range []*string{0: &read.fromHost, 1: &read.host} {
		if *host, err = placeHost(fields[2*at]); err != nil {
			return err
		}
	}
	for at, port := range []*uint16{0: &read.fromPort, 1: &read.port} {
		if *port, err = placePort(fields[2*at+1]); err != nil {
			return err
		}
	}
	if read.host == "" && read.port == 0 {
		return errors.New("it names neither a host nor a port to connect to")
	}
	*c = read
	return nil
}

// splitColons splits at colons outside of brackets.
func splitColons(text string) ([]string, error) {
	var fields []string
	rest := text
	for {
		end := strings.IndexByte(rest, ':')
		if strings.HasPrefix(rest, "[") {
			closed := strings.IndexByte(rest, ']')
			if closed < 0 {
				return nil, fmt.Errorf("%q opens a bracket and does not close it", text)
			}
			if end = closed + 1; end == len(rest) {
				end = -1
			} else if rest[end] != ':' {
				return nil, fmt.Errorf("%q has no colon behind its bracket", text)
			}
		}
		if end < 0 {
			return append(fields, rest), nil
		}
		fields, rest = append(fields, rest[:end]), rest[end+1:]
	}
}

func placeHost(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	return checks.ASCIIHost(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
}

func placePort(text string) (uint16, error) {
	if text == "" {
		return 0, nil
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return 0, fmt.Errorf("the port %q is not between 1 and 65535", text)
	}
	return uint16(port), nil
}

func (c connectTo) matches(target checks.Target) bool {
	return (c.fromHost == "" || c.fromHost == target.Host) && (c.fromPort == 0 || c.fromPort == target.Port)
}
