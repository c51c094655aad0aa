package web

import (
	"cmp"
	"context"
	"crypto/x509"
	"net/netip"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/judgement"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/checks/policy/remedies"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// seen puts the components of a manifest together again.
func seen(ctx context.Context, tx *store.Tx, manifest []byte) (views.Seen, error) {
	if manifest == nil {
		return views.Seen{}, nil
	}
	components, err := tx.ObservedComponents(ctx, manifest)
	if err != nil {
		return views.Seen{}, err
	}
	return newSeen(components)
}

// newestSeen puts the newest answer of each family of facts together. Of what
// no look could answer yet, it takes what the look of manifest has to say.
func newestSeen(ctx context.Context, tx *store.Tx, endpoint int64, manifest []byte) (views.Seen, map[string]time.Time, error) {
	newest, err := tx.NewestAnswers(ctx, endpoint)
	if err != nil {
		return views.Seen{}, nil, err
	}
	components := newest.Components
	if manifest != nil {
		latest, err := tx.ObservedComponents(ctx, manifest)
		if err != nil {
			return views.Seen{}, nil, err
		}
		for _, component := range latest {
			family := component.Kind
			if family == store.KindCertificate {
				family = store.FamilyCertificates
			}
			if newest.ObservedAt[family].IsZero() {
				components = append(components, component)
			}
		}
	}
	model, err := newSeen(components)
	return model, newest.ObservedAt, err
}

func newSeen(components []store.ObservedComponent) (views.Seen, error) {
	observation, err := store.Together(components)
	return views.Seen{
		DNS: observation.DNS, Addresses: observation.Addresses, Records: observation.Records, Components: components,
		Certificates: certificateViews(observation.Certificates, observation.Addresses),
	}, err
}

// addJudgement adds what follows from what was seen: the appraisal that graded
// holds, and the score of each answer.
func addJudgement(seen *views.Seen, graded *store.Graded) {
	if graded != nil {
		seen.Appraisal = graded.Appraisal
	}
	appraised := make(map[netip.Addr]checks.AddressAppraisal, len(seen.Appraisal.Addresses))
	for _, address := range seen.Appraisal.Addresses {
		appraised[address.Address] = address
	}
	seen.Scores = make(map[netip.Addr]*checks.HTTPScore, len(seen.Addresses))
	for _, address := range seen.Addresses {
		seen.Scores[address.Address] = judgement.Score(address, seen.DNS.Host, appraised[address.Address])
	}
}

// gradeView is the grade that an assessment holds.
func gradeView(graded *store.Graded) views.GradeView {
	if graded == nil {
		return views.GradeView{}
	}
	view := views.GradeView{Grade: &graded.Endpoint}
	for _, address := range graded.Addresses {
		view.Addresses = append(view.Addresses, views.AddressGrade(address))
	}
	return view
}

// certificateViews lists servers' own certificates first, then in the order
// of the chains.
func certificateViews(certificates []checks.Certificate, addresses []checks.AddressObservation) []views.CertificateView {
	places := map[checks.Fingerprint]int{}
	add := func(chain []checks.Fingerprint) {
		for place, fingerprint := range chain {
			if known, ok := places[fingerprint]; !ok || place < known {
				places[fingerprint] = place
			}
		}
	}
	for _, address := range addresses {
		add(address.TLS.Chain.Value)
		for _, chain := range address.Full.Chains.Served.Value {
			add(chain.Certificates)
		}
	}
	list := make([]views.CertificateView, 0, len(certificates))
	for _, certificate := range certificates {
		place, placed := places[certificate.SHA256]
		list = append(list, certificateView(certificate, placed && place == 0))
	}
	slices.SortStableFunc(list, func(a, b views.CertificateView) int {
		return cmp.Compare(places[a.SHA256], places[b.SHA256])
	})
	return list
}

func certificateView(certificate checks.Certificate, leaf bool) views.CertificateView {
	view := views.CertificateView{SHA256: certificate.SHA256, Leaf: leaf}
	parsed, err := x509.ParseCertificate(certificate.DER)
	if err != nil {
		view.Unread = true
		return view
	}
	view.Subject, view.Issuer = cmp.Or(parsed.Subject.String(), "None"), cmp.Or(parsed.Issuer.String(), "None")
	view.NotBefore, view.NotAfter = parsed.NotBefore, parsed.NotAfter
	view.Names = slices.Clone(parsed.DNSNames)
	for _, address := range parsed.IPAddresses {
		view.Names = append(view.Names, address.String())
	}
	return view
}

// verdictViews sorts verdicts, worst first, and says where each stands. states
// may be nil: then nothing but the verdict is said.
func verdictViews(verdicts []checks.Verdict, states map[string]monitor.RequirementState, look *monitor.Assessment) []views.VerdictView {
	list := make([]views.VerdictView, 0, len(verdicts))
	for _, verdict := range verdicts {
		profile := policy.Find(verdict.Profile)
		view := views.VerdictView{Verdict: verdict, Text: verdict.Requirement, Section: policy.SectionOf(verdict, profile)}
		if profile != nil {
			if requirement, ok := profile.Requirement(verdict.Requirement); ok {
				view.Text, view.Source = requirement.Text, requirement.Source
			}
		}
		if state, ok := states[verdict.Requirement]; ok {
			view.Notes = notes(verdict, state, look)
		}
		list = append(list, view)
	}
	slices.SortStableFunc(list, func(a, b views.VerdictView) int {
		return cmp.Or(cmp.Compare(badness(a.Verdict), badness(b.Verdict)), cmp.Compare(a.Requirement, b.Requirement))
	})
	sayOnce(list)
	return list
}

// offerLines adds the configuration lines that belong to the remedies, chosen by
// what the server looks like.
func offerLines(grade *views.GradeView, verdicts []views.VerdictView, seen views.Seen) {
	product := remedies.Product(&checks.Observation{DNS: seen.DNS, Addresses: seen.Addresses, Records: seen.Records})
	grade.Product = product
	for i, verdict := range verdicts {
		if remedy, found := remedies.ByID(verdict.RemedyID); found {
			verdicts[i].Configurations = remedy.For(product)
		}
	}
}

// sayOnce leaves the remedy of what could not be told on the first verdict that
// has it: a server that does not answer leaves them all open for one reason.
func sayOnce(list []views.VerdictView) {
	said := map[string]bool{}
	for i, verdict := range list {
		if verdict.Result == checks.ResultInconclusive && said[verdict.Remedy] {
			list[i].Remedy = ""
		}
		said[verdict.Remedy] = said[verdict.Remedy] || verdict.Result == checks.ResultInconclusive
	}
}

// badness orders verdicts: 0 is the worst.
func badness(verdict checks.Verdict) int {
	severities := []checks.Severity{checks.Must, checks.Recommended}
	severity := slices.Index(severities, verdict.Severity)
	switch {
	case verdict.Result == checks.Fail && verdict.Waived != nil:
		return 4
	case verdict.Result == checks.Fail && severity >= 0:
		return severity
	case verdict.Result == checks.ResultInconclusive && severity >= 0:
		return 2 + severity
	case verdict.Result == checks.Fail:
		return 4
	case verdict.Result == checks.ResultInconclusive:
		return 5
	case verdict.Result == checks.Pass:
		return 6
	default:
		return 7
	}
}

// failsSince keeps our own advice apart from what somebody asks for.
func failsSince(severity checks.Severity) string {
	if severity == checks.Must || severity == checks.Recommended {
		return "Fails since"
	}
	return "Not followed since"
}

// notes says what one look alone does not tell.
func notes(verdict checks.Verdict, state monitor.RequirementState, look *monitor.Assessment) []views.Note {
	var list []views.Note
	switch verdict.Result {
	case checks.Fail:
		if state.Conclusive == checks.Fail {
			list = append(list, views.Note{Text: failsSince(verdict.Severity), At: state.ConclusiveSince})
		} else if look != nil && look.Purpose == monitor.Confirm {
			list = append(list, views.Note{Text: "Seen once, looking again at", At: look.Slot})
		} else {
			list = append(list, views.Note{Text: "Seen once, not confirmed by a second look yet."})
		}
	case checks.ResultInconclusive:
		if !state.InconclusiveSince.IsZero() {
			list = append(list, views.Note{Text: "We cannot tell since", At: state.InconclusiveSince})
		}
		if state.Conclusive == checks.Fail {
			list = append(list, views.Note{Text: "The last clear answer was that it fails, since", At: state.ConclusiveSince})
		} else if state.Conclusive == checks.Pass {
			list = append(list, views.Note{Text: "The last clear answer was that it passes, since", At: state.ConclusiveSince})
		}
	case checks.Pass, checks.NotApplicable:
	}
	return list
}
