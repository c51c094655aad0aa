package content

import (
	"net/url"

	"github.com/gradewatch/gradewatch/checks"
)

// maxBytes is how much of a body is read; the rest counts as truncated.
const maxBytes = 256 << 10

// Input is one answer.
type Input struct {
	URL    *url.URL // that was asked
	Status int
	// Fields are the raw values of the header fields, by name in lower case.
	Fields    map[string][]string
	Body      []byte // without transfer and content encoding; 256 KiB are read
	Truncated bool   // there is more than Body
}

// Result is what an answer showed.
type Result struct {
	Content checks.Content
	// Wall is bot_wall, captcha or maintenance where what answered stands before
	// the application, as far as that is beyond doubt; empty otherwise.
	Wall checks.Reason
	// MetaRefresh is the content attribute of the first <meta
	// http-equiv="refresh">, as written; empty: there is none.
	MetaRefresh string
	// Excerpt is readable text of the page, at most 500 bytes, without secrets.
	Excerpt string
	// Tokens are the values of <meta name="gradewatch-verification"> in the head
	// of the document, at most 4.
	Tokens []string
}

// Read reads one answer. It never fails: what it cannot make sense of is left
// out. The time it takes grows with the length of the body alone.
func Read(in Input) Result {
	if len(in.Body) > maxBytes {
		in.Body, in.Truncated = in.Body[:maxBytes], true
	}
	media := mediaType(in.Fields["content-type"])
	result := Result{Content: checks.Content{MediaType: media, Empty: len(in.Body) == 0, Truncated: in.Truncated}}
	how := formOf(media, in.Body)
	if how == other {
		result.Wall = wallOf(in, &page{})
		return result
	}
	source := decode(how, in.Body, in.Fields["content-type"])
	p := readPage(how, source, in.URL)
	result.Content.Scripts, result.Content.InlineScript = p.loads.scripts(), p.loads.inline
	result.Content.Mixed = p.loads.mixed()
	result.Content.MetaPolicies, result.Content.MetaReferrer = p.policies, p.referrer
	result.Content.Password = p.password
	result.Content.Signatures = signaturesOf(in.Status, p)
	result.Content.Look = lookOf(p)
	result.Wall = wallOf(in, p)
	result.MetaRefresh, result.Tokens = p.refresh, p.tokens
	result.Excerpt = excerpt(p.visible())
	return result
}
