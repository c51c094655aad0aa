package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/internal/testdb"
)

// estate is a database with two teams that own hosts.
type estate struct {
	*testing.T
	store        *store.Store
	teams        [2]monitor.Team
	applications [2]monitor.Application
}

func newEstate(t *testing.T, quota int) *estate {
	t.Helper()
	e := &estate{T: t, store: testdb.New(t).Store.WithHostQuota(quota)}
	for i := range e.teams {
		e.asOperator(func(ctx context.Context, tx *store.Tx) (err error) {
			e.teams[i], err = tx.CreateTeam(ctx, fmt.Sprintf("Team %d", i), instant)
			return err
		})
		e.asTeam(i, func(ctx context.Context, tx *store.Tx) (err error) {
			e.applications[i], err = tx.CreateApplication(ctx, monitor.Application{TeamID: e.teams[i].ID, Name: "Shop", Type: policy.Custom}, instant)
			return err
		})
	}
	return e
}

func (e *estate) asOperator(do func(context.Context, *store.Tx) error) {
	e.Helper()
	require.NoError(e, e.store.AsOperator(e.Context(), do))
}

func (e *estate) asTeam(team int, do func(context.Context, *store.Tx) error) {
	e.Helper()
	require.NoError(e, e.store.AsTeam(e.Context(), e.teams[team].ID, do))
}

func (e *estate) asWorker(do func(context.Context, *store.Tx) error) {
	e.Helper()
	require.NoError(e, e.store.AsWorker(e.Context(), do))
}

// add registers a URL, and returns its endpoint or why not.
func (e *estate) add(ctx context.Context, team int, url string) (endpoint monitor.Endpoint, err error) {
	err = e.store.AsTeam(ctx, e.teams[team].ID, func(ctx context.Context, tx *store.Tx) error {
		endpoint, err = tx.CreateEndpoint(ctx, monitor.Endpoint{
			ApplicationID: e.applications[team].ID, Environment: policy.Production, Kind: policy.Redirect, ValueKind: policy.Literal,
			Value: url, Interval: time.Hour, NextRunAt: instant,
		}, instant)
		return err
	})
	return endpoint, err
}

func (e *estate) mustAdd(team int, url string) monitor.Endpoint {
	e.Helper()
	endpoint, err := e.add(e.Context(), team, url)
	require.NoError(e, err)
	return endpoint
}

var actor = store.Actor{Source: "web", Email: "ada@example.com"}

// claim says that a host is a team's own, and settles a check of it.
func (e *estate) claim(team int, host string, look checks.OwnershipLook, at time.Time) monitor.Ownership {
	e.Helper()
	var claimed monitor.Ownership
	e.asTeam(team, func(ctx context.Context, tx *store.Tx) (err error) {
		claimed, err = tx.ClaimHost(ctx, actor, e.teams[team].ID, host, at)
		return err
	})
	return e.settle(claimed, look, at)
}

func (e *estate) settle(claimed monitor.Ownership, look checks.OwnershipLook, at time.Time) (settled monitor.Ownership) {
	e.Helper()
	e.asWorker(func(ctx context.Context, tx *store.Tx) (err error) {
		settled, err = tx.SettleOwnership(ctx, claimed.ID, func(before monitor.Ownership) monitor.Ownership {
			return monitor.StepOwnership(before, look, at)
		}, at)
		return err
	})
	return settled
}

func byDNS(domain string) checks.OwnershipLook {
	return checks.OwnershipLook{DNS: checks.KnownFact(domain)}
}

func byFile() checks.OwnershipLook {
	return checks.OwnershipLook{File: checks.KnownFact("https://there/")}
}

func nowhere() checks.OwnershipLook {
	none := checks.AbsentFact[string](checks.ReasonNoToken)
	return checks.OwnershipLook{DNS: none, File: none, Meta: none, Page: none}
}

func (e *estate) actions(team int) (actions []string) {
	e.Helper()
	e.asOperator(func(ctx context.Context, tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT action || ' ' || object FROM audit WHERE team_id = $1 ORDER BY id`, e.teams[team].ID)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var action string
			if err := rows.Scan(&action); err != nil {
				return err
			}
			actions = append(actions, action)
		}
		return rows.Err()
	})
	return actions
}

func TestClaimIsRandomAndKept(t *testing.T) {
	t.Parallel()
	e := newEstate(t, 0)
	first := e.claim(0, "app.example.com", nowhere(), instant)
	again := e.claim(0, "app.example.com", nowhere(), instant.Add(time.Hour))
	theirs := e.claim(1, "app.example.com", nowhere(), instant)
	other := e.claim(0, "other.example.com", nowhere(), instant)
	require.Equal(t, first.Token, again.Token)
	require.Regexp(t, `^[a-z2-7]{26}$`, first.Token)
	require.NotEqual(t, first.Token, theirs.Token, "a token is of one team")
	require.NotEqual(t, first.Token, other.Token, "and of one host")
	require.Equal(t, []string{"host.claim host/app.example.com", "host.claim host/other.example.com"}, e.actions(0))
	require.Equal(t, instant.Add(time.Hour), again.CheckedAt.UTC())
	require.Equal(t, nowhere(), *again.Answer)
}

func TestChecksAreNotAskedForTooOften(t *testing.T) {
	t.Parallel()
	e := newEstate(t, 0)
	claimed := e.claim(0, "app.example.com", nowhere(), instant)
	ask := func(team int, at time.Time) (id int64, err error) {
		err = e.store.AsTeam(t.Context(), e.teams[team].ID, func(ctx context.Context, tx *store.Tx) error {
			id, err = tx.AskOwnershipCheck(ctx, "app.example.com", at)
			return err
		})
		return id, err
	}
	id, err := ask(0, instant.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, claimed.ID, id)
	_, err = ask(0, instant.Add(time.Minute+9*time.Second))
	require.ErrorIs(t, err, store.ErrTooMany)
	_, err = ask(0, instant.Add(time.Minute+10*time.Second))
	require.NoError(t, err)
	_, err = ask(1, instant)
	require.ErrorIs(t, err, store.ErrNotFound)
	e.asTeam(0, func(ctx context.Context, tx *store.Tx) error {
		now, err := tx.Ownership(ctx, "app.example.com")
		require.True(t, now.Checking(instant.Add(2*time.Minute)))
		require.False(t, now.Checking(instant.Add(3*time.Minute)), "nobody waits for a check that was lost")
		return err
	})
}

func TestVerifiedDomainCoversNamesBelow(t *testing.T) {
	t.Parallel()
	e := newEstate(t, 0)
	for _, url := range []string{
		"https://app.example.com/a", "https://APP.example.com/b", "https://example.com/", "https://notexample.com/", "https://bücher.example/",
		"https://file.example.net/", "https://below.file.example.net/", "https://page.example.org/", "com.example.app:/cb",
	} {
		endpoint := monitor.Endpoint{
			ApplicationID: e.applications[0].ID, Environment: policy.Production, Kind: policy.Redirect,
			ValueKind: policy.Literal, Value: url, Interval: time.Hour, NextRunAt: instant,
		}
		if url == "com.example.app:/cb" {
			endpoint.ValueKind = policy.CustomScheme
		}
		e.asTeam(0, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.CreateEndpoint(ctx, endpoint, instant)
			return err
		})
	}
	e.mustAdd(1, "https://app.example.com/theirs")
	e.claim(0, "app.example.com", byDNS("example.com"), instant)
	e.claim(0, "file.example.net", byFile(), instant)
	e.claim(0, "page.example.org", checks.OwnershipLook{Page: checks.KnownFact("https://page.example.org/x")}, instant)
	e.claim(0, "claimed.example", nowhere(), instant)
	list := func(team int) (hosts []store.HostSummary) {
		e.asTeam(team, func(ctx context.Context, tx *store.Tx) (err error) {
			hosts, err = tx.Hosts(ctx, store.HostFilter{Limit: 100})
			for i := range hosts {
				one, err := tx.Host(ctx, hosts[i].Host)
				require.NoError(t, err)
				require.Equal(t, hosts[i], one)
				hosts[i].CheckedAt = time.Time{}
			}
			return err
		})
		return hosts
	}
	require.Equal(t, []store.HostSummary{
		{Host: "app.example.com", Endpoints: 2, Owned: true, State: monitor.OwnershipVerified, Method: monitor.ByDNS},
		{Host: "below.file.example.net", Endpoints: 1},
		{Host: "claimed.example", State: monitor.OwnershipPending},
		{Host: "example.com", Endpoints: 1, Owned: true, CoveredBy: "example.com"},
		{Host: "file.example.net", Endpoints: 1, Owned: true, State: monitor.OwnershipVerified, Method: monitor.ByFile},
		{Host: "notexample.com", Endpoints: 1},
		{Host: "page.example.org", Endpoints: 1, Owned: true, State: monitor.OwnershipVerified, Method: monitor.ByPage},
		{Host: "xn--bcher-kva.example", Endpoints: 1},
	}, list(0))
	e.asTeam(0, func(ctx context.Context, tx *store.Tx) error {
		hosts, err := tx.Hosts(ctx, store.HostFilter{Unverified: true, Limit: 2, Offset: 1})
		for i := range hosts {
			hosts[i].CheckedAt = time.Time{}
		}
		require.Equal(t, []store.HostSummary{{Host: "notexample.com", Endpoints: 1}, {Host: "xn--bcher-kva.example", Endpoints: 1}}, hosts)
		return err
	})
	require.Equal(t, []store.HostSummary{{Host: "app.example.com", Endpoints: 1}}, list(1), "another team owns nothing by it")
}

func TestLeaveRestsOnOwnership(t *testing.T) {
	t.Parallel()
	e := newEstate(t, 0)
	endpoint, theirs := e.mustAdd(0, "https://app.example.com/cb"), e.mustAdd(1, "https://app.example.com/cb")
	page := e.mustAdd(0, "https://page.example.org/cb")
	allow := func(team int, endpoint monitor.Endpoint) error {
		return e.store.AsTeam(t.Context(), e.teams[team].ID, func(ctx context.Context, tx *store.Tx) error {
			return tx.AllowOwnIntrusive(ctx, monitor.IntrusiveLeave{EndpointID: endpoint.ID, Reason: "ours", AllowedBy: actor.Email, AllowedAt: instant})
		})
	}
	require.ErrorIs(t, allow(0, endpoint), store.ErrNotOwned)
	_, err := change(t, e.store, fmt.Sprintf(`INSERT INTO intrusive_leaves (endpoint_id, team_id, basis, reason, allowed_by, allowed_at)
		VALUES (%d, %d, 'ownership', 'r', 'b', '2026-11-22')`, endpoint.ID, e.teams[0].ID))
	require.True(t, denied(err), "the database refuses it too: %v", err)

	claimed := e.claim(0, "app.example.com", byDNS("example.com"), instant)
	e.claim(0, "page.example.org", checks.OwnershipLook{Page: checks.KnownFact("https://page.example.org/x")}, instant)
	require.ErrorIs(t, allow(0, page), store.ErrNotOwned, "a page is not the host")
	require.ErrorIs(t, allow(1, theirs), store.ErrNotOwned)
	require.ErrorIs(t, allow(0, theirs), store.ErrNotFound)
	require.NoError(t, allow(0, endpoint))
	require.ErrorIs(t, allow(0, endpoint), store.ErrConflict)
	leave := monitor.IntrusiveLeave{EndpointID: endpoint.ID, Reason: "operator", AllowedBy: "op@example.com", AllowedAt: instant}
	e.asOperator(func(ctx context.Context, tx *store.Tx) error { return tx.AllowIntrusive(ctx, leave) })
	bases := func() (bases []monitor.LeaveBasis) {
		e.asTeam(0, func(ctx context.Context, tx *store.Tx) error {
			leaves, err := tx.IntrusiveLeaves(ctx, endpoint.ID)
			for _, leave := range leaves {
				bases = append(bases, leave.Basis)
			}
			return err
		})
		return bases
	}
	both := []monitor.LeaveBasis{monitor.OnOperatorsWord, monitor.OnOwnership}
	require.Equal(t, both, bases())

	for day := range 3 {
		require.Equal(t, monitor.OwnershipFailing, e.settle(claimed, nowhere(), instant.AddDate(0, 0, 1+day)).State)
		require.Equal(t, both, bases(), "a team that fails has time")
	}
	require.Equal(t, monitor.OwnershipLapsed, e.settle(claimed, nowhere(), instant.AddDate(0, 0, 4)).State)
	require.Equal(t, []monitor.LeaveBasis{monitor.OnOperatorsWord}, bases(), "the operator's word stands")
	require.Equal(t, []string{
		"host.claim host/app.example.com", "host.verified host/app.example.com", "host.claim host/page.example.org", "host.verified host/page.example.org",
		"host.failing host/app.example.com", "host.lapsed host/app.example.com", fmt.Sprintf("endpoint.intrusive.lapse endpoint/%d", endpoint.ID),
	}, e.actions(0))

	e.settle(claimed, byFile(), instant.AddDate(0, 0, 5))
	require.Equal(t, []monitor.LeaveBasis{monitor.OnOperatorsWord}, bases(), "what ended does not come back by itself")
	require.NoError(t, allow(0, endpoint))
	e.asTeam(0, func(ctx context.Context, tx *store.Tx) error {
		return tx.GiveUpHost(ctx, actor, "app.example.com", instant.AddDate(0, 0, 6))
	})
	require.Equal(t, []monitor.LeaveBasis{monitor.OnOperatorsWord}, bases())
	require.ErrorIs(t, e.store.AsTeam(t.Context(), e.teams[0].ID, func(ctx context.Context, tx *store.Tx) error {
		return tx.ForbidOwnIntrusive(ctx, endpoint.ID)
	}), store.ErrNotFound)
}

// Another probe URL takes no leave along: the host that it leads to is not the
// one that somebody agreed about.
func TestLeaveIsForOneHost(t *testing.T) {
	t.Parallel()
	e := newEstate(t, 1)
	var pattern monitor.Endpoint
	e.asTeam(0, func(ctx context.Context, tx *store.Tx) (err error) {
		pattern, err = tx.CreateEndpoint(ctx, monitor.Endpoint{
			ApplicationID: e.applications[0].ID, Environment: policy.Production, Kind: policy.Redirect, ValueKind: policy.Pattern,
			Value: `^https://[a-z]+\.example/$`, ProbeURL: "https://own.example/", Interval: time.Hour, NextRunAt: instant,
		}, instant)
		return err
	})
	e.claim(0, "own.example", byFile(), instant)
	leave := monitor.IntrusiveLeave{EndpointID: pattern.ID, Reason: "ours", AllowedBy: actor.Email, AllowedAt: instant}
	e.asTeam(0, func(ctx context.Context, tx *store.Tx) error { return tx.AllowOwnIntrusive(ctx, leave) })
	e.asOperator(func(ctx context.Context, tx *store.Tx) error { return tx.AllowIntrusive(ctx, leave) })
	e.asWorker(func(ctx context.Context, tx *store.Tx) error { return tx.EnsurePartitions(ctx, instant, 0) })
	slots := 0
	stands := func() (leaves []monitor.IntrusiveLeave, intrusive bool) {
		slots++
		e.asTeam(0, func(ctx context.Context, tx *store.Tx) (err error) {
			assessment, err := tx.RequestAssessment(ctx, pattern.ID, monitor.Requested, checks.Full, instant.Add(time.Duration(slots)*time.Second), instant)
			require.NoError(t, err)
			intrusive = assessment.Intrusive
			leaves, err = tx.IntrusiveLeaves(ctx, pattern.ID)
			return err
		})
		return leaves, intrusive
	}
	probe := func(url string) error {
		settings := store.SettingsOf(pattern)
		settings.ProbeURL = url
		return e.store.AsTeam(t.Context(), e.teams[0].ID, func(ctx context.Context, tx *store.Tx) error {
			return tx.ChangeSettings(ctx, actor, pattern.ID, settings, instant)
		})
	}
	leaves, intrusive := stands()
	require.Len(t, leaves, 2)
	require.True(t, intrusive)
	require.NoError(t, probe("https://victim.example/"))
	leaves, intrusive = stands()
	require.Empty(t, leaves)
	require.False(t, intrusive)
	var full *store.HostQuotaError
	e.mustAdd(0, "https://own.example/other")
	require.NoError(t, probe("https://own.example/"))
	_, intrusive = stands()
	require.True(t, intrusive)
	e.mustAdd(0, "https://second.example/")
	require.ErrorAs(t, probe("https://victim.example/"), &full, "another probe URL is another host")
	require.Equal(t, []string{"victim.example"}, full.Hosts)
}

func TestChecksOfOwnershipsAreClaimedOnce(t *testing.T) {
	t.Parallel()
	e := newEstate(t, 0)
	var want []int64
	for i := range 5 {
		want = append(want, e.claim(i%2, fmt.Sprintf("h%d.example.com", i), byFile(), instant).ID)
	}
	e.claim(0, "pending.example.com", nowhere(), instant)
	due := func(at time.Time, limit int) (ids []int64) {
		e.asWorker(func(ctx context.Context, tx *store.Tx) (err error) {
			ids, err = tx.ClaimOwnershipChecks(ctx, at, limit)
			return err
		})
		return ids
	}
	require.Empty(t, due(instant.Add(23*time.Hour), 10))
	require.Len(t, due(instant.Add(26*time.Hour), 2), 2)
	require.Len(t, due(instant.Add(26*time.Hour), 10), 3)
	require.Empty(t, due(instant.Add(26*time.Hour), 10))
	require.ElementsMatch(t, want, due(instant.Add(60*time.Hour), 10))
}

func TestHostQuota(t *testing.T) {
	t.Parallel()
	e := newEstate(t, 3)
	for _, url := range []string{"https://a.example.com/", "https://b.example.com/", "https://b.example.com/2", "https://c.example.com/"} {
		e.mustAdd(0, url)
	}
	var full *store.HostQuotaError
	_, err := e.add(t.Context(), 0, "https://d.example.com/")
	require.ErrorAs(t, err, &full)
	require.Equal(t, &store.HostQuotaError{Quota: 3, Unverified: 3, Hosts: []string{"d.example.com"}}, full)
	e.mustAdd(0, "https://c.example.com/more")
	e.mustAdd(1, "https://d.example.com/") // quotas are a team's

	e.claim(0, "a.example.com", byFile(), instant)
	e.mustAdd(0, "https://d.example.com/")
	_, err = e.add(t.Context(), 0, "https://e.example.com/")
	require.ErrorAs(t, err, &full)

	claimed := e.claim(0, "example.com", byDNS("example.com"), instant)
	for i := range 5 {
		e.mustAdd(0, fmt.Sprintf("https://n%d.example.com/", i))
	}
	check := func(hosts ...string) error {
		return e.store.AsTeam(t.Context(), e.teams[0].ID, func(ctx context.Context, tx *store.Tx) error {
			return tx.CheckHostQuota(ctx, e.teams[0].ID, hosts)
		})
	}
	require.NoError(t, check("x.example", "y.example", "z.example", "a.example.com", "z.example", ""))
	require.ErrorAs(t, check("w.example", "x.example", "y.example", "z.example"), &full)
	require.Zero(t, full.Unverified)
	require.Equal(t, []string{"w.example", "x.example", "y.example", "z.example"}, full.Hosts)

	for day := range 4 {
		e.settle(claimed, nowhere(), instant.AddDate(0, 0, day+1))
	}
	e.mustAdd(0, "https://n1.example.com/again") // over the quota by what lapsed: what is there stays, and nothing new comes
	_, err = e.add(t.Context(), 0, "https://x.example/")
	require.ErrorAs(t, err, &full)
	require.Equal(t, 8, full.Unverified)
}

// Whoever comes first takes the last places, and nobody gets in beside.
func TestHostQuotaHoldsAgainstManyAtOnce(t *testing.T) {
	t.Parallel()
	const quota, tries = 5, 20
	e := newEstate(t, quota)
	var wait sync.WaitGroup
	faults := make([]error, tries)
	for i := range tries {
		wait.Go(func() { _, faults[i] = e.add(t.Context(), 0, fmt.Sprintf("https://h%d.example.com/", i)) })
	}
	wait.Wait()
	added := 0
	for _, err := range faults {
		var full *store.HostQuotaError
		if err == nil {
			added++
		} else {
			require.True(t, errors.As(err, &full), "%v", err)
		}
	}
	require.Equal(t, quota, added)
	e.asTeam(0, func(ctx context.Context, tx *store.Tx) error {
		count, err := tx.UnverifiedHosts(ctx, e.teams[0].ID)
		require.Equal(t, quota, count)
		return err
	})
}

func TestHostsOfOlderRowsAreFilledIn(t *testing.T) {
	t.Parallel()
	e := newEstate(t, 0)
	e.mustAdd(0, "https://Bücher.example/")
	e.mustAdd(0, "https://app.example.com:8443/cb")
	e.asWorker(func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE endpoints SET host = ''`); err != nil {
			return err
		}
		for _, want := range []int64{2, 0} {
			filled, err := tx.FillHosts(ctx)
			require.NoError(t, err)
			require.Equal(t, want, filled)
		}
		var hosts string
		require.NoError(t, tx.QueryRow(ctx, `SELECT string_agg(host, ' ' ORDER BY host) FROM endpoints`).Scan(&hosts))
		require.Equal(t, "app.example.com xn--bcher-kva.example", hosts)
		return nil
	})
}
