package dnsrec

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/gradewatch/gradewatch/checks"
)

// Bounds of what is kept of CAA and TLSA records. An answer with more, or with
// a longer value, is answer_too_large: what was left out could be what counts.
const (
	recordsAtMost   = 64
	valueBytes      = 512 // of a CAA value
	digestBytes     = 4096
	labelsAtMost    = 24 // of a host whose parents are asked
	caaHeaderLength = 2
)

// authorizations climbs from the host to the top until a name has CAA records
// (RFC 8659 section 3). Aliases are followed by the resolver, for each name
// apart; nobody climbs from where they lead to.
func authorizations(ctx context.Context, network checks.Network, host string) checks.Fact[checks.CAA] {
	labels := strings.Split(host, ".")
	if len(labels) > labelsAtMost {
		network.Logf("records: %s has %d labels, CAA of at most %d are asked for", host, len(labels), labelsAtMost)
		return checks.InconclusiveFact[checks.CAA](checks.ReasonBudget)
	}
	for i := range labels {
		domain := strings.Join(labels[i:], ".")
		found := network.Lookup(ctx, domain, dns.TypeCAA)
		switch found.State {
		case checks.Known:
			return readCAA(domain, found.Value.Data)
		case checks.Absent:
			continue
		}
		return checks.InconclusiveFact[checks.CAA](found.Reason)
	}
	return checks.AbsentFact[checks.CAA](checks.ReasonNoRecord)
}

// readCAA reads a record set (RFC 8659 section 4.1).
func readCAA(domain string, set [][]byte) checks.Fact[checks.CAA] {
	if len(set) > recordsAtMost {
		return checks.InconclusiveFact[checks.CAA](checks.ReasonTooLarge)
	}
	caa := checks.CAA{Domain: domain}
	for _, data := range set {
		if len(data) < caaHeaderLength {
			return checks.InconclusiveFact[checks.CAA](checks.ReasonMalformed)
		}
		flags, length := data[0], int(data[1])
		if length == 0 || len(data) < caaHeaderLength+length || !isTag(data[caaHeaderLength:caaHeaderLength+length]) {
			return checks.InconclusiveFact[checks.CAA](checks.ReasonMalformed)
		}
		value := data[caaHeaderLength+length:]
		if len(value) > valueBytes {
			return checks.InconclusiveFact[checks.CAA](checks.ReasonTooLarge)
		}
		caa.Records = append(caa.Records, checks.CAARecord{
			Critical: flags&0x80 != 0,
			Tag:      strings.ToLower(string(data[caaHeaderLength : caaHeaderLength+length])),
			Value:    printable(value),
		})
	}
	slices.SortFunc(caa.Records, compareCAA)
	caa.Records = slices.Compact(caa.Records)
	return checks.KnownFact(caa)
}

func compareCAA(a, b checks.CAARecord) int {
	critical := func(record checks.CAARecord) int {
		if record.Critical {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(a.Tag, b.Tag), cmp.Compare(a.Value, b.Value), critical(a)-critical(b))
}

// isTag says whether a property tag is letters and digits, as it must be.
func isTag(tag []byte) bool {
	for _, c := range tag {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// printable writes a value as text; bytes that are not printable ASCII become
// \DDD, as in zone files (RFC 1035 section 5.1).
func printable(value []byte) string {
	var text strings.Builder
	for _, c := range value {
		if c >= ' ' && c <= '~' {
			text.WriteByte(c)
			continue
		}
		text.Write([]byte{'\\', '0' + c/100, '0' + c/10%10, '0' + c%10})
	}
	return text.String()
}
