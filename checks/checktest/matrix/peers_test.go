//go:build peers

package matrix_test

import (
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/matrix"
)

// TestNmap compares what is expected with what nmap finds (ssl-enum-ciphers and
// sslv2), whose hellos, tables of suites and order are its own work. Where it
// cannot tell, Server.Nmap says why. With MATRIX_FOUND=file, what it found is
// written there in the form of the expectations.
func TestNmap(t *testing.T) {
	for _, group := range matrix.Groups(t) {
		t.Run(group.Name, func(t *testing.T) {
			addresses := group.Start(t)
			for index, server := range group.Servers {
				t.Run(server.Name, func(t *testing.T) {
					found := scan(t, addresses[index].Port())
					record(t, server.Name, found)
					if server.Nmap != "" {
						t.Logf("not compared: %s", server.Nmap)
						return
					}
					want := map[checks.Protocol]matrix.Expected{}
					for protocol, expected := range server.Want.Protocols {
						want[protocol] = normal(expected)
					}
					if difference := cmp.Diff(want, found); difference != "" {
						t.Errorf("-expected +nmap:\n%s", difference)
					}
				})
			}
		})
	}
}

// normal sorts what has no order.
func normal(expected matrix.Expected) matrix.Expected {
	expected.Suites = append([]string{}, expected.Suites...)
	if expected.Preference != checks.ServerPreference {
		slices.Sort(expected.Suites)
	}
	return expected
}

func scan(t *testing.T, port uint16) map[checks.Protocol]matrix.Expected {
	output, err := exec.CommandContext(t.Context(), "nmap", "-Pn", "-p", fmt.Sprint(port), "--script", "+ssl-enum-ciphers,+sslv2",
		"--script-args", "tls.servername="+matrix.Host, "-oX", "-", "127.0.0.1").Output()
	require.NoError(t, err, "nmap cannot be run: install the package nmap.")
	type table struct {
		Key      string `xml:"key,attr"`
		Elements []struct {
			Key  string `xml:"key,attr"`
			Text string `xml:",chardata"`
		} `xml:"elem"`
		Tables []struct {
			Key    string `xml:"key,attr"`
			Tables []struct {
				Elements []struct {
					Key  string `xml:"key,attr"`
					Text string `xml:",chardata"`
				} `xml:"elem"`
			} `xml:"table"`
			Elements []string `xml:"elem"`
		} `xml:"table"`
	}
	var document struct {
		Scripts []struct {
			ID     string  `xml:"id,attr"`
			Output string  `xml:"output,attr"`
			Tables []table `xml:"table"`
		} `xml:"host>ports>port>script"`
	}
	require.NoError(t, xml.Unmarshal(output, &document))
	found := map[checks.Protocol]matrix.Expected{}
	for _, script := range document.Scripts {
		if script.ID == "sslv2" {
			found[checks.SSLv2] = sslv2(script.Output)
			continue
		}
		for _, version := range script.Tables {
			var answer matrix.Expected
			for _, element := range version.Elements {
				if element.Key == "cipher preference" && element.Text != "indeterminate" {
					answer.Preference = checks.Preference(element.Text)
				}
			}
			for _, inner := range version.Tables {
				if inner.Key != "ciphers" {
					continue
				}
				for _, suite := range inner.Tables {
					for _, element := range suite.Elements {
						if element.Key == "name" {
							answer.Suites = append(answer.Suites, strings.Replace(element.Text, "TLS_AKE_WITH_", "TLS_", 1))
						}
					}
				}
			}
			if len(answer.Suites) < 2 {
				answer.Preference = ""
			}
			found[checks.Protocol(version.Key)] = normal(answer)
		}
	}
	return found
}

// sslv2 reads the script's text. A client of SSL 2.0 chooses.
func sslv2(text string) matrix.Expected {
	var answer matrix.Expected
	for line := range strings.Lines(text) {
		if name, found := strings.CutPrefix(strings.TrimSpace(line), "SSL2_"); found {
			answer.Suites = append(answer.Suites, "SSL_CK_"+name)
		}
	}
	if len(answer.Suites) > 1 {
		answer.Preference = checks.ClientPreference
	}
	answer.WithoutSuites = len(answer.Suites) == 0
	return normal(answer)
}

func record(t *testing.T, name string, found map[checks.Protocol]matrix.Expected) {
	file := os.Getenv("MATRIX_FOUND")
	if file == "" {
		return
	}
	var text strings.Builder
	fmt.Fprintf(&text, "[%s]\n", name)
	for _, protocol := range checks.Protocols() {
		if answer, on := found[protocol]; on {
			fmt.Fprintln(&text, strings.TrimSpace(string(protocol)+" "+string(answer.Preference))+":")
			for _, suite := range answer.Suites {
				fmt.Fprintln(&text, "  "+suite)
			}
		}
	}
	out, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = fmt.Fprintln(out, text.String())
	require.NoError(t, err)
	require.NoError(t, out.Close())
}
