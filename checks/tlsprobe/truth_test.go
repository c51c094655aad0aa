package tlsprobe_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

// plain returns what a look says as JSON's own types: a fact is an object with
// a state, a finding one with a result.
func plain(t *testing.T, look checks.FullLook) any {
	t.Helper()
	form, err := json.Marshal(struct {
		TLS  checks.TLS
		Full checks.FullTLS
	}{look.TLS, look.Full})
	require.NoError(t, err)
	var parsed any
	require.NoError(t, json.Unmarshal(form, &parsed))
	return parsed
}

// comparison is how a look differs from the truth.
type comparison struct {
	answers      int      // facts and findings that were compared
	wrong        []string // what was said and is not so
	inconclusive []string // what could not be told though it can be
}

// compare holds what a look says against the truth. Inconclusive is never
// wrong, and what is not known of the truth proves nothing.
func compare(truth, said any) comparison {
	var found comparison
	found.walk("", truth, said)
	return found
}

func (c *comparison) walk(path string, truth, said any) {
	switch truth := truth.(type) {
	case map[string]any:
		other, ok := said.(map[string]any)
		if said == nil { // a fact that is left out was not asked
			ok, other = true, map[string]any{}
		}
		if !ok {
			c.differ(path, truth, said)
			return
		}
		if answer(truth) != "" || answer(other) != "" {
			c.answer(path, truth, other)
			return
		}
		for _, name := range slices.Sorted(maps.Keys(union(truth, other))) {
			if name != "resent" { // how something was learned is no claim about the server
				c.walk(path+"/"+name, truth[name], other[name])
			}
		}
	case []any:
		other, ok := said.([]any)
		if !ok || len(other) != len(truth) {
			c.differ(path, truth, said)
			return
		}
		for index := range truth {
			c.walk(fmt.Sprintf("%s/%d", path, index), truth[index], other[index])
		}
	default:
		if other, ok := said.(map[string]any); ok && unsure(answer(other)) {
			c.inconclusive = append(c.inconclusive, path) // the truth has no such fact: not asked
			return
		}
		if !reflect.DeepEqual(truth, said) {
			c.differ(path, truth, said)
		}
	}
}

func (c *comparison) answer(path string, truth, said map[string]any) {
	c.answers++
	switch {
	case unsure(answer(said)), len(said) == 0:
		if !unsure(answer(truth)) {
			c.inconclusive = append(c.inconclusive, fmt.Sprintf("%s (%v)", path, said["reason"]))
		}
	case unsure(answer(truth)):
	case !reflect.DeepEqual(truth, said):
		c.differ(path, truth, said)
	}
}

func (c *comparison) differ(path string, truth, said any) {
	expected, _ := json.Marshal(truth)
	got, _ := json.Marshal(said)
	c.wrong = append(c.wrong, fmt.Sprintf("%s: %s is said to be %s", path, expected, got))
}

// answer is the state of a fact or the result of a finding.
func answer(object map[string]any) string {
	for _, name := range []string{"state", "result"} {
		if text, ok := object[name].(string); ok {
			return text
		}
	}
	return ""
}

func unsure(answer string) bool {
	return answer == checks.Inconclusive.String() || answer == checks.NotAsked.String()
}

func union(a, b map[string]any) map[string]any {
	both := maps.Clone(a)
	maps.Copy(both, b)
	return both
}

// vulnerable lists what a look calls vulnerable.
func vulnerable(look checks.FullLook) []string {
	var found []string
	for _, findings := range []checks.Vulnerabilities{look.Full.Vulnerabilities, look.Full.Intrusive} {
		for name, finding := range findings {
			if finding.Result == checks.Vulnerable {
				found = append(found, fmt.Sprintf("%s %q", name, finding.Proof))
			}
		}
	}
	return found
}

// conclusions lists everything that a look claims to know, for servers of which
// nothing can be known.
func conclusions(t *testing.T, look checks.FullLook) []string {
	t.Helper()
	var found []string
	var walk func(path string, said any)
	walk = func(path string, said any) {
		switch said := said.(type) {
		case map[string]any:
			if state := answer(said); state != "" && !unsure(state) {
				found = append(found, path+" "+state)
			}
			for name, below := range said {
				walk(path+"/"+name, below)
			}
		case []any:
			for index, below := range said {
				walk(fmt.Sprintf("%s/%d", path, index), below)
			}
		}
	}
	walk("", plain(t, look))
	slices.Sort(found)
	return found
}

func TestCompare(t *testing.T) {
	t.Parallel()
	known, absent := checks.KnownFact(checks.Accepted{Suite: "0xC02F"}), checks.AbsentFact[checks.Accepted]("")
	unknown := checks.InconclusiveFact[checks.Accepted](checks.ReasonTimeout)
	look := func(fact checks.Fact[checks.Accepted], result checks.VulnerabilityResult) any {
		return plain(t, checks.FullLook{
			TLS:  checks.TLS{Protocols: map[checks.Protocol]checks.Fact[checks.Accepted]{checks.TLSv12: fact}},
			Full: checks.FullTLS{Vulnerabilities: checks.Vulnerabilities{checks.FREAK: {Result: result}}},
		})
	}
	truth := look(known, checks.NotVulnerable)
	require.Empty(t, compare(truth, look(known, checks.NotVulnerable)).wrong)
	require.Empty(t, compare(truth, look(unknown, checks.VulnerabilityInconclusive)).wrong)
	require.Len(t, compare(truth, look(unknown, checks.VulnerabilityInconclusive)).inconclusive, 2)
	require.Len(t, compare(truth, look(absent, checks.NotVulnerable)).wrong, 1)
	require.Len(t, compare(truth, look(known, checks.Vulnerable)).wrong, 1)
	require.Len(t, compare(truth, look(checks.KnownFact(checks.Accepted{Suite: "0xC030"}), checks.NotVulnerable)).wrong, 1)
}
