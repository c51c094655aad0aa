package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gradewatch/gradewatch/internal/inventory"
)

// FuzzApplicationForm posts whatever a browser or a script may post: a form
// without a fault holds nothing that the database refuses.
func FuzzApplicationForm(f *testing.F) {
	f.Add("name=Shop&type=custom&rows=2&do=save&url-0-environment=SOD&url-0-kind=literal&url-0-value=https://a.test/&url-0-minutes=5")
	f.Add("name=%00&type=standard&client-SOD=%ff&rows=-1&do=drop-0&url-0-kind=pattern&url-0-value=^(a%2B)%2B$&url-0-probe=https://a.test")
	f.Add("rows=999999999999999999999&do=drop--1&url-0-kind=native_loopback&url-0-value=http://127.0.0.1:{port}/&url-0-minutes=1e9")
	f.Add("rows=1&name=a&type=custom&url-0-environment=Stage&url-0-kind=custom_scheme&url-0-value=a:%250a&url-0-minutes=1440")
	f.Fuzz(func(t *testing.T, body string) {
		request := httptest.NewRequest(http.MethodPost, "/applications", strings.NewReader(body))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if request.ParseForm() != nil {
			return
		}
		form := readApplicationForm(request, nil)
		editRows(&form, request.PostForm.Get("do"))
		if len(form.Rows) == 0 || len(form.Rows) > maxRows {
			t.Fatalf("%d rows", len(form.Rows))
		}
		checked := checkForm(&form)
		if len(form.Faults) > 0 {
			return
		}
		texts := []string{checked.application.Name, string(checked.application.Type)}
		for _, id := range checked.clientIDs {
			texts = append(texts, id)
		}
		for _, endpoint := range checked.endpoints {
			texts = append(texts, endpoint.Value, endpoint.ProbeURL, string(endpoint.Environment), string(endpoint.ValueKind))
			if _, err := url.Parse(endpoint.ProbeURL); err != nil || endpoint.Interval <= 0 {
				t.Errorf("taken: %+v", endpoint)
			}
		}
		for _, text := range texts {
			if !inventory.Legible(text) {
				t.Errorf("%q is taken and cannot be stored", text)
			}
		}
	})
}
