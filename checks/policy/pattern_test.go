package policy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
)

func patternVerdict(pattern string) checks.Verdict {
	subject := policy.Subject{Kind: policy.Redirect, ValueKind: policy.Pattern, Value: pattern, ProbeURL: "https://app.example.com/"}
	return policy.Judge(policy.Evidence{Subject: subject}, policy.SuperOffice().Only("L-04"))[0]
}

// Each flaw by the words that tell it; none: the pattern is safe.
func TestPatternFlaws(t *testing.T) {
	t.Parallel()
	const anchor, scheme, host, domain, dot, nothing = "not anchored", "scheme open", "can be anything", "domain open", "not escaped", "URLs of any host"
	for pattern, want := range map[string][]string{
		`^https://app\.example\.com/callback$`:                          nil,
		`^https://app\.example\.com(/.*)?$`:                             nil,
		`^https://[a-z0-9-]+\.example\.com/callback\?x=.*$`:             nil,
		`^https://(app|stage)\.example\.com:\d{2,5}/cb$`:                nil,
		`^(https://a\.example\.com/|https://b\.example\.org/)$`:         nil,
		`^https://app\.example\.co\.uk/$`:                               nil,
		`^HTTPS://APP\.EXAMPLE\.COM/$`:                                  nil,
		`^http://127\.0\.0\.1:\d{4,5}/$`:                                nil,
		`^http://127.0.0.1\:\d{4,10}$`:                                  {dot},
		`https://app\.example\.com/callback`:                            {anchor},
		`^https://app\.example\.com/callback`:                           {anchor},
		`^https://app\.example\.com/$|^https://b\.example\.com/`:        {anchor},
		`^https?://app\.example\.com/$`:                                 nil, // T-07 judges plain http
		`^\w+://app\.example\.com/$`:                                    {scheme},
		`^https://app.example\.com/$`:                                   {dot},
		`^https://.*\.example\.com/$`:                                   {host},
		`^https://[^.]+\.example\.com/$`:                                {host},
		`^https://.*example\.com/$`:                                     {host, domain},
		`^https://[a-z]*example\.com/$`:                                 {domain},
		`^https://example\.[a-z]+/$`:                                    {domain},
		`^https://[a-z]+\.co\.uk/$`:                                     {domain},
		`^https://[a-z.]+$`:                                             {domain},
		`^.*$`:                                                          {nothing},
		`.*`:                                                            {anchor, nothing},
		``:                                                              {anchor, nothing},
		`^https://app\.example\.com/$|^https://evil\.example\.[a-z]+/$`: {domain},
	} {
		got := patternVerdict(pattern)
		if want == nil {
			require.Equal(t, pass, got.Result, "%s: %+v", pattern, got.Proof)
			continue
		}
		require.Equal(t, fail, got.Result, pattern)
		require.Len(t, got.Proof, len(want), "%s: %+v", pattern, got.Proof)
		for i, words := range want {
			require.Contains(t, got.Proof[i].Text, words, pattern)
		}
	}
	for _, pattern := range []string{`^https://(?=a)$`, strings.Repeat("a", 5000), "^" + strings.Repeat("(a|bc)", 30) + "$", `^(`} {
		require.Equal(t, inconclusive, patternVerdict(pattern).Result, pattern)
	}
}

// A pattern comes from whoever registers a URL.
func FuzzPatternFlaws(f *testing.F) {
	for _, pattern := range []string{`^https://app\.example\.com/.*$`, `^http://127.0.0.1\:\d{4,10}$`, `^(a|b)*://[^/]+$`, "(?i)(?:x{1,9}){1,9}"} {
		f.Add(pattern)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		require.NotEmpty(t, patternVerdict(pattern).Proof)
	})
}
