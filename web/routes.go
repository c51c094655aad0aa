package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/inventory"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/static"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// Config is what the pages need. Store, Jobs and BaseURL are required.
type Config struct {
	Store   *store.Store
	Jobs    *jobs.Client // may only insert
	BaseURL string       // as people reach it: https makes cookies Secure and sends HSTS
	Logger  *slog.Logger // nil: slog.Default
	Clock   func() time.Time
	Version string
	Vantage string // that new endpoints are looked at from; empty: local

	// NoMail: no mail server is configured, so that no email can be sent.
	NoMail bool

	// Settings are the times by which incidents move on; zero: the defaults.
	Settings monitor.Settings

	// Trust is what certificates are trusted by; nil: what is built in.
	Trust *appraisal.Trust
	// Ready says whether requests can be served; nil: the database answers.
	Ready func(context.Context) error
	// Registerer takes the metrics of requests; nil: none are kept.
	Registerer prometheus.Registerer
	// Metrics is served at /metrics; nil: nothing is.
	Metrics http.Handler
	// ClientAddress says where a request came from; nil: the connection's peer.
	ClientAddress func(*http.Request) netip.Addr

	// What the public page says: who runs this, how to reach them, and from
	// where and as whom it looks. All may be empty.
	Operator, Contact, UserAgent string
	Sources                      []netip.Prefix

	// Whom to tell of a compromise, and a page where to: an address or a name,
	// and an https URL; empty: SuperOffice's general contacts (superoffice.md
	// section 7, item 6).
	CompromiseContact, CompromiseLink string
}

type server struct {
	Config
	sessions auth.Sessions
	assets   static.Assets
	requests *requestMetrics
	reads    chan struct{} // one for each file that is being read
}

// New returns the handler of every page.
func New(configuration Config) (http.Handler, error) {
	base, err := url.Parse(configuration.BaseURL)
	if err != nil || base.Host == "" {
		return nil, errors.New("the base URL must be absolute, such as https://gradewatch.example.com")
	}
	if configuration.Store == nil || configuration.Jobs == nil {
		return nil, errors.New("the pages need a store and a client that inserts jobs")
	}
	assets, err := static.New()
	if err != nil {
		return nil, err
	}
	s := &server{Config: configuration, assets: assets, reads: make(chan struct{}, readsAtOnce)}
	if err := s.setDefaults(); err != nil {
		return nil, err
	}
	s.BaseURL = strings.TrimSuffix(configuration.BaseURL, "/")
	s.sessions = auth.Sessions{Store: s.Store, Secure: base.Scheme == "https"}
	if s.requests, err = newRequestMetrics(s.Registerer); err != nil {
		return nil, err
	}
	return s.middleware(s.routes()), nil
}

func (s *server) setDefaults() (err error) {
	if s.Logger == nil {
		s.Logger = slog.Default()
	}
	if s.Clock == nil {
		s.Clock = time.Now
	}
	if s.Ready == nil {
		s.Ready = s.Store.Pool().Ping
	}
	if s.ClientAddress == nil {
		s.ClientAddress = peerAddress
	}
	s.CompromiseContact = cmp.Or(s.CompromiseContact, "appdev@superoffice.com")
	s.CompromiseLink = cmp.Or(s.CompromiseLink, "https://dev.superoffice.com/contact-us")
	if s.Trust == nil {
		if s.Trust, err = builtInTrust(); err != nil {
			return fmt.Errorf("prepare the trust data: %w", err)
		}
	}
	return nil
}

// builtInTrust is what is trusted where nobody says otherwise, prepared once.
var builtInTrust = sync.OnceValues(func() (*appraisal.Trust, error) {
	return appraisal.NewTrust(appraisal.Config{WithoutLint: true})
})

// routes is the map of the product.
func (s *server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	public := func(pattern string, do action) { mux.Handle(pattern, s.public(do)) }
	private := func(pattern string, do action) { mux.Handle(pattern, s.private(do)) }

	s.routeFleet(private)
	s.routeHosts(private)
	s.routeStatements(private)
	s.routeInventory(private)
	s.routeEndpoints(private)
	s.routeTelling(private)
	s.routePublic(mux, public)
	return mux
}

// routeFleet is what is watched: read by all, changed by administrators and
// developers.
func (s *server) routeFleet(private func(string, action)) {
	// The fleet, for everybody on the team.
	private("GET /{$}", s.showOverview)
	private("GET /overview", s.showOverviewFleet) // polled fragment

	// What is watched: read by all, changed by administrators and developers.
	private("GET /applications/new", s.newApplication)
	private("POST /applications", s.createApplication)
	private("GET /applications/{id}", s.showApplication)
	private("GET /applications/{id}/endpoints", s.showApplicationEndpoints) // polled fragment
	private("GET /applications/{id}/urls/new", s.newURLs)
	private("POST /applications/{id}/urls", s.createURLs)
	private("GET /applications/{id}/remove", s.confirmRemoveApplication)
	private("POST /applications/{id}/remove", s.removeApplication)
	private("GET /endpoints/{id}/settings", s.editSettings)
	private("POST /endpoints/{id}/settings", s.changeSettings)
	private("GET /endpoints/{id}/remove", s.confirmRemoveEndpoint)
	private("POST /endpoints/{id}/remove", s.removeEndpoint)
}

// routeHosts is whose the hosts are, and who opted out.
func (s *server) routeHosts(private func(string, action)) {
	private("GET /hosts", s.listHosts)
	private("POST /hosts", s.claimHost)
	private("GET /hosts/{host}", s.showHost)
	private("GET /hosts/{host}/progress", s.showHostProgress) // polled fragment
	private("POST /hosts/{host}/check", s.checkHost)
	private("POST /hosts/{host}/give-up", s.giveUpHost)

	// Who asked not to be looked at: operators only, for every team.
	private("GET /opt-outs", s.listOptOuts)
	private("POST /opt-outs", s.recordOptOut)
	private("POST /opt-outs/{id}/end", s.endOptOut)
}

// routeStatements is what is stated of an application, and what people are
// reminded of: read by all, changed by administrators and developers.
func (s *server) routeStatements(private func(string, action)) {
	private("GET /applications/{id}/attestations", s.showAttestations)
	private("GET /applications/{id}/attestations.csv", s.sendAttestations)
	private("GET /applications/{id}/attestations/{requirement}", s.showAttestation)
	private("POST /applications/{id}/attestations/{requirement}", s.stateAttestation)
	private("GET /applications/{id}/secrets", s.showSecrets)
	private("POST /applications/{id}/secrets", s.addSecret)
	private("GET /applications/{id}/secrets/{secret}/replace", s.showReplaceSecret)
	private("POST /applications/{id}/secrets/{secret}/replace", s.replaceSecret)
	private("GET /applications/{id}/secrets/{secret}/remove", s.confirmRemoveSecret)
	private("POST /applications/{id}/secrets/{secret}/remove", s.removeSecret)
	private("GET /applications/{id}/compromise", s.showCompromise)
	private("POST /applications/{id}/compromise", s.recordCompromise)
	private("POST /applications/{id}/compromise/{compromise}/steps", s.addCompromiseStep)

	// For operators: what every team states.
	private("GET /fleet/attestations", s.showFleetAttestations)
	private("GET /fleet/attestations.csv", s.sendFleetAttestations)
	private("GET /fleet/compromises", s.showFleetCompromises)
}

// routeInventory is files of what is watched: sent to all, imported by
// administrators and developers.
func (s *server) routeInventory(private func(string, action)) {
	const workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	private("GET /inventory", s.showInventory)
	private("GET /inventory/urls.csv", s.exportInventory("csv", "text/csv; charset=utf-8", inventory.WriteCSV))
	private("GET /inventory/urls.json", s.exportInventory("json", "application/json", inventory.WriteJSON))
	private("GET /inventory/urls.xlsx", s.exportInventory("xlsx", workbook, inventory.WriteXLSX))
	private("POST "+uploadPath, s.uploadImport)
	private("GET /imports/{id}", s.showImport)
	private("GET /imports/{id}/rejected.csv", s.sendRejected)
	private("POST /imports/{id}/confirm", s.confirmImport)
	private("POST /imports/{id}/discard", s.discardImport)
}

// routeEndpoints is what was seen of an endpoint, what it means, and what is to
// come.
func (s *server) routeEndpoints(private func(string, action)) {
	// What was seen and what it means.
	private("GET /endpoints/{id}", s.showEndpoint)
	private("GET /endpoints/{id}/progress", s.showProgress) // polled fragment
	private("POST /endpoints/{id}/look", s.requestLook)
	private("GET /endpoints/{id}/history", s.showHistory)
	private("GET /endpoints/{id}/looks/{assessment}", s.showAssessment)
	private("GET /compare", s.showComparison) // two looks, side by side

	// What is to come: for the team, and for operators of every team.
	private("GET /calendar", s.showCalendar)
	private("GET /calendar.ics", s.sendCalendar)
	private("GET /fleet/calendar", s.showFleetCalendar)
	private("GET /calendar/feeds", s.listCalendarFeeds)
	private("POST /calendar/feeds", s.createCalendarFeed)
	private("POST /calendar/feeds/{id}/end", s.endCalendarFeed)

	// What an endpoint is excused from, and what it is held to besides.
	private("GET /endpoints/{id}/waivers", s.showWaivers)
	private("POST /endpoints/{id}/waivers", s.grantWaiver)
	private("POST /endpoints/{id}/waivers/{waiver}/end", s.endWaiver)
	private("GET /endpoints/{id}/profiles", s.showProfiles)
	private("POST /endpoints/{id}/profiles", s.changeProfiles)

	// Leave for intrusive probes: of operators, whichever team's endpoint it is, and
	// of administrators for hosts that are shown to be their team's.
	private("GET /endpoints/{id}/intrusive", s.showIntrusive)
	private("POST /endpoints/{id}/intrusive", s.allowIntrusive)
	private("POST /endpoints/{id}/intrusive/forbid", s.forbidIntrusive)
}

// routeTelling is what is told, and who did what.
func (s *server) routeTelling(private func(string, action)) {
	// What is told, and to whom.
	private("GET /incidents", s.listIncidents)
	private("GET /incidents/{id}", s.showIncident)
	private("POST /incidents/{id}/acknowledge", s.acknowledgeIncident)
	private("POST /incidents/{id}/unacknowledge", s.unacknowledgeIncident)
	private("POST /incidents/{id}/snooze", s.snoozeIncident)
	private("POST /incidents/{id}/unsnooze", s.unsnoozeIncident)
	private("POST /incidents/{id}/notes", s.noteOnIncident)
	private("GET /fleet/incidents", s.showFleetIncidents) // operators only, as the next
	private("GET /fleet/incidents/{id}", s.showFleetIncident)

	// Planned work: nothing is told of what fails in it.
	private("GET /maintenance", s.showMaintenance)
	private("GET /maintenance/new", s.newMaintenance)
	private("POST /maintenance", s.planMaintenance)
	private("POST /maintenance/{id}/end", s.endMaintenance)

	private("GET /deliveries", s.listDeliveries)
	private("GET /deliveries/{id}", s.showDelivery)
	private("POST /deliveries/{id}/resend", s.resendDelivery)
	private("GET /channels", s.listChannels)
	private("POST /channels", s.createChannel)
	private("GET /channels/{id}", s.showChannel)
	private("POST /channels/{id}/secret", s.showChannelSecret)
	private("POST /channels/{id}/rotate", s.rotateSecret)
	private("POST /channels/{id}/end-previous", s.endPreviousSecret)
	private("POST /channels/{id}/settings", s.changeChannelSettings)
	private("POST /channels/{id}/test", s.testChannel)
	private("POST /channels/{id}/disable", s.disableChannel)
	private("POST /channels/{id}/enable", s.enableChannel)
	private("GET /channels/{id}/remove", s.confirmRemoveChannel)
	private("POST /channels/{id}/remove", s.removeChannel)
	private("GET /routes", s.listRoutes)
	private("POST /routes", s.createRoute)
	private("POST /routes/{id}/remove", s.removeRoute)
	private("GET /contacts", s.listContacts)
	private("POST /contacts", s.nameContact)

	// Whether what we see can be trusted.
	private("GET /service", s.showService)

	// Who did what: administrators, developers and operators.
	private("GET /audit", s.listAudit)
}

// routePublic is what needs no session.
func (s *server) routePublic(mux *http.ServeMux, public func(string, action)) {
	// Signing in and out.
	public("GET /sign-in", s.showSignIn)
	public("GET /sign-in/{token}", s.showSignInLink)
	public("POST /sign-in/{token}", s.signIn)
	public("POST /sign-out", s.signOut)
	public("GET /signed-out", s.showSignedOut)

	// For people who leave digests, and their mail programs.
	public("GET "+unsubscribePath+"{token}", s.showUnsubscribe)
	public("POST "+unsubscribePath+"{token}", s.unsubscribe)

	// The calendar, for programs that know an address of it.
	public("GET "+feedPath+"{file}", s.sendCalendarFeed)

	// For people who run the servers that we look at.
	public("GET /probe", s.showProbe)
	mux.HandleFunc("GET /.well-known/security.txt", s.sendSecurityText)

	// For machines: the process runs; requests can be served; metrics.
	mux.HandleFunc("GET /healthz", s.showHealth)
	mux.HandleFunc("GET /readyz", s.showReadiness)
	if s.Metrics != nil {
		mux.Handle("GET /metrics", s.Metrics)
	}
	mux.Handle("GET "+static.Prefix, s.assets)
	public("/", func(http.ResponseWriter, *http.Request) error { return store.ErrNotFound })
}
