package views

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// verdictSection is verdicts that come from one mouth: what somebody requires
// is never mixed with what we advise.
type verdictSection struct {
	id, title, text string
	verdicts        []VerdictView
	inapplicable    []VerdictView
}

// verdictSections splits verdicts by who says so, in their order.
func verdictSections(verdicts []VerdictView) []verdictSection {
	var sections []verdictSection
	for _, verdict := range verdicts {
		section := sectionOf(verdict)
		at := slices.IndexFunc(sections, func(s verdictSection) bool { return s.id == section.id })
		if at < 0 {
			at = len(sections)
			sections = append(sections, section)
		}
		if verdict.Result == checks.NotApplicable {
			sections[at].inapplicable = append(sections[at].inapplicable, verdict)
		} else {
			sections[at].verdicts = append(sections[at].verdicts, verdict)
		}
	}
	slices.SortStableFunc(sections, func(a, b verdictSection) int { return sectionRank(a.id) - sectionRank(b.id) })
	return sections
}

func sectionRank(id string) int {
	if rank := slices.Index([]string{"required", "advised", "recorded"}, id); rank >= 0 {
		return rank
	}
	return 3 // second opinions, in their order
}

func sectionOf(verdict VerdictView) verdictSection {
	profile := verdict.Profile
	switch {
	case !verdict.Base:
		return verdictSection{
			id: "profile-" + profile, title: "Second opinion: " + verdict.ProfileTitle,
			text: fmt.Sprintf("This URL is held to what %s asks for, besides SuperOffice's requirements.", verdict.Owner),
		}
	case verdict.Severity == checks.Advice:
		return verdictSection{id: "advised", title: "Our advice", text: "Nobody requires this. We advise it, with a reason for each."}
	case verdict.Severity == checks.Record:
		return verdictSection{id: "recorded", title: "For the record", text: "Kept, and never judged bad."}
	default:
		return verdictSection{
			id: "required", title: verdict.Owner + "'s requirements",
			text: fmt.Sprintf("What %s requires or recommends in its documents.", verdict.Owner),
		}
	}
}

func serverNames(configurations []Configuration) string {
	names := make([]string, 0, len(configurations))
	for _, configuration := range configurations {
		if name := serverTitle(configuration.Server); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// serverTitle is the name of a kind of server as its makers write it.
func serverTitle(server string) string {
	if title, known := map[string]string{
		"nginx": "nginx", "apache": "Apache", "iis": "IIS", "haproxy": "HAProxy", "caddy": "Caddy", "go": "Go", "node": "Node.js", "java": "Java",
		"cloudflare": "Cloudflare", "cloudfront": "Amazon CloudFront", "azure-front-door": "Azure Front Door", "fastly": "Fastly",
		"akamai": "Akamai", "aws-alb": "AWS load balancer",
	}[server]; known {
		return title
	}
	return server
}
