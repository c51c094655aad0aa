package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

// These are defects that other tools have, so that this one never gets them.

// testssl.sh, run_cookie_flags: the severity stays INFO where no cookie has the
// flag.
func TestDefectNoCookieWithTheFlagIsOnlyInformation(t *testing.T) {
	t.Parallel()
	w := healthy(t)
	cookies(checks.Cookie{Name: "a"}, checks.Cookie{Name: "b"})(w)
	verdict := w.judge(t, "C-01")
	require.Equal(t, fail, verdict.Result)
	require.Equal(t, checks.Must, verdict.Severity)
}

// MDN HTTP Observatory: heroku-session-affinity is removed before anything is
// judged. An exception is a waiver that everybody sees.
func TestDefectExceptionsThatNobodySees(t *testing.T) {
	t.Parallel()
	w := healthy(t)
	cookies(checks.Cookie{Name: "heroku-session-affinity", Secure: true})(w)
	require.Equal(t, fail, w.judge(t, "C-01").Result)
}
