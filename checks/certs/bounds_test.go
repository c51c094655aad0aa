package certs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	var c cache[string, int]
	limit := cacheLimit{entries: 3, bytes: 100}
	now := time.Now()
	asked := 0
	get := func(key string, bytes int) int {
		value, ok := c.get(t.Context(), limit, key, now, func(int) answered[int] {
			asked++
			return answered[int]{value: asked, bytes: bytes, until: now.Add(time.Hour)}
		})
		require.True(t, ok)
		return value
	}
	for i := range 10 {
		get(fmt.Sprint("key ", i), 10)
		require.LessOrEqual(t, len(c.kept), limit.entries)
	}
	require.Equal(t, 10, get("key 9", 10), "the newest stay")
	require.Equal(t, 11, get("key 0", 10), "the oldest do not")
	require.Equal(t, 12, get("large", 101))
	require.Equal(t, 13, get("large", 101), "what is too large is not kept")
	get("half", 60)
	get("more than half", 60)
	require.LessOrEqual(t, c.bytes, limit.bytes)
	require.Len(t, c.kept, c.recent.Len())
	require.Empty(t, c.pending)
}

func TestCacheSurvivesAPanic(t *testing.T) {
	t.Parallel()
	var c cache[string, int]
	limit := cacheLimit{entries: 3, bytes: 100}
	require.Panics(t, func() {
		c.get(t.Context(), limit, "key", time.Now(), func(int) answered[int] { panic("our own fault") })
	})
	value, ok := c.get(t.Context(), limit, "key", time.Now(), func(int) answered[int] { return answered[int]{value: 1} })
	require.True(t, ok)
	require.Equal(t, 1, value)
}

func TestBytesBeingReadAreBounded(t *testing.T) {
	t.Parallel()
	var budget byteBudget
	first := &budgeted{reader: strings.NewReader(strings.Repeat("a", 100)), budget: &budget}
	require.True(t, budget.take(bytesBeingRead-50, bytesBeingRead))
	_, err := first.Read(make([]byte, 100))
	require.Equal(t, checks.ReasonBudget, err.(*failure).Reason()) //nolint:errorlint // it is this type
	budget.release(bytesBeingRead - 50)
	first.release()
	require.Zero(t, budget.used.Load())
}

func TestAllowedURLs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]checks.Reason{
		"http://a.example/x": "", "HTTP://a.example": "", "https://a.example/": "",
		"ldap://a.example": checks.ReasonUnsupportedScheme, "javascript:alert(1)": checks.ReasonUnsupportedScheme,
		"http://": checks.ReasonMalformed, "http://user@a.example/": checks.ReasonMalformed, "http://a b/": checks.ReasonMalformed,
		"http://a.example/" + strings.Repeat("a", urlBytes): checks.ReasonTooLarge,
	} {
		_, err := allowed(text, false)
		if want == "" {
			require.NoError(t, err, text)
			continue
		}
		require.Equal(t, want, err.(*failure).Reason(), text) //nolint:errorlint // it is this type
	}
	_, err := allowed("http://a.example/", true)
	require.Error(t, err)
}
