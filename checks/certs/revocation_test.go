package certs_test

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/authority"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/probe"
)

// revocationOf asks about a revoked leaf of w, and returns what is said of it.
func (w *world) revocationOf(t *testing.T, leaf pki.Leaf) checks.Revocation {
	t.Helper()
	chain := w.issue(t, leaf)
	w.authority.Revoke(serial(t, chain[0]), 4)
	return w.collector().Look(t.Context(), checktest.Loopback(t), quick(), seen(chain)).PKI.Revocation[print(chain[0])]
}

func TestListFaults(t *testing.T) {
	t.Parallel()
	inconclusive := checks.InconclusiveFact[checks.RevocationStatus]
	for fault, want := range map[authority.Fault]statusFact{
		authority.Expired:         inconclusive(checks.ReasonNotCurrent),
		authority.NotYetValid:     inconclusive(checks.ReasonNotCurrent),
		authority.BadSignature:    inconclusive(checks.ReasonBadSignature),
		authority.OtherIssuer:     inconclusive(checks.ReasonBadSignature),
		authority.OtherShard:      inconclusive(checks.ReasonOutOfScope),
		authority.OnlyCA:          inconclusive(checks.ReasonOutOfScope),
		authority.Indirect:        inconclusive(checks.ReasonOutOfScope),
		authority.UnknownCritical: inconclusive(checks.ReasonOutOfScope),
		authority.Delta:           inconclusive(checks.ReasonOutOfScope),
		authority.HTML:            inconclusive(checks.ReasonMalformed),
		authority.Truncated:       inconclusive(checks.ReasonMalformed),
		authority.NoBody:          inconclusive(checks.ReasonMalformed),
		authority.NotFound:        inconclusive(checks.ReasonHTTPStatus),
		authority.Broken:          inconclusive(checks.ReasonHTTPStatus),
		authority.Redirected:      inconclusive(checks.ReasonSpecialPurpose),
		authority.Healthy:         {State: checks.Known},
		authority.OnlyUser:        {State: checks.Known},
		authority.SomeReasons:     {State: checks.Known},
		authority.RedirectTo:      {State: checks.Known},
	} {
		t.Run(string("list "+fault), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.authority.Misbehave(authority.CRL, fault)
			got := w.revocationOf(t, w.authority.Leaf(pki.Leaf{}))
			if want.State == checks.Known {
				require.Equal(t, checks.RevocationRevoked, got.CRL.Value.State)
				require.Equal(t, "superseded", got.CRL.Value.Cause)
				return
			}
			require.Equal(t, want, got.CRL)
			require.Equal(t, checks.RevocationRevoked, got.OCSP.Value.State, "the responder is asked where the list cannot tell")
			require.Equal(t, "superseded", got.OCSP.Value.Cause)
			require.Equal(t, w.authority.OCSPURL(), got.OCSP.Value.URL)
		})
	}
}

func TestPartialListTellsNothingGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.authority.Misbehave(authority.CRL, authority.SomeReasons)
	chain := w.issue(t, w.authority.Leaf(pki.Leaf{OCSP: []string{}}))
	got := w.collector().Look(t.Context(), checktest.Loopback(t), quick(), seen(chain)).PKI.Revocation[print(chain[0])]
	require.Equal(t, checks.InconclusiveFact[checks.RevocationStatus](checks.ReasonOutOfScope), got.CRL)
	require.Equal(t, checks.AbsentFact[checks.RevocationStatus](""), got.OCSP)
}

func TestShards(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own := w.revocationOf(t, w.authority.Leaf(pki.Leaf{CRL: []string{w.authority.ShardURL(7)}}))
	require.Equal(t, checks.RevocationRevoked, own.CRL.Value.State)
	require.Equal(t, w.authority.ShardURL(7), own.CRL.Value.URL)
}

func TestHolds(t *testing.T) {
	t.Parallel()
	for reason, want := range map[int]string{6: "certificateHold", 0: "", 10: "aACompromise"} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			chain := w.issue(t, w.authority.Leaf(pki.Leaf{}))
			w.authority.Revoke(serial(t, chain[0]), reason)
			got := w.collector().Look(t.Context(), checktest.Loopback(t), quick(), seen(chain)).PKI.Revocation[print(chain[0])].CRL
			require.Equal(t, checks.RevocationRevoked, got.Value.State)
			require.Equal(t, want, got.Value.Cause)
		})
	}
	t.Run("removed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		chain := w.issue(t, w.authority.Leaf(pki.Leaf{}))
		w.authority.Revoke(serial(t, chain[0]), 8)
		got := w.collector().Look(t.Context(), checktest.Loopback(t), quick(), seen(chain)).PKI.Revocation[print(chain[0])].CRL
		require.Equal(t, checks.RevocationGood, got.Value.State)
	})
}

func TestResponderFaults(t *testing.T) {
	t.Parallel()
	inconclusive := checks.InconclusiveFact[checks.RevocationStatus]
	for fault, want := range map[authority.Fault]statusFact{
		authority.Expired:           inconclusive(checks.ReasonNotCurrent),
		authority.NotYetValid:       inconclusive(checks.ReasonNotCurrent),
		authority.BadSignature:      inconclusive(checks.ReasonBadSignature),
		authority.OtherIssuer:       inconclusive(checks.ReasonBadSignature),
		authority.OtherSerial:       inconclusive(checks.ReasonOutOfScope),
		authority.OtherName:         inconclusive(checks.ReasonOutOfScope),
		authority.DelegatedNoUsage:  inconclusive(checks.ReasonBadSignature),
		authority.DelegatedExpired:  inconclusive(checks.ReasonBadSignature),
		authority.DelegatedStranger: inconclusive(checks.ReasonBadSignature),
		authority.TryLater:          inconclusive(checks.ReasonMalformed),
		authority.HTML:              inconclusive(checks.ReasonMalformed),
		authority.Truncated:         inconclusive(checks.ReasonMalformed),
		authority.NoBody:            inconclusive(checks.ReasonMalformed),
		authority.Oversized:         inconclusive(checks.ReasonTooLarge),
		authority.NotFound:          inconclusive(checks.ReasonHTTPStatus),
		authority.Redirected:        inconclusive(checks.ReasonSpecialPurpose),
		authority.Healthy:           {State: checks.Known},
		authority.Delegated:         {State: checks.Known},
	} {
		t.Run(string("responder "+fault), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.authority.Misbehave(authority.OCSP, fault)
			got := w.revocationOf(t, w.authority.Leaf(pki.Leaf{CRL: []string{}}))
			require.Equal(t, checks.AbsentFact[checks.RevocationStatus](""), got.CRL)
			if want.State == checks.Known {
				require.Equal(t, checks.RevocationRevoked, got.OCSP.Value.State)
				return
			}
			require.Equal(t, want, got.OCSP)
		})
	}
	t.Run("unknown", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.authority.Misbehave(authority.OCSP, authority.Unknown)
		got := w.revocationOf(t, w.authority.Leaf(pki.Leaf{CRL: []string{}}))
		require.Equal(t, checks.KnownFact(checks.RevocationStatus{State: checks.RevocationUnknown, URL: w.authority.OCSPURL()}), got.OCSP)
	})
}

func TestURLsThatNobodyAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	strange := []string{"ldap://127.0.0.1/cn=x", "javascript:alert(1)", "https://127.0.0.1:1/x", "file:///etc/passwd", "http:", ""}
	got := w.revocationOf(t, pki.Leaf{CRL: strange, OCSP: strange, AIA: strange})
	require.Equal(t, checks.InconclusiveFact[checks.RevocationStatus](checks.ReasonUnsupportedScheme), got.CRL)
	require.Equal(t, checks.InconclusiveFact[checks.RevocationStatus](checks.ReasonUnsupportedScheme), got.OCSP)
}

func TestAHundredURLs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.authority.Misbehave(authority.CRL, authority.NotFound)
	w.authority.Misbehave(authority.OCSP, authority.NotFound)
	var lists, responders []string
	for i := range 100 {
		lists = append(lists, w.authority.ShardURL(i))
		responders = append(responders, fmt.Sprintf("%s/%d", w.authority.OCSPURL(), i))
	}
	got := w.revocationOf(t, pki.Leaf{CRL: lists, OCSP: responders, AIA: lists})
	require.Equal(t, checks.InconclusiveFact[checks.RevocationStatus](checks.ReasonHTTPStatus), got.CRL)
	require.Equal(t, 4, w.authority.Requests(authority.CRL))
	require.LessOrEqual(t, w.authority.Requests(authority.OCSP), 2)
}

func TestCertificatesWithoutIssuer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chain := w.issue(t, w.authority.Leaf(pki.Leaf{AIA: []string{}}))
	got := w.collector().Look(t.Context(), checktest.Loopback(t), quick(), seen(chain[:1]))
	require.Equal(t, checks.Revocation{}, got.PKI.Revocation[print(chain[0])], "nothing could be verified")
	require.Equal(t, map[checks.Fingerprint]ledFact{print(chain[0]): checks.AbsentFact[[]checks.Fingerprint]("")}, got.PKI.Issuers)
	require.Zero(t, w.authority.Requests(authority.CRL))
}

func TestUnparsableCertificates(t *testing.T) {
	t.Parallel()
	got := newWorld(t).collector().Look(t.Context(), checktest.Loopback(t), quick(), seen([][]byte{{0x30, 0}, {1, 2, 3}, {}}))
	require.Empty(t, got.PKI.Revocation)
}

// Slow peers end with the look, or before it.
func TestSlowPeersAreInconclusive(t *testing.T) {
	t.Parallel()
	for _, fault := range []authority.Fault{authority.Slow, authority.Silent} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, service := range []authority.Service{authority.CRL, authority.OCSP, authority.ARI} {
				w.authority.Misbehave(service, fault)
			}
			chain := w.issue(t, w.authority.Leaf(pki.Leaf{}))
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			got := w.collector().Look(ctx, checktest.Loopback(t), quick(), seen(chain)).PKI
			require.Equal(t, checks.InconclusiveFact[checks.RevocationStatus](checks.ReasonTimeout), got.Revocation[print(chain[0])].CRL)
			require.Equal(t, checks.InconclusiveFact[checks.RevocationStatus](checks.ReasonTimeout), got.Revocation[print(chain[0])].OCSP)
			require.Equal(t, checks.InconclusiveFact[checks.RenewalInfo](checks.ReasonTimeout), got.RenewalInfo[print(chain[0])])
		})
	}
}

func TestEndlessList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.authority.Misbehave(authority.CRL, authority.Endless)
	chain := w.issue(t, w.authority.Leaf(pki.Leaf{OCSP: []string{}}))
	network := probe.New(probe.Config{AllowAny: true}).Network(checks.Limits{})
	got := w.collector().Look(t.Context(), network, quick(), seen(chain)).PKI.Revocation[print(chain[0])].CRL
	require.Equal(t, checks.Inconclusive, got.State)
	require.Contains(t, []checks.Reason{checks.ReasonTooLarge, checks.ReasonTimeout}, got.Reason)
}

// The filter and the budget of the look's own network hold for strangers' URLs.
func TestTheNetworkRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chain := w.issue(t, w.authority.Leaf(pki.Leaf{}))
	filtered := probe.New(probe.Config{}).Network(checks.Limits{})
	got := w.collector().Look(t.Context(), filtered, quick(), seen(chain)).PKI.Revocation[print(chain[0])]
	require.Equal(t, checks.InconclusiveFact[checks.RevocationStatus](checks.ReasonSpecialPurpose), got.CRL)
	require.Equal(t, checks.InconclusiveFact[checks.RevocationStatus](checks.ReasonSpecialPurpose), got.OCSP)
	require.Zero(t, w.authority.Requests(authority.CRL)+w.authority.Requests(authority.OCSP))

	collector := w.collector()
	narrow := probe.New(probe.Config{AllowAny: true}).Network(checks.Limits{ConnectionsPerAddress: 1})
	at, err := url.Parse(w.authority.CRLURL())
	require.NoError(t, err)
	spent, err := narrow.Dial(t.Context(), netip.MustParseAddrPort(at.Host))
	require.NoError(t, err)
	require.NoError(t, spent.Close())
	got = collector.Look(t.Context(), narrow, quick(), seen(chain)).PKI.Revocation[print(chain[0])]
	require.Equal(t, checks.InconclusiveFact[checks.RevocationStatus](checks.ReasonBudget), got.CRL)
	require.Equal(t, checks.InconclusiveFact[checks.RevocationStatus](checks.ReasonBudget), got.OCSP)
	wide := probe.New(probe.Config{AllowAny: true}).Network(checks.Limits{})
	got = collector.Look(t.Context(), wide, quick(), seen(chain)).PKI.Revocation[print(chain[0])]
	require.Equal(t, checks.RevocationGood, got.CRL.Value.State, "one look's budget is no answer for another")
}

func TestManyCertificatesAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var chains [][][]byte
	for range 50 {
		chains = append(chains, w.issue(t, w.authority.Leaf(pki.Leaf{})))
	}
	collector := w.collector()
	collector.Config.Directories = nil
	got := collector.Look(t.Context(), checktest.Loopback(t), quick(), seen(chains...))
	require.Equal(t, checks.InconclusiveFact[checks.RevocationStatus](checks.ReasonBudget), got.PKI.Revocation[print(chains[49][0])].CRL)
	require.Equal(t, checks.RevocationGood, got.PKI.Revocation[print(chains[1][0])].CRL.Value.State)
	require.Equal(t, 1, w.authority.Requests(authority.CRL))
}
