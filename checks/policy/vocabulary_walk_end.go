package policy

import (
	"fmt"
	"slices"
	"strconv"

	"cel.dev/cel-go/common/types"

	"github.com/gradewatch/gradewatch/checks"
)

// How a walk ends.
const (
	endAnswer  = "answer"
	endSignIn  = "sign_in_service"
	endLoop    = "redirect_loop"
	endTooMany = "too_many_redirects"
	endScheme  = "unsupported_scheme"
	endInvalid = "malformed"
)

func ends() []string {
	return []string{endAnswer, endSignIn, endLoop, endTooMany, endScheme, endInvalid}
}

func httpEnd(w *world, source *addressSource) slot {
	a := source.observed
	path, end := fmt.Sprintf("http[%s].end", a.Address), a.HTTP.End
	told := func(name string) slot {
		text := fmt.Sprintf("The walk from %s ends with an answer.", a.Address)
		if name != endAnswer {
			text = fmt.Sprintf("%s %s.", a.Address, end.Reason.Text())
		}
		return w.told(proof(path, name, text), types.String(name))
	}
	switch {
	case end.State == checks.Known:
		return told(endAnswer)
	case end.Reason == checks.ReasonSignInService:
		return told(endSignIn)
	case end.Reason == checks.ReasonRedirectLoop:
		return told(endLoop)
	case end.Reason == checks.ReasonTooManyRedirects:
		return told(endTooMany)
	case end.Reason == checks.ReasonUnsupportedScheme:
		return told(endScheme)
	case end.State == checks.Absent && end.Reason == checks.ReasonMalformed:
		return told(endInvalid)
	}
	return w.untold(path, end.Reason, end.State, "where the walk from "+a.Address.String()+" ends", "it", texts(ends()...)...)
}

func hopOf(a *checks.AddressObservation, index int) *hopSource {
	return &hopSource{Hop: &a.HTTP.Hops[index], address: a, index: index}
}

// httpAnswer is the answer of the last hop on the registered host.
func httpAnswer(w *world, source *addressSource) slot {
	a := source.observed
	hop, index := lastOwnHop(a)
	if hop == nil {
		open, _ := openWalk(a)
		return slot{fact: w.fact(open, nil)}
	}
	return answerAt(w, hopOf(a, index))
}

// httpFinal is the answer of the last hop.
func httpFinal(w *world, source *addressSource) slot {
	a := source.observed
	if len(a.HTTP.Hops) == 0 {
		open, _ := openWalk(a)
		return slot{fact: w.fact(open, nil)}
	}
	return answerAt(w, hopOf(a, len(a.HTTP.Hops)-1))
}

func answerAt(w *world, hop *hopSource) slot {
	if hop.Answer.State != checks.Known {
		return w.untold(hop.path()+".answer", hop.Answer.Reason, hop.Answer.State, "what "+hop.URL+" answers", "it")
	}
	return settled(w.of("answer", hop.answer(), nil))
}

func httpFinalStatus(w *world, source *addressSource) slot {
	a := source.observed
	if len(a.HTTP.Hops) == 0 {
		return slot{fact: w.statusFact(source)}
	}
	hop := hopOf(a, len(a.HTTP.Hops)-1)
	switch {
	case hop.Answer.State == checks.Known:
		answer := hop.answer()
		return w.told(answer.said(".status", strconv.Itoa(answer.Status), "answers with status %d", answer.Status), types.Int(answer.Status))
	case hop.Host == a.HTTP.Hops[0].Host:
		return slot{fact: w.statusFact(source)}
	}
	said := proof(hop.path()+".answer", factText(hop.Answer), fmt.Sprintf("%s %s.", hop.URL, hop.Answer.Reason.Text()))
	gone := slices.Contains([]checks.Reason{checks.ReasonRefused, checks.ReasonNameNotFound, checks.ReasonNoAddress}, hop.Answer.Reason)
	if gone && w.connected() {
		return w.told(said, types.Int(0))
	}
	return slot{fact: w.fact(said, nil)}
}

func httpProvoked(w *world, source *addressSource) slot {
	where := "to the URL with an error in its query"
	if hops := source.observed.HTTP.Hops; len(hops) > 0 {
		where = "at " + hops[0].URL + " with an error in its query"
	}
	return besides(w, source, "provoked", &source.observed.HTTP.Provoked, where)
}

func httpPosted(w *world, source *addressSource) slot {
	where := "to a test event"
	if w.evidence.Subject.Kind == StateChange {
		where = "to a state change with a token that nobody signed"
	}
	return besides(w, source, "posted", &source.observed.HTTP.Posted, where)
}

// httpPosts says whether something was posted: without leave nothing is, and
// where the URL itself did not answer nobody can tell.
func httpPosts(w *world, source *addressSource) slot {
	a := source.observed
	path := fmt.Sprintf("http[%s].posted", a.Address)
	switch {
	case a.HTTP.Posted.State != checks.NotAsked:
		return w.told(proof(path, "asked", fmt.Sprintf("%s was posted a test.", a.Address)), types.True)
	case len(a.HTTP.Hops) == 0:
		return w.untold(path, a.HTTP.End.Reason, a.HTTP.End.State, "what "+a.Address.String()+" answers to a POST", "it", truth()...)
	}
	return w.told(proof(path, checks.NotAsked.String(), fmt.Sprintf("Nothing was posted to %s, since nobody allowed it.", a.Address)), types.False)
}

// httpTestEvent says whether a webhook takes a test event. SuperOffice signs
// with a secret that it shares with the receiver: one that turns an event without
// a signature down may do right by SuperOffice's.
func httpTestEvent(w *world, source *addressSource) slot {
	posted := httpPosted(w, source)
	if posted.fact != nil {
		return posted
	}
	answer := posted.val.(*object).source.(*answerSource)
	said := answer.said(".status", strconv.Itoa(answer.Status), "answers with status %d", answer.Status)
	if slices.Contains([]int{400, 401, 403}, answer.Status) {
		said.Text += " It may ask for the signature that only SuperOffice can give."
		return slot{fact: w.fact(said, nil, truth()...)}
	}
	return w.told(said, types.Bool(answer.Status == 200))
}

// besides is the answer to a request besides the walk.
func besides(w *world, source *addressSource, name string, answer *checks.Fact[checks.Response], where string) slot {
	a := source.observed
	path := fmt.Sprintf("http[%s].%s", a.Address, name)
	if answer.State != checks.Known {
		return w.untold(path, answer.Reason, answer.State, "what "+a.Address.String()+" answers "+where, "it")
	}
	of := &answerSource{Response: &answer.Value, address: a, path: path, where: where}
	if len(a.HTTP.Hops) > 0 {
		of.scheme = a.HTTP.Hops[0].Scheme
	}
	return settled(w.of("answer", of, nil))
}

// httpSignatures are the traces of code in everything that a browser shows of
// the registered URL's site.
func httpSignatures(w *world, source *addressSource) slot {
	a := source.observed
	made := w.listOf(nil)
	for i := range a.HTTP.Hops {
		hop := hopOf(a, i)
		if hop.Answer.State != checks.Known || !hop.SameSite || hop.Answer.Value.Location != "" {
			continue // what was not seen at all, the walk says below
		}
		w.addShown(made, hop.answer())
	}
	if seen := w.walkOf(source); seen.open != nil {
		made.add(seen.open)
	}
	switch provoked := &a.HTTP.Provoked; {
	case provoked.State == checks.Known:
		w.addShown(made, httpProvoked(w, source).val.(*object).source.(*answerSource))
	case provoked.State == checks.NotAsked && !w.evidence.Subject.provoked():
	default:
		made.add(w.tail(httpProvoked(w, source).fact.proof))
	}
	return settled(made)
}

// addShown adds the traces in one answer's content.
func (w *world) addShown(made *list, answer *answerSource) {
	content := answerContent(w, answer)
	if content.fact != nil {
		made.add(w.tail(content.fact.proof))
		return
	}
	w.addSignatures(made, content.val.(*object).source.(*contentSource))
}

// provoked says whether looks at the endpoint provoke an error.
func (s Subject) provoked() bool {
	var target checks.Target
	s.Ask(&target, false)
	return target.Provoke
}

func versionNames() []string {
	return names([]checks.HTTPVersion{checks.HTTP11, checks.HTTP2, checks.HTTP3})
}

func httpVersions(w *world, source *addressSource) slot {
	a := source.observed
	return settled(w.table(versionNames(), func(name string) slot {
		path, version := source.path("versions."+name), a.Full.Versions[checks.HTTPVersion(name)]
		switch version.State {
		case checks.Known:
			return w.told(proof(path, "answers", fmt.Sprintf("%s answers in %s, with status %d.", a.Address, name, version.Value)), types.String("answers"))
		case checks.Absent:
			return w.told(proof(path, "absent", fmt.Sprintf("%s does not offer %s.", a.Address, name)), types.String("absent"))
		}
		return w.untold(path, version.Reason, version.State, "whether "+a.Address.String()+" answers in "+name, "it", texts("answers", "absent")...)
	}))
}
