package policy

import (
	"fmt"
	"regexp"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/gradewatch/gradewatch/checks"
)

// signInSource is the authorize request that a sign-in start leads to.
type signInSource struct {
	*checks.SignIn
	address *checks.AddressObservation
}

func (s *signInSource) proof(name, value, format string, arguments ...any) checks.Proof {
	return proof(fmt.Sprintf("http[%s].sign_in.%s", s.address.Address, name), value,
		fmt.Sprintf("The sign-in that %s starts %s.", s.address.Address, fmt.Sprintf(format, arguments...)))
}

func onSignIn(get func(w *world, s *signInSource) slot) func(*world, any) slot {
	return func(w *world, source any) slot { return get(w, source.(*signInSource)) }
}

func signInKind() *kind {
	text := func(name, title string, get func(*checks.SignIn) string) field {
		return field{name: name, of: cel.StringType, get: onSignIn(func(w *world, s *signInSource) slot {
			value := get(s.SignIn)
			said := s.proof(name, value, "sends %s %s", title, value)
			if value == "" {
				said = s.proof(name, "none", "sends no %s", title)
			}
			return w.told(said, types.String(value))
		}), doc: title + "; empty without"}
	}
	return &kind{name: "sign_in", doc: "The authorize request that a sign-in start leads to.", fields: []field{
		{name: "host", of: cel.StringType, doc: "that the browser is sent to", get: onSignIn(func(w *world, s *signInSource) slot {
			return w.told(s.proof("host", s.Host, "leads to %s", s.Host), types.String(s.Host))
		})},
		{name: "path", of: cel.StringType, doc: "there, canonical", get: onSignIn(func(w *world, s *signInSource) slot {
			return w.told(s.proof("path", s.Path, "leads to the path %s", s.Path), types.String(s.Path))
		})},
		{name: "legacy", of: cel.BoolType, doc: "it is the form before OAuth 2.0: /login/?app_id=", get: onSignIn(func(w *world, s *signInSource) slot {
			return w.told(s.proof("legacy", fmt.Sprint(s.Legacy), "uses %s", map[bool]string{true: "the form before OAuth 2.0, with app_id", false: "OAuth 2.0"}[s.Legacy]), types.Bool(s.Legacy))
		})},
		text("client_id", "client_id", func(s *checks.SignIn) string { return s.ClientID }),
		text("redirect_uri", "redirect_uri", func(s *checks.SignIn) string { return s.RedirectURI }),
		text("response_type", "response_type", func(s *checks.SignIn) string { return s.ResponseType }),
		text("response_mode", "response_mode", func(s *checks.SignIn) string { return s.ResponseMode }),
		text("scope", "scope", func(s *checks.SignIn) string { return s.Scope }),
		text("code_challenge_method", "code_challenge_method", func(s *checks.SignIn) string { return s.CodeChallengeMethod }),
		presence("state", "state", func(s *checks.SignIn) bool { return s.State }),
		presence("nonce", "nonce", func(s *checks.SignIn) bool { return s.Nonce }),
		freshness("fresh_state", "state", func(s *checks.SignIn) checks.Fact[bool] { return s.FreshState }),
		freshness("fresh_nonce", "nonce", func(s *checks.SignIn) checks.Fact[bool] { return s.FreshNonce }),
		freshness("fresh_challenge", "code_challenge", func(s *checks.SignIn) checks.Fact[bool] { return s.FreshChallenge }),
		{name: "password_before", of: cel.BoolType, doc: "a page on the way to it asks for a password", get: onSignIn(func(w *world, s *signInSource) slot {
			return w.told(s.proof("password_before", fmt.Sprint(s.PasswordBefore), "is reached %s", map[bool]string{true: "past a page of the application that asks for a password", false: "without a page that asks for a password"}[s.PasswordBefore]), types.Bool(s.PasswordBefore))
		})},
		{name: "redirect_registered", of: cel.BoolType, doc: "redirect_uri is one of the redirect URLs that the application registers in this environment, for this client ID. Unknown where only a pattern that RE2 cannot read could match", get: onSignIn(redirectRegistered)},
	}}
}

func presence(name, title string, get func(*checks.SignIn) bool) field {
	return field{name: name, of: cel.BoolType, doc: "there is a " + title, get: onSignIn(func(w *world, s *signInSource) slot {
		return w.told(s.proof(name, fmt.Sprint(get(s.SignIn)), "sends %s %s", map[bool]string{true: "a", false: "no"}[get(s.SignIn)], title), types.Bool(get(s.SignIn)))
	})}
}

// freshness is of what must differ between two starts.
func freshness(name, title string, get func(*checks.SignIn) checks.Fact[bool]) field {
	return field{name: name, of: cel.StringType, values: []string{"yes", "no", "absent"}, doc: "a second start gave another " + title + "; absent: there is none", get: onSignIn(func(w *world, s *signInSource) slot {
		fresh := get(s.SignIn)
		switch {
		case fresh.State == checks.Absent:
			return w.told(s.proof(name, "absent", "sends no %s", title), types.String("absent"))
		case fresh.State != checks.Known:
			return w.untold(s.proof(name, "", "").Fact, fresh.Reason, fresh.State,
				fmt.Sprintf("whether each sign-in that %s starts has a %s of its own", s.address.Address, title), "it", texts("yes", "no")...)
		case fresh.Value:
			return w.told(s.proof(name, "yes", "has another %s each time", title), types.String("yes"))
		}
		return w.told(s.proof(name, "no", "has the same %s each time", title), types.String("no"))
	})}
}

// redirectRegistered compares what is sent with what is registered, letter by
// letter; a pattern is matched by RE2.
func redirectRegistered(w *world, s *signInSource) slot {
	subject := w.evidence.Subject
	if s.ClientID != "" && subject.ClientID != "" && s.ClientID != subject.ClientID {
		return w.told(s.proof("client_id", s.ClientID, "sends the client ID %s, and that of the application in %s is %s", s.ClientID, subject.Environment, subject.ClientID), types.False)
	}
	if s.RedirectURI == "" {
		return w.told(s.proof("redirect_uri", "none", "sends no redirect_uri"), types.False)
	}
	unread := ""
	for i := range subject.Siblings {
		one := &subject.Siblings[i]
		if one.Kind != Redirect || one.Environment != subject.Environment {
			continue
		}
		switch matched, readable := one.takes(s.RedirectURI); {
		case matched:
			return w.told(s.proof("redirect_uri", s.RedirectURI, "sends the redirect_uri %s, which is registered in %s", s.RedirectURI, subject.Environment), types.True)
		case !readable:
			unread = one.Value
		}
	}
	if unread != "" {
		open := w.fact(proof("inventory", unread, "Whether the redirect_uri is registered cannot be told: a registered pattern cannot be analyzed."), nil, truth()...)
		open.remedy = remedyPattern
		return slot{fact: open}
	}
	return w.told(s.proof("redirect_uri", s.RedirectURI, "sends the redirect_uri %s, which is not registered in %s", s.RedirectURI, subject.Environment), types.False)
}

// takes says whether a registered value covers a redirect URL, and whether that
// can be told.
func (s *Sibling) takes(redirect string) (matched, readable bool) {
	text := s.Value
	switch {
	case s.ValueKind == NativeLoopback && strings.Contains(text, "{port}"):
		text = "^" + strings.ReplaceAll(regexp.QuoteMeta(text), regexp.QuoteMeta("{port}"), "[0-9]{1,5}") + "$"
	case s.ValueKind == Pattern, s.ValueKind == NativeLoopback && strings.HasPrefix(text, "^"):
	default:
		return text == redirect, true
	}
	if len(text) > maxPatternBytes {
		return false, false
	}
	pattern, err := regexp.Compile(text)
	return err == nil && pattern.MatchString(redirect), err == nil
}

// signsIn says whether the walk led to an authorize request at SuperOffice.
func signsIn(w *world, source *addressSource) slot {
	a := source.observed
	path, signIn := fmt.Sprintf("http[%s].sign_in", a.Address), a.HTTP.SignIn
	switch {
	case signIn.State == checks.Absent && scriptMayLead(a):
		text := fmt.Sprintf("What %s starts ends at a page whose script may lead on to a sign-in, which only a browser shows.", a.Address)
		return slot{fact: w.fact(proof(path, "script", text), nil, truth()...)}
	case signIn.State == checks.Absent:
		return w.told(proof(path, "none", fmt.Sprintf("What %s starts leads to no sign-in at SuperOffice.", a.Address)), types.False)
	case signIn.State != checks.Known:
		return w.untold(path, signIn.Reason, signIn.State, "where the sign-in that "+a.Address.String()+" starts leads", "it", truth()...)
	}
	host := strings.ToLower(signIn.Value.Host)
	text := fmt.Sprintf("The sign-in that %s starts leads to %s.", a.Address, host)
	if host == superOfficeDomain || strings.HasSuffix(host, "."+superOfficeDomain) {
		return w.told(proof(path, host, text), types.True)
	}
	return w.told(proof(path, host, strings.TrimSuffix(text, ".")+", which is not SuperOffice's."), types.False)
}

// scriptMayLead says whether the walk ends at a page that is little but script,
// as single-page applications are, or at one of another site that was not read:
// where that leads, only a browser shows.
func scriptMayLead(a *checks.AddressObservation) bool {
	if len(a.HTTP.Hops) == 0 {
		return false
	}
	last := a.HTTP.Hops[len(a.HTTP.Hops)-1].Answer
	content := last.Value.Content.Value
	if last.State != checks.Known || last.Value.Status >= 400 || content.Password {
		return false
	}
	if !a.HTTP.Hops[len(a.HTTP.Hops)-1].SameSite && last.Value.Content.State == checks.NotAsked {
		return true // a broker's page, which is not read
	}
	scripted := content.InlineScript || len(content.Scripts) > 0
	return content.Look == checks.LookScriptShell || content.Look == checks.LookMessage && scripted
}

func httpSignIn(w *world, source *addressSource) slot {
	a := source.observed
	path, signIn := fmt.Sprintf("http[%s].sign_in", a.Address), a.HTTP.SignIn
	if signIn.State != checks.Known {
		return w.untold(path, signIn.Reason, signIn.State, "what the sign-in that "+a.Address.String()+" starts sends", "it")
	}
	return settled(w.of("sign_in", &signInSource{SignIn: &a.HTTP.SignIn.Value, address: a}, nil))
}
