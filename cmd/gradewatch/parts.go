package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/renewal"
	"github.com/gradewatch/gradewatch/checks/httpsec"
	"github.com/gradewatch/gradewatch/checks/judgement"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/checks/probe"
	"github.com/gradewatch/gradewatch/checks/registration"
	"github.com/gradewatch/gradewatch/internal/alert"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web"
	"github.com/gradewatch/gradewatch/worker"
)

// How long running looks may take to end: little where somebody waits at a
// terminal, a look's length where only a platform waits. A look that is cut
// off is taken up again.
const (
	serveLookStop  = 5 * time.Second
	workerLookStop = 20 * time.Second
	// stopMargin is what River needs besides to put jobs back.
	stopMargin = 3 * time.Second
)

// workerChoice is what differs between the processes that look.
type workerChoice struct {
	vantage  string
	lead     bool
	stopWait time.Duration
}

// startWorker runs a worker on its own pool and adds its end to ending.
func startWorker(s settings, from database, base string, choice workerChoice, ending *shutdown) error {
	opened, err := open(ending.asked, from.worker, workerConnections)
	if err != nil {
		return err
	}
	ending.then("the worker's connections", stopMargin, closing(opened))
	trusted, err := s.webhookRoots()
	if err != nil {
		return err
	}
	judge := judgement.Judge{Trust: s.trust, Profiles: policy.Base()}
	runner := families(s.trust.Anchors(), trusted)
	if err := withBrowser(&runner, s.Browser, s.Browsers); err != nil {
		return fmt.Errorf("GRADEWATCH_BROWSER: %w", err)
	}
	prober := probe.New(probe.Config{Resolver: s.resolver, AllowNetworks: s.networks, Roots: trusted})
	runner.Registration = registration.Asker{Transport: prober.HTTPTransport(checks.Limits{})}.Look
	sender, err := alert.New(alert.Config{
		SMTPURL: s.SMTPURL, MailFrom: s.MailFrom, BaseURL: base, WebhookTransport: prober.HTTPTransport(checks.Limits{}),
		Version: programVersion(), Statement: policy.Statement, Source: policy.SourceOf, BounceAddress: s.BounceAddress,
	})
	if err != nil {
		return fmt.Errorf("prepare the alerts: %w", err)
	}
	canaries, err := s.canaries()
	if err != nil {
		return err
	}
	made, err := worker.New(worker.Config{
		Store:        opened,
		Network:      func(limits checks.Limits) checks.Network { return prober.Network(limits) },
		Connectivity: func(ctx context.Context) checks.Fact[bool] { return prober.Connectivity(ctx, s.References) },
		Runner:       runner, SignInConsent: s.SignInConsent,
		Judge: func(observation *checks.Observation, endpoint monitor.Endpoint, at time.Time) checks.Judgement {
			return judge.Judge(observation, endpoint.Subject(), at, heldTo(endpoint)...)
		},
		Versions: worker.Versions{TrustData: s.trust.Version()},
		Grader:   grader(s.private, s.trustFiles()),
		Sender:   sender,
		Canaries: canaries,
		Calendar: func(served store.ServedCertificates, at, until time.Time) []renewal.Entry {
			return web.CertificateCalendar(served, s.trust, at, until)
		},
		Vantage: choice.vantage, Lead: choice.lead, Build: programVersion(),
		Settings: incidentSettings(s),
		// The rest of the job's time is for judging and storing.
		Limits:      checks.Limits{Deadline: min(checks.Limits{}.WithDefaults().Deadline, s.LookTimeout*2/3)},
		LookWorkers: s.LookWorkers, LookTimeout: s.LookTimeout, ClaimEvery: s.ClaimEvery, RescueAfter: s.RescueAfter, StopWithin: choice.stopWait,
		AuditRetention: s.AuditRetention, Logger: ending.logger,
	})
	if err != nil {
		return err
	}
	if err := made.Start(ending.asked); err != nil {
		return err
	}
	ending.then("the worker", choice.stopWait+stopMargin, made.Stop)
	return nil
}

// startWeb serves pages on its own pool and adds its end to ending.
func startWeb(s settings, from database, ending *shutdown) (*listener, *store.Store, error) {
	opened, err := open(ending.asked, from.web, webConnections)
	if err != nil {
		return nil, nil, err
	}
	ending.then("the pages' connections", stopMargin, closing(opened))
	serving, err := listen(ending.asked, s.Listen, func(at string) (http.Handler, error) {
		return newPages(s, opened, s.baseURL(at), ending.logger)
	}, ending.logger)
	if err != nil {
		return nil, nil, err
	}
	ending.then("the pages", webStop, serving.stop)
	return serving, opened, nil
}

func newPages(s settings, from *store.Store, base string, logger *slog.Logger) (http.Handler, error) {
	// It inserts jobs and works none.
	client, err := river.NewClient(riverpgxv5.New(from.Pool()), &river.Config{Logger: logger})
	if err != nil {
		return nil, fmt.Errorf("prepare River: %w", err)
	}
	pages := web.Config{
		Store: from.WithHostQuota(s.UnverifiedHosts), Jobs: client, BaseURL: base, Logger: logger, Version: programVersion(), Vantage: s.Vantage,
		Ready:     func(ctx context.Context) error { return current(ctx, from) },
		UserAgent: httpsec.UserAgent, ClientAddress: web.ClientAddress(s.ClientAddressHeader),
		Operator: s.Operator, Contact: s.Contact, Sources: s.sources, Trust: s.trust,
		CompromiseContact: s.CompromiseContact, CompromiseLink: s.CompromiseLink, Settings: incidentSettings(s), NoMail: s.SMTPURL == "",
	}
	if s.Metrics {
		registry := prometheus.NewRegistry()
		registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
		pages.Registerer, pages.Metrics = registry, promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	}
	return web.New(pages)
}

func closing(opened *store.Store) func(context.Context) error {
	return func(context.Context) error {
		opened.Close()
		return nil
	}
}

// wait returns when somebody asks for the end, or with what ended by itself.
func wait(ending *shutdown, from database, serving *listener) error {
	var failed chan error
	if serving != nil {
		failed = serving.failed
	}
	var ended <-chan struct{}
	if from.embedded != nil {
		ended = from.embedded.Done()
	}
	select {
	case <-ending.asked.Done():
		return nil
	case err := <-failed:
		return err
	case <-ended:
		return fmt.Errorf("the private Postgres ended by itself: see %s", from.embedded.LogFile())
	}
}

// incidentSettings are the times by which fails are confirmed, and incidents
// gather, flap and resolve.
func incidentSettings(s settings) monitor.Settings {
	return monitor.Settings{
		ConfirmAfter: s.ConfirmAfter, UndeterminedAfter: s.UndeterminedAfter, GatherFor: s.GatherFor, GatherMost: s.GatherMost,
		ReopenWithin: s.ReopenWithin, FlapWithin: s.FlapWithin, StableFor: s.StableFor,
	}
}
