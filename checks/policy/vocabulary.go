package policy

import (
	"cel.dev/cel-go/cel"

	"github.com/gradewatch/gradewatch/checks"
)

// vocabulary lists every kind of value that rules can read.
func vocabulary() []*kind {
	return []*kind{
		endpointKind(), siblingKind(), flawKind(), dnsKind(), recordsKind(), caaKind(), tlsaKind(),
		addressKind(), protocolKind(), suiteKind(), groupKind(), primeKind(), featuresKind(), simulationKind(), stapledKind(),
		chainKind(), leafKind(), findingKind(),
		httpKind(), hopKind(), answerKind(), contentKind(), signatureKind(), scriptKind(), mixedKind(), cookieKind(), preflightKind(), signInKind(),
		gradeKind(),
	}
}

// speakers are the kinds whose values say something in a proof.
func speakers() []string {
	return []string{"sibling", "flaw", "protocol", "suite", "group", "prime", "chain", "finding", "http", "hop", "cookie", "signature", "script", "mixed", "grade", "caa", "tlsa", "simulation"}
}

func listOf(name string) *cel.Type { return cel.ListType(cel.ObjectType(name)) }

func mapOf(of *cel.Type) *cel.Type { return cel.MapType(cel.StringType, of) }

// cache holds what several rules ask for.
type cache struct {
	addresses []*object
	looked    bool
	unseen    *fact
	chains    map[*addressSource]*list
	walks     map[*addressSource]*walk
	cookies   map[*object][]*object
}

func protocolNames() []string { return names(checks.Protocols()) }
