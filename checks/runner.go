package checks

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Runner walks a target's addresses with the families it was given. A family
// that is nil is not asked. The zero Runner only resolves.
type Runner struct {
	// TLS asks one address which protocols it takes and what it serves.
	TLS func(ctx context.Context, network Network, target Target, address netip.AddrPort) (TLS, []Certificate)
	// Full does so for a full look, and asks for everything else. It calls done
	// once for each of FullStages, as it ends.
	Full func(ctx context.Context, network Network, target Target, address netip.AddrPort, done func(stage string)) FullLook
	// HTTP requests the target's URL at one address and follows redirects.
	HTTP func(ctx context.Context, network Network, target Target, address netip.AddrPort) HTTPLook
	// ScriptCookies asks a browser which cookies script sets, in a full look.
	ScriptCookies func(ctx context.Context, network Network, target Target, address netip.AddrPort) Fact[[]Cookie]
	// PKI asks others than the server about the certificates that were seen, once
	// every address is walked.
	PKI func(ctx context.Context, network Network, target Target, observation *Observation) PKILook
	// Records asks DNS about the target's host, in a full look.
	Records func(ctx context.Context, network Network, target Target) Records
	// Registration asks the sign-in service for target.AuthorizeURL, in a full look.
	Registration func(ctx context.Context, network Network, target Target) Fact[bool]
}

// PKILook is what a look at the certificates' issuers gives.
type PKILook struct {
	PKI          PKI
	Stapled      []Stapled     // one for each of the observation's addresses, in a full look
	Certificates []Certificate // that AIA led to
}

// HTTPLook is what asking one address over HTTP gives.
type HTTPLook struct {
	HTTP         HTTP
	Versions     HTTPVersions // of a full look
	Certificates []Certificate
	Requests     []RequestRecord
}

// FullLook is what a full look at one address's TLS gives.
type FullLook struct {
	TLS          TLS
	Full         FullTLS
	Certificates []Certificate
	Shares       []Share
}

// Stages of a look, as progress reports them.
const (
	StageDNS             = "dns"
	StageTLS             = "tls"
	StageSuites          = "suites"
	StageFeatures        = "features"
	StageVulnerabilities = "vulnerabilities"
	StageClients         = "clients"
	StageHTTP            = "http"
	StagePKI             = "pki"
	StageRecords         = "records"
)

// FullStages lists the stages of a full look at one address's TLS.
func FullStages() []string {
	return []string{StageTLS, StageSuites, StageFeatures, StageVulnerabilities, StageClients}
}

// addressesAtOnce is how many addresses of a look are walked at a time.
const addressesAtOnce = 4

// lateness is how long a look waits past its deadline for families that are
// just noticing it.
const lateness = 250 * time.Millisecond

// Look resolves the target once and asks every address, TLS before HTTP. It
// returns within the target's deadline (plus a quarter of a second), or when
// ctx ends; what is missing then is inconclusive. progress may be nil; it is
// called from one goroutine at a time with how many of a stage's total are done.
func (r Runner) Look(ctx context.Context, network Network, target Target, progress func(stage string, done, total int)) (Observation, Measurements) {
	started := time.Now()
	target.Limits = target.Limits.WithDefaults()
	ctx, cancel := context.WithTimeout(ctx, target.Limits.Deadline)
	defer cancel()
	report := &progressReport{call: progress, done: map[string]int{}}

	observation := Observation{Depth: target.Depth, DNS: DNS{Host: target.Host}}
	var volatile volatileResults
	report.start(StageDNS, 1)
	observation.DNS.Addresses = resolve(ctx, network, target.Host)
	report.step(StageDNS, 1)

	if observation.DNS.Addresses.State == Known {
		addresses := observation.DNS.Addresses.Value
		if len(addresses) > target.Limits.Addresses {
			network.Logf("looking at %d of %d addresses", target.Limits.Addresses, len(addresses))
			addresses = addresses[:target.Limits.Addresses]
		}
		observation.Addresses, observation.Certificates, volatile = r.walk(ctx, network, target, addresses, report)
		r.askOthers(ctx, network, target, &observation, report)
	}
	report.stop()
	measurements := network.Measurements()
	measurements.Shares, measurements.Requests = volatile.shares, volatile.requests
	measurements.StartedAt, measurements.Duration = started, time.Since(started)
	return observation, measurements
}

// askOthers runs the families that ask others than the server.
func (r Runner) askOthers(ctx context.Context, network Network, target Target, observation *Observation, report *progressReport) {
	if r.PKI != nil && len(observation.Certificates) > 0 {
		report.start(StagePKI, 1)
		guard(network, StagePKI, netip.Addr{}, func() {
			got := r.PKI(ctx, network, target, observation)
			observation.PKI = got.PKI
			observation.Certificates = affordable(network, mergeCertificates(append(observation.Certificates, got.Certificates...)))
			for i := range min(len(got.Stapled), len(observation.Addresses)) {
				observation.Addresses[i].Full.Stapled = got.Stapled[i]
			}
		})
		report.step(StagePKI, 1)
	}
	if r.Records != nil && target.Depth == Full {
		report.start(StageRecords, 1)
		guard(network, StageRecords, netip.Addr{}, func() { observation.Records = r.Records(ctx, network, target) })
		report.step(StageRecords, 1)
	}
	if r.Registration != nil && target.Depth == Full && target.AuthorizeURL != "" {
		guard(network, "registration", netip.Addr{}, func() { observation.Records.Registered = r.Registration(ctx, network, target) })
	}
}

func resolve(ctx context.Context, network Network, host string) Fact[[]netip.Addr] {
	fact := network.Resolve(ctx, host)
	if fact.State == Known {
		fact.Value = slices.Clone(fact.Value)
		slices.SortFunc(fact.Value, netip.Addr.Compare)
		fact.Value = slices.Compact(fact.Value)
	}
	return fact
}

// addressResult is what one address gave.
type addressResult struct {
	index        int
	observation  AddressObservation
	certificates []Certificate
	volatileResults
}

// volatileResults are what families measured.
type volatileResults struct {
	shares   []Share
	requests []RequestRecord
}

// walk asks the addresses, a few at a time, and returns when all have answered
// or shortly after ctx has ended. Every goroutine it starts ends with ctx; one
// whose family is slow to notice writes into a buffered channel nobody reads.
func (r Runner) walk(ctx context.Context, network Network, target Target, addresses []netip.Addr, report *progressReport) ([]AddressObservation, []Certificate, volatileResults) {
	results := make(chan addressResult, len(addresses))
	slots := make(chan struct{}, addressesAtOnce)
	for i, address := range addresses {
		go func() {
			select {
			case slots <- struct{}{}:
				defer func() { <-slots }()
			case <-ctx.Done():
				return
			}
			results <- r.address(ctx, network, target, i, address, len(addresses), report)
		}()
	}
	got := collect(ctx, results, len(addresses))
	observations := make([]AddressObservation, len(addresses))
	var certificates []Certificate
	var volatile volatileResults
	for i, address := range addresses {
		result, ok := got[i]
		if !ok {
			observations[i] = missing(target, address, endReason(ctx))
			continue
		}
		observations[i] = result.observation
		certificates = append(certificates, result.certificates...)
		volatile.shares = append(volatile.shares, result.shares...)
		volatile.requests = append(volatile.requests, result.requests...)
	}
	return observations, affordable(network, mergeCertificates(certificates)), volatile
}

// collect gathers results by index until all came or ctx is over for a little.
func collect(ctx context.Context, results <-chan addressResult, total int) map[int]addressResult {
	late := make(chan struct{})
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lateness, func() { close(late) }) })()
	got := make(map[int]addressResult, total)
	for len(got) < total {
		select {
		case result := <-results:
			got[result.index] = result
		case <-late:
			select { // what is there already counts
			case result := <-results:
				got[result.index] = result
			default:
				return got
			}
		}
	}
	return got
}

// endReason says why a look is over before its families were.
func endReason(ctx context.Context) Reason {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ReasonCanceled
	}
	return ReasonTimeout
}

// address runs the families on one address. A family that panics on what a
// server sent leaves its facts inconclusive and the rest of the look alone.
func (r Runner) address(ctx context.Context, network Network, target Target, index int, address netip.Addr, total int, report *progressReport) addressResult {
	result := addressResult{index: index, observation: missing(target, address, ReasonInternal)}
	at := netip.AddrPortFrom(address, target.Port)
	if isHTTPS(target) {
		r.askTLS(ctx, network, target, at, total, report, &result)
	}
	report.start(StageHTTP, total)
	if r.HTTP == nil {
		result.observation.HTTP = HTTP{}
	} else {
		guard(network, "http", address, func() {
			got := r.HTTP(ctx, network, target, at)
			result.observation.HTTP, result.observation.Full.Versions = got.HTTP, got.Versions
			result.certificates = append(result.certificates, got.Certificates...)
			result.requests = got.Requests
		})
	}
	if r.ScriptCookies != nil && target.Depth == Full {
		guard(network, "browser", address, func() {
			result.observation.Full.ScriptCookies = r.ScriptCookies(ctx, network, target, at)
		})
	}
	report.step(StageHTTP, total)
	return result
}

// askTLS runs the family that the depth asks for.
func (r Runner) askTLS(ctx context.Context, network Network, target Target, at netip.AddrPort, total int, report *progressReport, result *addressResult) {
	if target.Depth == Full && r.Full != nil {
		for _, stage := range FullStages() {
			report.start(stage, total)
		}
		guard(network, "tls", at.Addr(), func() {
			got := r.Full(ctx, network, target, at, func(stage string) { report.step(stage, total) })
			result.observation.TLS, result.observation.Full = got.TLS, got.Full
			result.certificates, result.shares = append(result.certificates, got.Certificates...), got.Shares
		})
		return
	}
	report.start(StageTLS, total)
	if r.TLS == nil {
		result.observation.TLS = TLS{}
	} else {
		guard(network, "tls", at.Addr(), func() {
			var certificates []Certificate
			result.observation.TLS, certificates = r.TLS(ctx, network, target, at)
			result.certificates = append(result.certificates, certificates...)
		})
	}
	report.step(StageTLS, total)
}

func guard(network Network, family string, address netip.Addr, ask func()) {
	defer func() {
		if fault := recover(); fault != nil {
			network.Logf("%s %s: our own fault: %v", family, address, fault)
		}
	}()
	ask()
}

func isHTTPS(target Target) bool { return strings.HasPrefix(target.URL, "https:") }

// missing is an address of which nothing was learned, and why.
func missing(target Target, address netip.Addr, reason Reason) AddressObservation {
	observation := AddressObservation{Address: address, Port: target.Port}
	observation.HTTP.End = InconclusiveFact[int](reason)
	if !isHTTPS(target) {
		return observation
	}
	observation.HTTP.PlainHTTP = InconclusiveFact[PlainHTTP](reason)
	observation.TLS = TLS{Protocols: map[Protocol]Fact[Accepted]{}, Chain: InconclusiveFact[[]Fingerprint](reason)}
	for _, protocol := range Protocols() {
		observation.TLS.Protocols[protocol] = InconclusiveFact[Accepted](reason)
	}
	return observation
}

// mergeCertificates sorts by fingerprint and drops repetitions.
func mergeCertificates(certificates []Certificate) []Certificate {
	slices.SortFunc(certificates, func(a, b Certificate) int {
		return cmp.Or(cmp.Compare(a.SHA256, b.SHA256), bytes.Compare(a.DER, b.DER))
	})
	return slices.CompactFunc(certificates, func(a, b Certificate) bool { return a.SHA256 == b.SHA256 })
}

// certificateBytes bounds the certificates of one look. Real looks have under
// 50 KiB; a server that makes new ones for every connection could otherwise
// have tens of megabytes stored at each look.
const certificateBytes = 1 << 20

// affordable keeps the smallest certificates, as many as fit. What is left out
// is not at hand when the chain that holds it is judged, which says so.
func affordable(network Network, certificates []Certificate) []Certificate {
	total := 0
	for _, certificate := range certificates {
		total += len(certificate.DER)
	}
	if total <= certificateBytes {
		return certificates
	}
	slices.SortStableFunc(certificates, func(a, b Certificate) int { return cmp.Compare(len(a.DER), len(b.DER)) })
	kept := 0
	for total = 0; kept < len(certificates) && total+len(certificates[kept].DER) <= certificateBytes; kept++ {
		total += len(certificates[kept].DER)
	}
	network.Logf("left out %d certificates: those of one look may have %d bytes", len(certificates)-kept, certificateBytes)
	return mergeCertificates(certificates[:kept])
}

// progressReport passes progress on, one call at a time, and nothing after stop.
type progressReport struct {
	call func(stage string, done, total int)

	mu      sync.Mutex
	done    map[string]int // by stage; guarded by mu
	stopped bool           // guarded by mu
}

func (p *progressReport) start(stage string, total int) { p.add(stage, 0, total) }
func (p *progressReport) step(stage string, total int)  { p.add(stage, 1, total) }

func (p *progressReport) add(stage string, n, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done[stage] += n
	if p.call != nil && !p.stopped {
		p.call(stage, p.done[stage], total)
	}
}

func (p *progressReport) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
}
