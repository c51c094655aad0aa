package matrix

import (
	"bytes"
	"embed"
	"io/fs"
	"strconv"
	"strings"
	"testing"

	"github.com/gradewatch/gradewatch/checks"
)

//go:embed grades
var gradeFiles embed.FS

// Graded is the grade that a server must get by the rating guide's version
// 2009r, reasoned from its configuration and from what it takes, for somebody who
//
//   - looks at TLS alone, so that Strict-Transport-Security is unknown,
//   - has no leave for intrusive probes,
//   - trusts Root as a private root besides Mozilla's store, and has lists of
//     Debian's weak keys of every size here,
//   - has seen that the certificates name no place for revocations.
type Graded struct {
	Letter, TrustIgnored                 checks.Letter
	Provisional                          bool
	Protocol, KeyExchange, Cipher, Total checks.Points
	// Rules says of each rule that fires why it does.
	Rules map[string]string
}

// readGrades reads every file of the folder grades. Their form:
//
//	[name of a server]
//	# what matters here
//	grade: B, trust ignored B
//	provisional: yes; why
//	scores: protocol 95, key exchange 90, cipher 90, total 91.5; why
//	RULE-ID: why
func readGrades(t testing.TB) map[string]Graded {
	t.Helper()
	all := map[string]Graded{}
	files, err := fs.Glob(gradeFiles, "grades/*.txt")
	if err != nil {
		t.Fatalf("listing grades: %v", err)
	}
	for _, file := range files {
		text, err := gradeFiles.ReadFile(file)
		if err != nil {
			t.Fatalf("reading grades: %v", err)
		}
		for section := range bytes.SplitSeq(append([]byte("\n"), text...), []byte("\n[")) {
			name, body, found := strings.Cut(string(section), "]\n")
			if !found {
				continue // the comment at the top
			}
			if _, twice := all[name]; twice {
				t.Fatalf("%s: %q is there twice", file, name)
			}
			all[name] = parseGrade(t, name, body)
		}
	}
	return all
}

func parseGrade(t testing.TB, name, body string) Graded {
	t.Helper()
	want := Graded{Rules: map[string]string{}}
	for _, line := range unfold(body) {
		head, rest, found := strings.Cut(line, ": ")
		value, why, reasoned := strings.Cut(rest, "; ")
		if !found || rest == "" {
			t.Fatalf("grade of %q: what is %q?", name, line)
		}
		switch head {
		case "grade":
			letter, ignored, _ := strings.Cut(rest, ", trust ignored ")
			want.Letter, want.TrustIgnored = checks.Letter(letter), checks.Letter(ignored)
		case "provisional":
			want.Provisional = value == "yes"
		case "scores":
			for _, score := range strings.Split(value, ", ") {
				want.setScore(t, name, score)
			}
		default:
			want.Rules[head], reasoned = rest, true
		}
		if head != "grade" && (!reasoned || (why == "" && want.Rules[head] == "")) {
			t.Fatalf("grade of %q: %q has no reason", name, line)
		}
	}
	return want
}

func (g *Graded) setScore(t testing.TB, name, score string) {
	t.Helper()
	at := strings.LastIndex(score, " ")
	points, err := strconv.ParseFloat(score[at+1:], 64)
	if at < 0 || err != nil {
		t.Fatalf("grade of %q: what is the score %q?", name, score)
	}
	field := map[string]*checks.Points{
		"protocol": &g.Protocol, "key exchange": &g.KeyExchange, "cipher": &g.Cipher, "total": &g.Total,
	}[score[:at]]
	if field == nil {
		t.Fatalf("grade of %q: what is the score %q?", name, score)
	}
	*field = checks.Points(points*100 + 0.5)
}
