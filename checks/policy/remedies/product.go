package remedies

import (
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// Unknown is the product of a server that does not say what it is.
const Unknown = "unknown"

// Product returns what the server looks like, as one of Servers, or Unknown. It
// goes by the Server field of answers over https on the registered host, and
// falls back on where the host's DNS aliases lead. Who ends TLS for visitors
// counts, so a content delivery network in an alias goes before the field of
// the application behind it. Addresses that disagree make it unknown.
func Product(observation *checks.Observation) string {
	if observation == nil {
		return Unknown
	}
	if edge := edgeOfAliases(observation.Records.Aliases); edge != "" {
		return edge
	}
	var products []string
	for _, address := range observation.Addresses {
		if product := productOf(observation.DNS.Host, address.HTTP); product != "" {
			products = append(products, product)
		}
	}
	slices.Sort(products)
	if products = slices.Compact(products); len(products) == 1 {
		return products[0]
	}
	return Unknown
}

// productOf returns the product of the first https answer of host itself: later
// hops lead elsewhere, and plain http may be answered by another server.
func productOf(host string, http checks.HTTP) string {
	for _, hop := range http.Hops {
		if hop.Answer.State != checks.Known || hop.Scheme != "https" || host != "" && !strings.EqualFold(hop.Host, host) {
			continue
		}
		if product := productByField(hop.Answer.Value.Server); product != "" {
			return product
		}
		if product := productByCookies(hop.Answer.Value.Cookies); product != "" {
			return product
		}
	}
	return ""
}

// productByField reads the first product of a Server field (RFC 9110 section
// 10.2.4). Fields that name a framework or nothing give the empty string.
func productByField(field string) string {
	name, _, _ := strings.Cut(strings.ToLower(field), "/")
	switch name {
	case "nginx", "openresty", "angie", "tengine":
		return "nginx"
	case "apache", "httpd", "ibm_http_server", "oracle-http-server":
		return "apache"
	case "microsoft-iis", "microsoft-httpapi":
		return "iis"
	case "kestrel":
		return "aspnet"
	case "cloudflare", "caddy", "cloudfront", "haproxy":
		return name
	case "awselb":
		return "aws-alb"
	case "akamaighost", "akamainetstorage":
		return "akamai"
	case "apache-coyote", "apache tomcat":
		return "tomcat"
	case "jetty", "undertow", "wildfly", "glassfish", "weblogic":
		return "java"
	case "bigip", "big-ip":
		return "f5"
	default:
		return ""
	}
}

// productByCookies knows load balancers and platforms that set cookies of their
// own. They say more than an application's Server field that is missing.
func productByCookies(cookies []checks.Cookie) string {
	for _, cookie := range cookies {
		switch {
		case cookie.Name == "AWSALB" || cookie.Name == "AWSALBCORS":
			return "aws-alb"
		case cookie.Name == "ARRAffinity" || cookie.Name == "ARRAffinitySameSite":
			return "azure-app-service"
		case strings.HasPrefix(cookie.Name, "BIGipServer"):
			return "f5"
		}
	}
	return ""
}

// edgeOfAliases returns the network that the host's names lead to.
func edgeOfAliases(aliases checks.Fact[[]string]) string {
	if aliases.State != checks.Known {
		return ""
	}
	zones := []struct{ suffix, product string }{
		{".cloudfront.net", "cloudfront"},
		{".cdn.cloudflare.net", "cloudflare"},
		{".azurefd.net", "azure-front-door"},
		{".azurewebsites.net", "azure-app-service"},
		{".edgekey.net", "akamai"},
		{".edgesuite.net", "akamai"},
		{".akamaiedge.net", "akamai"},
		{".fastly.net", "fastly"},
		{".elb.amazonaws.com", "aws-alb"},
	}
	for _, alias := range aliases.Value {
		name := strings.TrimSuffix(strings.ToLower(alias), ".")
		for _, zone := range zones {
			if strings.HasSuffix(name, zone.suffix) {
				return zone.product
			}
		}
	}
	return ""
}
