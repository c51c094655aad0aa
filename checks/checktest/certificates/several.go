package certificates

import (
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// severalCases are servers with more than one certificate. A full look asks
// for all of them.
func severalCases() []Case {
	rsaOfOld := func(m *Maker) *pki.Issued {
		return m.leafOf(func(l *leaf) {
			l.issuer, l.Key = m.RSAIssuer, pki.RSA
			l.NotBefore, l.NotAfter = time.Now().Add(-45*day), time.Now().Add(-day)
		})
	}
	expired := Want{Yes: yes(checks.Expired, checks.RenewalOverdue), Letter: checks.GradeT}
	return []Case{
		{
			Name: "new ECDSA certificate beside an expired RSA one", Why: "clients without ECDSA get the expired one: the worst counts (rating guide section 3.1)",
			Full: true,
			Make: func(m *Maker) Served {
				return Served{By: Nginx, Issued: m.leafOf(), More: []*pki.Issued{rsaOfOld(m)}}
			},
			Others: []Want{expired},
		},
		{
			Name: "another certificate without a name", Why: "only what clients get that name the host counts (rating guide section 2)",
			Full: true,
			Make: func(m *Maker) Served {
				return Served{Issued: m.leafOf(), Nameless: m.selfSigned(func(l *pki.Leaf) { l.Names = []string{"localhost"} })}
			},
			Others: []Want{untrusted("", checks.SelfSigned, checks.NameMismatch)},
		},
	}
}
