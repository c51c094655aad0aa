package checks

// HTTP is the component that holds what answered at the URL on one address.
type HTTP struct {
	Hops []Hop `json:"hops,omitempty"`
	// End says how the walk ended: Known when a final answer (not a redirect)
	// came, Inconclusive or Absent with the reason why the walk stopped
	// (too_many_redirects, redirect_loop, sign_in_service, budget_exhausted,
	// timeout, ...).
	End Fact[int] `json:"end"` // Value: status code of the final answer
	// PlainHTTP is what TCP port 80 of the same host and address does.
	// Absent: closed. NotAsked for http URLs.
	PlainHTTP Fact[PlainHTTP] `json:"plain_http"`
	// Preflight is the answer to a CORS preflight of the final URL, sent with
	// PreflightOrigin and following nothing. Inconclusive: it got no answer.
	// NotAsked where no final answer came.
	Preflight Fact[Preflight] `json:"preflight,omitzero"`
	// Provoked is the answer to the URL with error=access_denied&state=monitor
	// added to its query (E-01, E-02), following nothing.
	Provoked Fact[Response] `json:"provoked,omitzero"`
	// Posted is the answer to what Target.Post says (E-11, E-12).
	Posted Fact[Response] `json:"posted,omitzero"`
	// SignIn is the authorize request that the walk led to (E-03 to E-07).
	// Absent: the walk ended elsewhere. NotAsked unless Target.SignInStart.
	SignIn Fact[SignIn] `json:"sign_in,omitzero"`
}

// PlainHTTP is the answer at port 80 of a host whose URL is https.
type PlainHTTP struct {
	Status           int  `json:"status"`
	RedirectsToHTTPS bool `json:"redirects_to_https"`
	// Route are the canonical URLs that redirects lead to, in order, up to the
	// first that is not http, and at most 4. Those of http on the own host were asked.
	Route []string `json:"route,omitempty"`
}

// PreflightOrigin is the Origin of a preflight: a site that cannot exist (RFC
// 2606 section 2), so that whoever allows it allows everybody.
const PreflightOrigin = "https://gradewatch.invalid"

// Preflight is what the answer to OPTIONS with an Origin and
// Access-Control-Request-Method: GET allows (Fetch standard, CORS protocol).
type Preflight struct {
	Status           int    `json:"status"`
	AllowOrigin      string `json:"allow_origin,omitempty"`      // as sent, at most 256 bytes
	AllowCredentials bool   `json:"allow_credentials,omitempty"` // Access-Control-Allow-Credentials: true
}

// Hop is one request and its answer. URLs are canonical: values of query
// parameters, user information, fragments and random path segments are
// replaced, since state, nonces and tokens differ at every look.
type Hop struct {
	URL      string `json:"url"`
	Scheme   string `json:"scheme"`
	Host     string `json:"host"`
	SameSite bool   `json:"same_site"` // same registrable domain as the first hop
	Via      Via    `json:"via,omitempty"`
	// Answer is Inconclusive with bot_wall, captcha or maintenance where what
	// answered stands before the application.
	Answer Fact[Response] `json:"answer"`
}

// Via is how an answer leads on to the next hop.
type Via string

// The ways, as browsers follow them.
const (
	ViaStart       Via = ""             // the first hop
	ViaLocation    Via = "location"     // status 3xx and Location (RFC 9110 section 15.4)
	ViaRefresh     Via = "refresh"      // the field Refresh (HTML standard, shared declarative refresh steps)
	ViaMetaRefresh Via = "meta_refresh" // <meta http-equiv="refresh">
)

// Response is the answer of one hop.
type Response struct {
	Status   int      `json:"status"`
	Version  string   `json:"version,omitempty"`  // HTTP/1.0 or HTTP/1.1; other versions are HTTPVersions
	TLS      Protocol `json:"tls,omitempty"`      // negotiated; empty for http
	Location string   `json:"location,omitempty"` // canonical, absolute: where Location, Refresh or meta refresh leads
	Cookies  []Cookie `json:"cookies,omitempty"`  // sorted by name, domain, path
	// HSTS and PublicKeyPins are the values of every Strict-Transport-Security
	// (RFC 6797) and Public-Key-Pins (RFC 7469) field of an answer over https, as
	// sent, in order, at most 4 of 512 bytes each. Absent: there is none.
	HSTS          Fact[[]string] `json:"hsts,omitzero"`
	PublicKeyPins Fact[[]string] `json:"public_key_pins,omitzero"`
	// Server is the first product of the Server field without its version, which
	// differs between servers behind one address: "nginx".
	Server string `json:"server,omitempty"`
	// Fields are the values of the header fields that FieldNames lists, by name
	// in lower case, in the order sent; nonces and other random parts are '*'.
	// At most 8 values a field and 8 KiB a value.
	Fields map[string][]string `json:"fields,omitempty"`
	// Content is what the content showed. NotAsked where it was not read.
	Content Fact[Content] `json:"content,omitzero"`
}

// FieldNames lists the header fields that Response.Fields keeps.
func FieldNames() []string {
	return []string{
		"access-control-allow-credentials", "access-control-allow-origin", "alt-svc", "clear-site-data",
		"content-security-policy", "content-security-policy-report-only", "content-type",
		"cross-origin-embedder-policy", "cross-origin-opener-policy", "cross-origin-resource-policy",
		"permissions-policy", "feature-policy", "referrer-policy", "refresh", "retry-after", "server",
		"www-authenticate", "x-aspnet-version", "x-aspnetmvc-version", "x-content-type-options",
		"x-frame-options", "x-generator", "x-powered-by", "x-xss-protection",
	}
}

// Content is what the content of one answer showed, without the content.
type Content struct {
	MediaType string `json:"media_type,omitempty"` // of Content-Type, lower case, without parameters
	Empty     bool   `json:"empty,omitempty"`
	Truncated bool   `json:"truncated,omitempty"` // there is more than was read
	// Signatures are ids of debug pages, stack traces and file paths that were
	// recognized (E-02), sorted.
	Signatures []string `json:"signatures,omitempty"`
	Look       Look     `json:"look,omitempty"`
	Password   bool     `json:"password,omitempty"` // an input of type password
	// Scripts are the origins that <script src> loads from, sorted, each kind
	// once, at most 64.
	Scripts []Script `json:"scripts,omitempty"`
	// InlineScript: there is a script element, of whatever type, without src or
	// with one that names no origin (data:).
	InlineScript bool `json:"inline_script,omitempty"`
	// Mixed are the origins that a page over https loads over http, sorted, at
	// most 64 (W3C Mixed Content).
	Mixed []MixedContent `json:"mixed,omitempty"`
	// MetaPolicies are the values of <meta http-equiv="content-security-policy">,
	// MetaReferrer of <meta name="referrer">, as Response.Fields keeps values.
	MetaPolicies []string `json:"meta_policies,omitempty"`
	MetaReferrer []string `json:"meta_referrer,omitempty"`
}

// Look is what content looks like to somebody who is not signed in (E-09).
type Look string

// The looks.
const (
	LookNothing     Look = "nothing"      // no text that a person would read
	LookScriptShell Look = "script_shell" // script and hardly any text: what it shows is decided in the browser
	LookSignIn      Look = "sign_in"      // it asks or offers to sign in
	LookMessage     Look = "message"      // a few sentences, such as an error
	LookData        Look = "data"         // tables, lists, records: a person must look
)

// Script is an origin that a page loads script from.
type Script struct {
	Origin    string `json:"origin,omitempty"` // scheme://host[:port]; empty: the page's own
	SameSite  bool   `json:"same_site,omitempty"`
	Integrity bool   `json:"integrity,omitempty"` // the attribute of Subresource Integrity
	// Relative is how src names the origin: "origin" (a path), "protocol"
	// (//host/...) or empty (in full).
	Relative string `json:"relative,omitempty"`
}

// MixedContent is what a page over https loads over http from one origin.
type MixedContent struct {
	Origin string `json:"origin"`
	Active bool   `json:"active,omitempty"` // script, frame, style sheet: browsers block it
}

// Cookie is one Set-Cookie header (RFC 6265bis). Values are never kept; a
// random part of a name is replaced by '*'.
type Cookie struct {
	Name     string `json:"name"`
	HttpOnly bool   `json:"http_only"` //nolint:revive // the attribute is written HttpOnly
	Secure   bool   `json:"secure"`
	SameSite string `json:"same_site,omitempty"` // Strict, Lax, None or empty
	// SameSiteInvalid: an attribute SameSite has a value that browsers do not
	// know, and is as if it were not there.
	SameSiteInvalid bool   `json:"same_site_invalid,omitempty"`
	Domain          string `json:"domain,omitempty"`
	Path            string `json:"path,omitempty"`
	Partitioned     bool   `json:"partitioned,omitempty"`
	// Lifetime is what Max-Age and Expires say, in classes that do not differ
	// between two looks.
	Lifetime Lifetime `json:"lifetime,omitempty"`
	// Width is which hosts get it back.
	Width Width `json:"width,omitempty"`
	// Repeated: the answer sets the same name, domain and path again; browsers
	// keep the last.
	Repeated bool `json:"repeated,omitempty"`
	// Invalid: a browser drops this Set-Cookie whole (RFC 6265bis section 5.7).
	Invalid bool `json:"invalid,omitempty"`
	// Drop is why.
	Drop CookieFault `json:"drop,omitempty"`
}

// Lifetime is how long a cookie lives.
type Lifetime string

// The lifetimes.
const (
	LifetimeSession  Lifetime = ""              // until the browser ends
	LifetimeDeleted  Lifetime = "deleted"       // it is over already: the answer deletes the cookie
	LifetimeDays     Lifetime = "persistent"    // at most 400 days
	LifetimeOverLong Lifetime = "over_400_days" // browsers cut it to 400 days (RFC 6265bis section 5.5)
)

// Width is which hosts get a cookie back.
type Width string

// The widths.
const (
	WidthHost        Width = ""            // the host that set it, and no other
	WidthDomain      Width = "domain"      // hosts below a domain that is narrower than the registrable one
	WidthRegistrable Width = "registrable" // every host below the registrable domain
)

// CookieFault is why browsers drop a Set-Cookie.
type CookieFault string

// The faults (RFC 6265bis sections 5.6 and 5.7, and CHIPS for Partitioned).
const (
	CookieControl           CookieFault = "control_character"
	CookieEmpty             CookieFault = "empty"
	CookieTooLarge          CookieFault = "too_large"
	CookieSecureOverHTTP    CookieFault = "secure_over_http"
	CookieDomainMismatch    CookieFault = "domain_mismatch"
	CookiePublicSuffix      CookieFault = "public_suffix"
	CookieHostPrefix        CookieFault = "host_prefix"
	CookieSecurePrefix      CookieFault = "secure_prefix"
	CookieHTTPPrefix        CookieFault = "http_prefix"   // __Http- and __Host-Http- need HttpOnly
	CookieHiddenPrefix      CookieFault = "hidden_prefix" // a value without a name that passes for a prefixed name
	CookieNoneNotSecure     CookieFault = "same_site_none_without_secure"
	CookiePartitionedUnsafe CookieFault = "partitioned_without_secure"
)

// HTTPVersion is a version of HTTP by the name used in reports.
type HTTPVersion string

// The versions that are asked for.
const (
	HTTP11 HTTPVersion = "HTTP/1.1"
	HTTP2  HTTPVersion = "HTTP/2"
	HTTP3  HTTPVersion = "HTTP/3"
)

// HTTPVersions says per version whether a request got an answer: Known with
// its status, Absent where the server offers or takes none, Inconclusive where
// it was offered and nobody can tell. HTTP/3 is asked where Alt-Svc or the
// HTTPS record offers it.
type HTTPVersions map[HTTPVersion]Fact[int]

// SignIn is the authorize request that a sign-in start leads to. It names what
// is public in it: no state, nonce or challenge is kept.
type SignIn struct {
	Host                string `json:"host"`             // that the browser is sent to
	Path                string `json:"path"`             // canonical
	Legacy              bool   `json:"legacy,omitempty"` // /login/?app_id=: the form before OAuth 2.0
	ClientID            string `json:"client_id,omitempty"`
	RedirectURI         string `json:"redirect_uri,omitempty"` // as sent
	ResponseType        string `json:"response_type,omitempty"`
	ResponseMode        string `json:"response_mode,omitempty"`
	Scope               string `json:"scope,omitempty"`
	CodeChallengeMethod string `json:"code_challenge_method,omitempty"` // plain where there is a challenge and no method (RFC 7636 section 4.3)
	State               bool   `json:"state,omitempty"`
	Nonce               bool   `json:"nonce,omitempty"`
	// FreshState, FreshNonce and FreshChallenge: a second start gave another
	// value. Absent: there is none to compare.
	FreshState     Fact[bool] `json:"fresh_state"`
	FreshNonce     Fact[bool] `json:"fresh_nonce"`
	FreshChallenge Fact[bool] `json:"fresh_challenge"`
	// PasswordBefore: a page of the walk before it has an input of type password.
	PasswordBefore bool `json:"password_before,omitempty"`
}
