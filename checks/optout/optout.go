// Package optout heeds who asked not to be looked at. It asks DNS through
// checks.Network only, keeps nothing from one look to the next, and never
// connects to anybody.
package optout

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/gradewatch/gradewatch/checks"
)

// Label is put before a host's name to ask who runs it what it wants: the name
// whose TXT records count.
const Label = "_gradewatch"

// Value is the TXT record that opts a host out.
const Value = "opt-out"

const typeTXT = 16 // RFC 1035 section 3.2.2

// askTimeout bounds both questions together.
const askTimeout = 3 * time.Second

// Asked says whether who runs host asks in DNS not to be looked at: by a TXT
// record 'opt-out' of _gradewatch.HOST, or of _gradewatch.DOMAIN where DOMAIN is
// the registrable domain, for every name below. These are at most two
// questions, asked at the same time, within three seconds. An address literal
// has no such record.
//
// Inconclusive: DNS did not answer, which is no opt-out: a name server that
// fails must not hide a server that does.
func Asked(ctx context.Context, network checks.Network, host string) checks.Fact[bool] {
	names := Names(host)
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	answers := make([]checks.Fact[checks.RecordSet], len(names))
	var asking sync.WaitGroup
	for i, name := range names {
		asking.Go(func() { answers[i] = network.Lookup(ctx, Label+"."+name, typeTXT) })
	}
	asking.Wait()
	answer := checks.KnownFact(false)
	for i, found := range answers {
		switch {
		case found.State == checks.Known && slices.ContainsFunc(found.Value.Texts(), isOptOut):
			network.Logf("opt-out: %s.%s says so", Label, names[i])
			return checks.KnownFact(true)
		case found.State == checks.Inconclusive:
			answer = checks.InconclusiveFact[bool](found.Reason)
		}
	}
	return answer
}

// Names are the domains whose word counts for a host in DNS: the host, and its
// registrable domain by the public suffix list. An address literal has none.
func Names(host string) []string {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if _, err := netip.ParseAddr(host); err == nil || host == "" {
		return nil
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil || domain == host {
		return []string{host}
	}
	return []string{host, domain}
}

func isOptOut(text string) bool { return strings.EqualFold(text, Value) }
