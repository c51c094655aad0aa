package auth_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func administrator(t *testing.T, s *store.Store) monitor.Person {
	t.Helper()
	person, created, err := auth.EnsureFirstAdministrator(t.Context(), s, "ada@example.com", noon)
	require.NoError(t, err)
	require.True(t, created)
	return person
}

func TestEnsureFirstAdministratorCreatesOne(t *testing.T) {
	t.Parallel()
	s := testdb.New(t).Store
	var created atomic.Int32
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			_, mine, err := auth.EnsureFirstAdministrator(t.Context(), s, "ada@example.com", noon)
			if err != nil {
				t.Error(err)
			}
			if mine {
				created.Add(1)
			}
		})
	}
	wait.Wait()
	require.EqualValues(t, 1, created.Load())
	person, err := auth.FindPerson(t.Context(), s, "ADA@example.com")
	require.NoError(t, err)
	require.Equal(t, monitor.Administrator, person.Role)
	require.NoError(t, s.AsTeam(t.Context(), person.TeamID, func(ctx context.Context, tx *store.Tx) error {
		rows, err := tx.AuditRecords(ctx, store.AuditFilter{})
		require.Len(t, rows, 1)
		return err
	}))
	_, err = auth.FindPerson(t.Context(), s, "nobody@example.com")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestSignInLinkWorksOnce(t *testing.T) {
	t.Parallel()
	s := testdb.New(t).Store
	person := administrator(t, s)
	sessions := auth.Sessions{Store: s}
	token, err := auth.NewSignInLink(t.Context(), s, person, noon)
	require.NoError(t, err)
	raw, err := base64.RawURLEncoding.DecodeString(token)
	require.NoError(t, err)
	require.Len(t, raw, 40)
	require.NoError(t, auth.CheckLink(t.Context(), s, token, noon))
	require.NoError(t, auth.CheckLink(t.Context(), s, token, noon), "looking at a link does not use it up")

	var worked atomic.Int32
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if _, err := sessions.SignIn(t.Context(), token, store.Actor{Source: "web"}, noon); err == nil {
				worked.Add(1)
			}
		})
	}
	wait.Wait()
	require.EqualValues(t, 1, worked.Load())
	require.ErrorIs(t, auth.CheckLink(t.Context(), s, token, noon), auth.ErrLinkUsed)
}

func TestSignInLinkFaults(t *testing.T) {
	t.Parallel()
	s := testdb.New(t).Store
	person := administrator(t, s)
	token, err := auth.NewSignInLink(t.Context(), s, person, noon)
	require.NoError(t, err)
	raw, err := base64.RawURLEncoding.DecodeString(token)
	require.NoError(t, err)
	raw[7]++ // the team's id
	tampered := base64.RawURLEncoding.EncodeToString(raw)
	for name, test := range map[string]struct {
		token string
		at    time.Time
		want  error
	}{
		"last moment": {token, noon.Add(auth.LinkLifetime - time.Second), nil},
		"expired":     {token, noon.Add(auth.LinkLifetime), auth.ErrLinkExpired},
		"unknown":     {token[:len(token)-4] + "AAAA", noon, auth.ErrLinkUnknown},
		"other team":  {tampered, noon, auth.ErrLinkUnknown},
		"no token":    {"hello", noon, auth.ErrLinkUnknown},
		"empty":       {"", noon, auth.ErrLinkUnknown},
	} {
		if err := auth.CheckLink(t.Context(), s, test.token, test.at); test.want == nil {
			require.NoError(t, err, name)
		} else {
			require.ErrorIs(t, err, test.want, name)
		}
	}
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	s := testdb.New(t).Store
	person := administrator(t, s)
	sessions := auth.Sessions{Store: s}
	link, err := auth.NewSignInLink(t.Context(), s, person, noon)
	require.NoError(t, err)
	token, err := sessions.SignIn(t.Context(), link, store.Actor{Source: "web"}, noon)
	require.NoError(t, err)
	require.NotEqual(t, link, token)

	resume := func(after time.Duration, touch bool) error {
		_, err := sessions.Resume(t.Context(), token, noon.Add(after), touch)
		return err
	}
	require.NoError(t, resume(119*time.Minute, false))
	require.ErrorIs(t, resume(121*time.Minute, true), auth.ErrNoSession, "polling did not keep it alive")
	for hour := 1; hour < 12; hour++ {
		require.NoError(t, resume(time.Duration(hour)*time.Hour, true))
	}
	require.ErrorIs(t, resume(12*time.Hour, true), auth.ErrNoSession, "no use prolongs the absolute end")

	session, err := sessions.Resume(t.Context(), token, noon.Add(11*time.Hour), true)
	require.NoError(t, err)
	require.Equal(t, person, session.Person)
	require.NoError(t, sessions.SignOut(t.Context(), token))
	require.ErrorIs(t, resume(11*time.Hour, true), auth.ErrNoSession)
	require.NoError(t, sessions.SignOut(t.Context(), "nonsense"))
}

func TestCookie(t *testing.T) {
	t.Parallel()
	secure := auth.Sessions{Secure: true}.Cookie("x")
	require.Equal(t, "__Host-gradewatch=x; Path=/; HttpOnly; Secure; SameSite=Lax", secure.String())
	plain := auth.Sessions{}.Cookie("")
	require.Equal(t, "gradewatch=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax", plain.String())
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	require.Empty(t, auth.Sessions{}.Token(request))
	request.AddCookie(auth.Sessions{}.Cookie("y"))
	require.Equal(t, "y", auth.Sessions{}.Token(request))
}

func TestLocalPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/endpoints/4?x=1": "/endpoints/4?x=1", "": "/", "https://evil.example": "/", "//evil.example": "/",
		"/\\evil.example": "/", "/\t/evil.example": "/", "evil": "/", "/a\r\nb": "/",
	} {
		require.Equal(t, want, auth.LocalPath(path), "%q", path)
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	require.True(t, auth.May(monitor.Administrator, auth.ShowSecret))
	require.False(t, auth.May(monitor.Developer, auth.ShowSecret))
	require.False(t, auth.May(monitor.Reader, auth.ChangeInventory))
	require.False(t, auth.May("", auth.RequestLook))
	err := auth.Require(monitor.Reader, auth.ChangeChannels)
	var denied *auth.DeniedError
	require.ErrorAs(t, err, &denied)
	require.True(t, strings.Contains(err.Error(), "change channels"))
}

func TestFirstTeamGetsMail(t *testing.T) {
	t.Parallel()
	s := testdb.New(t).Store
	person, created, err := auth.EnsureFirstAdministrator(t.Context(), s, "ada@example.com", noon)
	require.NoError(t, err)
	require.True(t, created)
	require.NoError(t, s.AsTeam(t.Context(), person.TeamID, func(ctx context.Context, tx *store.Tx) error {
		channels, err := tx.Channels(ctx)
		require.Len(t, channels, 1)
		require.Equal(t, "email ada@example.com", channels[0].Kind+" "+channels[0].Address)
		var contact string
		require.NoError(t, tx.QueryRow(ctx, `SELECT technical_contact FROM teams`).Scan(&contact))
		require.Equal(t, "ada@example.com", contact)
		return err
	}))
}
