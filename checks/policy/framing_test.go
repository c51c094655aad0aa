package policy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFraming(t *testing.T) {
	t.Parallel()
	const policy, options = "content-security-policy", "x-frame-options"
	tests := []struct {
		name        string
		fields      map[string][]string
		superOffice share
		anybody     bool
		by          string
	}{
		{"nothing", nil, all, true, ""},
		{"another directive", map[string][]string{policy: {"default-src 'none'"}}, all, true, ""},
		{"report only", map[string][]string{"content-security-policy-report-only": {"frame-ancestors 'none'"}}, all, true, ""},
		{"none", map[string][]string{policy: {"frame-ancestors 'none'"}}, none, false, policy},
		{"empty", map[string][]string{policy: {"frame-ancestors"}}, none, false, policy},
		{"self", map[string][]string{policy: {"frame-ancestors 'self'"}}, none, false, policy},
		{"SuperOffice", map[string][]string{policy: {"frame-ancestors https://*.superoffice.com"}}, all, false, policy},
		{"without scheme", map[string][]string{policy: {"frame-ancestors *.superoffice.com"}}, all, false, policy},
		{"http matches https", map[string][]string{policy: {"frame-ancestors http://*.superoffice.com"}}, all, false, policy},
		{"another case", map[string][]string{policy: {"Frame-Ancestors HTTPS://*.SuperOffice.COM"}}, all, false, policy},
		{"with port", map[string][]string{policy: {"frame-ancestors https://*.superoffice.com:443"}}, all, false, policy},
		{"any port", map[string][]string{policy: {"frame-ancestors https://*.superoffice.com:*"}}, all, false, policy},
		{"another port", map[string][]string{policy: {"frame-ancestors https://*.superoffice.com:8443"}}, none, false, policy},
		{"one host", map[string][]string{policy: {"frame-ancestors https://online.superoffice.com"}}, some, false, policy},
		{"numbered hosts", map[string][]string{policy: {"frame-ancestors https://online.superoffice.com https://online2.superoffice.com"}}, some, false, policy},
		{"the domain itself is none of its hosts", map[string][]string{policy: {"frame-ancestors https://superoffice.com"}}, none, false, policy},
		{"a domain that only ends so", map[string][]string{policy: {"frame-ancestors https://*.notsuperoffice.com"}}, none, false, policy},
		{"a longer domain", map[string][]string{policy: {"frame-ancestors https://*.superoffice.com.example.net"}}, none, false, policy},
		{"the domain above", map[string][]string{policy: {"frame-ancestors https://*.com"}}, all, false, policy},
		{"every site", map[string][]string{policy: {"frame-ancestors *"}}, all, true, policy},
		{"every site over https", map[string][]string{policy: {"frame-ancestors https:"}}, all, true, policy},
		{"another scheme", map[string][]string{policy: {"frame-ancestors data: ftp://*.superoffice.com"}}, none, false, policy},
		{"two fields", map[string][]string{policy: {"frame-ancestors *", "frame-ancestors 'self'"}}, none, false, policy},
		{"two policies in a field", map[string][]string{policy: {"frame-ancestors *, frame-ancestors https://*.superoffice.com"}}, all, false, policy},
		{"the first of a directive counts", map[string][]string{policy: {"frame-ancestors 'none'; frame-ancestors *"}}, none, false, policy},
		{"DENY", map[string][]string{options: {"DENY"}}, none, false, options},
		{"sameorigin", map[string][]string{options: {" sameorigin "}}, none, false, options},
		{"ALLOWALL", map[string][]string{options: {"ALLOWALL"}}, all, true, ""},
		{"ALLOW-FROM", map[string][]string{options: {"ALLOW-FROM https://online.superoffice.com"}}, all, true, ""},
		{"nonsense", map[string][]string{options: {"yes, please"}}, all, true, ""},
		{"two that contradict each other", map[string][]string{options: {"ALLOWALL", "SAMEORIGIN"}}, none, false, options},
		{"a list of one", map[string][]string{options: {"DENY, DENY"}}, none, false, options},
		{"frame-ancestors goes first", map[string][]string{policy: {"frame-ancestors https://*.superoffice.com"}, options: {"DENY"}}, all, false, policy},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := framingOf(test.fields, "https")
			require.Equal(t, test.superOffice, got.superOffice)
			require.Equal(t, test.anybody, got.anybody)
			require.Equal(t, test.by, got.by)
		})
	}
}

// What anybody may frame, SuperOffice may, and who refuses says by which field.
func FuzzFraming(f *testing.F) {
	f.Add("frame-ancestors 'self' https://*.superoffice.com", "DENY")
	f.Add("frame-ancestors *, default-src https:", "ALLOW-FROM x, SAMEORIGIN")
	f.Add("frame-ancestors https://[::1]:*/x http://*:80", "")
	f.Fuzz(func(t *testing.T, policy, options string) {
		got := framingOf(map[string][]string{"content-security-policy": {policy}, "x-frame-options": {options}}, "https")
		if got.anybody && got.superOffice != all {
			t.Errorf("anybody may frame it, and SuperOffice not: %+v", got)
		}
		if got.superOffice != all && got.by == "" {
			t.Errorf("nothing says why: %+v", got)
		}
	})
}
