package ownership

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// Where a token may stand.
const (
	Label        = "_gradewatch"                              // before the host's name, for the TXT record
	RecordPrefix = "gradewatch-verification="                 // of the TXT record, before the token
	FilePath     = "/.well-known/gradewatch-verification.txt" // that holds the token (RFC 8615)
	domainsMost  = 8                                          // that are asked for a record
	pagesMost    = 3                                          // registered URLs that are asked for a meta tag, besides /
)

const typeTXT = 16 // RFC 1035 section 3.2.2

// Question is a token to look for at a host.
type Question struct {
	Host  string // lower-case ASCII, or an address literal
	Token string
	// Domains are the names whose DNS may hold the token: the host, and parents of
	// it. At most 8 are asked.
	Domains []string
	// Pages are URLs that are registered on the host. Those on https and port 443
	// may hold the meta tag, and none at all means that only DNS is asked: nobody
	// registered anything there to connect for.
	Pages []string
}

// Look looks for the token: in DNS first, and where it is not there in the
// file, in the meta tag of /, and in that of the pages. What is not needed any
// more is not asked. A meta tag of another page than / shows who writes that
// page, not who runs the host, and is an answer of its own. It takes at most 8 questions of DNS and 10 connections.
//
// Whether the host's certificate can be trusted is not asked: the hosts whose
// owners want to know are those where it cannot.
func Look(ctx context.Context, network checks.Network, question Question) checks.OwnershipLook {
	look := checks.OwnershipLook{DNS: inDNS(ctx, network, question)}
	if look.DNS.State == checks.Known || len(question.Pages) == 0 {
		return look
	}
	asker := &asker{network: network, host: question.Host}
	if look.File = asker.file(ctx, question.Token); look.File.State == checks.Known {
		return look
	}
	if look.Meta = asker.meta(ctx, question.first(), question.Token); look.Meta.State == checks.Known {
		return look
	}
	for _, page := range question.pages() {
		look.Page = worse(look.Page, asker.meta(ctx, page, question.Token))
		if look.Page.State == checks.Known {
			break
		}
	}
	return look
}

// inDNS asks domain by domain until a record holds the token. An alias
// counts for nothing: a wildcard that leads to a hosting company would let its
// customers speak for the domain.
func inDNS(ctx context.Context, network checks.Network, question Question) checks.Fact[string] {
	answer := checks.AbsentFact[string](checks.ReasonNoRecord)
	for _, domain := range question.Domains[:min(len(question.Domains), domainsMost)] {
		found := network.Lookup(ctx, Label+"."+domain, typeTXT)
		switch {
		case found.State == checks.Inconclusive:
			return checks.InconclusiveFact[string](found.Reason)
		case found.State != checks.Known || len(found.Value.Aliases) > 0:
			continue
		case slices.ContainsFunc(found.Value.Texts(), func(text string) bool { return holds(text, question.Token) }):
			return checks.KnownFact(domain)
		case slices.ContainsFunc(found.Value.Texts(), func(text string) bool { return strings.HasPrefix(text, RecordPrefix) }):
			answer.Reason = checks.ReasonNoToken // another one: of another team or host, or copied in part
		}
	}
	return answer
}

// holds says whether a TXT record is the one for token.
func holds(record, token string) bool { return token != "" && record == RecordPrefix+token }

// worse is what two pages say together: one that holds the token is enough, and
// without one a page that could not be read leaves it open.
func worse(before, now checks.Fact[string]) checks.Fact[string] {
	if now.State == checks.Absent && before.State == checks.Inconclusive {
		return before
	}
	return now
}

// first is the host's first page.
func (q Question) first() string {
	return (&url.URL{Scheme: "https", Host: bracketed(q.Host), Path: "/"}).String()
}

// pages are the registered pages that may hold the meta tag.
func (q Question) pages() []string {
	var pages []string
	for _, page := range q.Pages {
		u, err := url.Parse(page)
		if err != nil || u.Scheme != "https" || u.Port() != "" && u.Port() != "443" || !sameHost(u, q.Host) {
			continue
		}
		u.User, u.Fragment, u.Host = nil, "", bracketed(q.Host)
		text := u.String()
		if u.Path != "" && text != q.first() && !slices.Contains(pages, text) && len(pages) < pagesMost {
			pages = append(pages, text)
		}
	}
	return pages
}

func sameHost(u *url.URL, host string) bool {
	ascii, err := checks.ASCIIHost(u.Hostname())
	return err == nil && ascii == host
}

// bracketed writes a host as it stands in a URL.
func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}
