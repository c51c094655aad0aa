package remedies

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Remedy is what to do about one kind of fault.
type Remedy struct {
	ID    string `yaml:"id"`    // "protocols-off"; verdicts carry it as RemedyID
	Title string `yaml:"title"` // "Turn off SSL 2.0, SSL 3.0, TLS 1.0 and TLS 1.1"
	Text  string `yaml:"text"`  // sentences for people, without lines
	// Configurations are in the order in which they are shown. None: it is
	// nothing that a server's configuration can do.
	Configurations []Configuration `yaml:"configurations"`
}

// Configuration says how to do it on one server.
type Configuration struct {
	Server string `yaml:"server"` // one of Servers
	// Language of Lines: "nginx", "shell", "go", ...; empty without lines.
	Language string `yaml:"language,omitempty"`
	File     string `yaml:"file,omitempty"`  // where the lines belong
	Lines    string `yaml:"lines,omitempty"` // for copying; app.example.com stands for the host
	Note     string `yaml:"note,omitempty"`  // what to know; alone where nothing is to be written
	Source   string `yaml:"source"`          // address of the documentation that says so
}

//go:embed data/*.yaml
var embedded embed.FS

type collection struct {
	all    []Remedy
	byID   map[string]Remedy
	byRule map[string]string
}

var load = sync.OnceValues(func() (collection, error) { return read(embedded) })

// loaded returns the embedded remedies, which a test holds to be readable.
func loaded() collection {
	remedies, err := load()
	if err != nil {
		panic(fmt.Sprintf("embedded remedies: %v", err))
	}
	return remedies
}

// All returns every remedy, sorted by its id.
func All() []Remedy {
	var all []Remedy
	for _, remedy := range loaded().all {
		all = append(all, remedy.clone())
	}
	return all
}

// ByID returns the remedy with this id, and whether there is one.
func ByID(id string) (Remedy, bool) {
	remedy, found := loaded().byID[id]
	return remedy.clone(), found
}

// ForGradeRule returns the remedy of a rule that fired in a grade, or of a
// condition that an A+ lacks, by the ids of the rating guide: "B-TLS10". Rules
// that state something without a fault have none.
func ForGradeRule(rule string) (Remedy, bool) {
	return ByID(loaded().byRule[rule])
}

// GradeRules returns the ids of the rules that have a remedy, sorted.
func GradeRules() []string {
	var rules []string
	for rule := range loaded().byRule {
		rules = append(rules, rule)
	}
	slices.Sort(rules)
	return rules
}

// For returns the configurations for server, as Product or Servers name it, in
// their order: those of the server itself, or without one those of what usually
// runs in front of it or stands for it. Where there is neither, and for the
// empty name, it returns them all.
func (r Remedy) For(server string) []Configuration {
	for _, candidate := range append([]string{server}, relatives(server)...) {
		var found []Configuration
		for _, configuration := range r.Configurations {
			if configuration.Server == candidate {
				found = append(found, configuration)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return slices.Clone(r.Configurations)
}

// relatives are the servers whose lines do for another one, nearest first.
func relatives(server string) []string {
	switch server {
	case "aspnet":
		return []string{"iis"}
	case "iis":
		return []string{"aspnet"}
	case "express":
		return []string{"node"}
	case "node":
		return []string{"express"}
	case "spring", "tomcat":
		return []string{"java", "tomcat", "spring"}
	case "java":
		return []string{"tomcat", "spring"}
	default:
		return nil
	}
}

func (r Remedy) clone() Remedy {
	r.Configurations = slices.Clone(r.Configurations)
	return r
}

// Servers lists every name that a Configuration's Server can have, sorted: web
// servers, languages and frameworks, content delivery networks, and where
// something is registered.
func Servers() []string {
	return []string{
		"akamai", "apache", "aspnet", "aws-alb", "azure-app-service", "azure-front-door", "caddy", "cloudflare",
		"cloudfront", "dns", "express", "f5", "fastly", "go", "haproxy", "iis", "java", "native", "nginx", "node",
		"registration", "spring", "tomcat",
	}
}

// ServerTitle returns a server's name as its makers write it: "nginx",
// "Microsoft IIS". A name that Servers does not have comes back as it is.
func ServerTitle(server string) string {
	titles := map[string]string{
		"akamai": "Akamai", "apache": "Apache", "aspnet": "ASP.NET", "aws-alb": "AWS Application Load Balancer",
		"azure-app-service": "Azure App Service", "azure-front-door": "Azure Front Door", "caddy": "Caddy",
		"cloudflare": "Cloudflare", "cloudfront": "Amazon CloudFront", "dns": "DNS", "express": "Express", "f5": "F5 BIG-IP",
		"fastly": "Fastly", "go": "Go", "haproxy": "HAProxy", "iis": "Microsoft IIS", "java": "Java", "native": "Native application",
		"nginx": "nginx", "node": "Node.js", "registration": "SuperOffice developer portal", "spring": "Spring", "tomcat": "Apache Tomcat",
	}
	if title, found := titles[server]; found {
		return title
	}
	return strings.TrimSpace(server)
}
