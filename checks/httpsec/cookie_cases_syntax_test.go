package httpsec_test

import "strings"

func attributeCases() []setCookieCase {
	return []setCookieCase{
		{name: "none", line: "sid=1", want: "sid"},
		{name: "both flags", line: "sid=1; HttpOnly; Secure", want: "sid HttpOnly Secure"},
		{name: "flags in any case", line: "sid=1;httponly;SECURE", want: "sid HttpOnly Secure"},
		{name: "flags with a value (attributes/secure.https.html)", line: "sid=1; Secure=anything; HttpOnly=false", want: "sid HttpOnly Secure"},
		{name: "flags with an empty value", line: "sid=1; Secure=; HttpOnly=", want: "sid HttpOnly Secure"},
		{name: "a comma separates nothing", line: "sid=1, HttpOnly", want: "sid"},
		{name: "two cookies in a line are one", line: "sid=1, csrf=2; HttpOnly", want: "sid HttpOnly"},
		{name: "names that only start like one", line: "sid=1; HttpOnlyX; XSecure; Secure-", want: "sid"},
		{name: "an attribute in a Path", line: "sid=1; Path=/HttpOnly", want: "sid Path=/HttpOnly"},
		{name: "an attribute as another's value", line: "sid=1; Comment=Secure", want: "sid"},
		{name: "attributes without a semicolon between", line: "sid=1; HttpOnly Secure", want: "sid"},
		{name: "an attribute behind an equals sign", line: "sid=1; =HttpOnly", want: "sid"},
		{name: "empty attributes", line: "sid=1;;; ;HttpOnly;;", want: "sid HttpOnly"},
		{name: "only attributes (attributes/attributes-ctl.sub.html)", line: "; HttpOnly; Secure", want: `"" HttpOnly Secure drop=empty`},
		{name: "a cookie called HttpOnly", line: "HttpOnly=1", want: "HttpOnly"},
		{name: "a cookie called Secure with a flag", line: "Secure=1; HttpOnly", want: "Secure HttpOnly"},
		{name: "unknown attributes", line: "sid=1; Priority=High; Version=1; Foo; HttpOnly", want: "sid HttpOnly"},
		{name: "the last of twenty attributes", line: "sid=1" + strings.Repeat("; a=b", 20) + "; HttpOnly", want: "sid HttpOnly"},
		{name: "letters that only look like the attribute's", line: "sid=1; Part\u0130tioned; \u017fecure; HttpOnly", want: "sid HttpOnly"},
		{name: "Max-Age without its hyphen", line: "sid=1; MaxAge=60", want: "sid"},
	}
}

func orderCases() []setCookieCase {
	return []setCookieCase{
		{name: "the last Path", line: "sid=1; Path=/a; Path=/b", want: "sid Path=/b"},
		{name: "the last Path is none (attributes/path.html)", line: "sid=1; Path=/a; Path=", want: "sid"},
		{name: "the last Path is no path", line: "sid=1; Path=/a; Path=b", want: "sid"},
		{name: "the last Domain", line: "sid=1; Domain=app.example.com; Domain=example.com", want: "sid Domain=example.com registrable"},
		{name: "the last Domain is foreign (attributes/domain.sub.html)", line: "sid=1; Domain=example.com; Domain=example.net", want: "sid Domain=example.net drop=domain_mismatch"},
		{name: "the last Domain is empty", line: "sid=1; Domain=example.com; Domain=", want: "sid"},
		{name: "the last SameSite", line: "sid=1; SameSite=Strict; SameSite=Lax", want: "sid SameSite=Lax"},
		{name: "the last SameSite is unknown (samesite/setcookie-lax.https.html)", line: "sid=1; SameSite=Strict; SameSite=Maybe", want: "sid SameSite?"},
		{name: "the last Max-Age", line: "sid=1; Max-Age=0; Max-Age=60", want: "sid persistent"},
		{name: "the last Max-Age counts, also where it cannot be read (attributes/max-age.html)", line: "sid=1; Max-Age=60; Max-Age=soon", want: "sid"},
		{name: "the last Expires counts, also where it cannot be read", line: "sid=1; Expires={+30d}; Expires=soon", want: "sid"},
		{name: "flags twice", line: "sid=1; Secure; Secure; HttpOnly; HttpOnly", want: "sid HttpOnly Secure"},
		{name: "set twice", lines: []string{"sid=1", "sid=2; HttpOnly"}, want: "sid HttpOnly repeated"},
		{name: "set twice, the worse last", lines: []string{"sid=2; HttpOnly", "sid=1"}, want: "sid repeated"},
		{name: "set three times alike", lines: []string{"sid=1", "sid=2", "sid=3"}, want: "sid repeated"},
		{name: "set and deleted", lines: []string{"sid=1; HttpOnly", "sid=; Max-Age=0"}, want: "sid deleted repeated"},
		{name: "deleted and set", lines: []string{"sid=; Max-Age=0", "sid=1; HttpOnly"}, want: "sid HttpOnly repeated"},
		{name: "one path given, one by default", url: "https://app.example.com/a/b", lines: []string{"sid=1", "sid=2; Path=/a; Secure"}, want: "sid Secure Path=/a repeated"},
		{name: "two paths", lines: []string{"sid=1; Path=/a", "sid=2; Path=/b"}, want: "sid Path=/a | sid Path=/b"},
		{name: "two spellings of a path", lines: []string{"sid=1; Path=/a", "sid=2; Path=/a/"}, want: "sid Path=/a | sid Path=/a/"},
		{name: "a host's and a domain's", lines: []string{"sid=1", "sid=2; Domain=app.example.com"}, want: "sid | sid Domain=app.example.com domain"},
		{name: "two domains", lines: []string{"sid=1; Domain=app.example.com", "sid=2; Domain=example.com"}, want: "sid Domain=app.example.com domain | sid Domain=example.com registrable"},
		{name: "names in two cases", lines: []string{"sid=1", "SID=2"}, want: "SID | sid"},
		{name: "the second is dropped", lines: []string{"sid=1; HttpOnly", "sid=2; SameSite=None"}, want: "sid HttpOnly | sid SameSite=None drop=same_site_none_without_secure"},
		{name: "the first is dropped", lines: []string{"sid=1; Domain=com", "sid=2"}, want: "sid | sid Domain=com drop=public_suffix"},
		{name: "one partitioned, one not (partitioned-cookies)", lines: []string{"sid=1; Secure", "sid=2; Secure; Partitioned"}, want: "sid Secure | sid Secure Partitioned"},
		{name: "sorted, not as sent", lines: []string{"c=1", "a=1", "b=1"}, want: "a | b | c"},
		{name: "two names with random ends", lines: []string{".AspNetCore.Correlation.f0Yq8vJ3kQm2xT7bLw=1; HttpOnly", ".AspNetCore.Correlation.aZ81kd03mQp5rX2nVs=1; HttpOnly"}, want: ".AspNetCore.Correlation.* HttpOnly"},
	}
}

func quoteCases() []setCookieCase {
	return []setCookieCase{
		{name: "a quoted value", line: `sid="1"; HttpOnly`, want: "sid HttpOnly"},
		{name: "a semicolon in quotes ends the value (value/value.html)", line: `sid="1; HttpOnly"`, want: "sid"},
		{name: "quotes that never end", line: `sid="1; HttpOnly; Secure`, want: "sid HttpOnly Secure"},
		{name: "a quoted attribute", line: `sid=1; "HttpOnly"`, want: "sid"},
		{name: "a quoted Path", line: `sid=1; Path="/"`, want: "sid"},
		{name: "a quoted Domain", line: `sid=1; Domain="example.com"`, want: `sid Domain="example.com" drop=domain_mismatch`},
		{name: "a quoted SameSite", line: `sid=1; SameSite="Lax"`, want: "sid SameSite?"},
		{name: "a quoted Expires", line: `sid=1; Expires="{+30d}"`, want: "sid persistent"},
		{name: "a quoted Max-Age", line: `sid=1; Max-Age="60"`, want: "sid"},
		{name: "a quoted name", line: `"sid"=1`, want: `"\"sid\""`},
		{name: "an escaped quote", line: `sid="a\"; HttpOnly`, want: "sid HttpOnly"},
		{name: "single quotes", line: `sid='1;Secure'`, want: "sid"},
	}
}

func whitespaceCases() []setCookieCase {
	return []setCookieCase{
		{name: "around the name and the value", line: "  sid  =  1  ", want: "sid"},
		{name: "tabs (name/name.html)", line: "\tsid\t=\t1\t;\tHttpOnly\t", want: "sid HttpOnly"},
		{name: "in the name", line: "my sid=1", want: `"my sid"`},
		{
			name: "a tab in the name", line: "my\tsid=1", want: "my\ufffdsid",
			chromium: "keeps no cookie with a tab inside", kept: "",
		},
		{
			name: "a tab in the value (value/value-ctl.html)", line: "sid=a\tb", want: "sid",
			chromium: "keeps no cookie with a tab inside", kept: "",
		},
		{name: "around attributes", line: "sid=1 ; \t Path \t = \t /a \t ; Secure", want: "sid Secure Path=/a"},
		{name: "inside a flag", line: "sid=1; Http Only", want: "sid"},
		{name: "a form feed is a control character", line: "sid=1;\fHttpOnly", want: "sid drop=control_character"},
		{name: "NUL in the name (name/name-ctl.html)", line: "s\x00id=1", want: "s\ufffdid drop=control_character"},
		{name: "NUL in the value", line: "sid=a\x00b; HttpOnly", want: "sid HttpOnly drop=control_character"},
		{name: "a control character in the name", line: "s\x01id=1", want: "s\ufffdid drop=control_character"},
		{name: "a control character in the value", line: "sid=1\x1f", want: "sid drop=control_character"},
		{name: "DEL in the value", line: "sid=\x7f", want: "sid drop=control_character"},
		{name: "DEL in a Path (attributes/attributes-ctl.sub.html)", line: "sid=1; Path=/\x7f", want: "sid Path=/\ufffd drop=control_character"},
		{name: "an escape in an unknown attribute", line: "sid=1; foo=\x1b[2J; HttpOnly", want: "sid HttpOnly drop=control_character"},
		{name: "a control character between attributes", line: "sid=1; \x02; Secure", want: "sid Secure drop=control_character"},
		{
			name: "a carriage return in the value", line: "sid=1\rHttpOnly", want: "sid drop=control_character",
			chromium: "ends the line of the header at it, before any cookie is read", kept: "sid app.example.com /",
		},
		{name: "a no-break space is a letter", line: "\u00a0sid=1", want: "\"\\u00a0sid\""},
	}
}

func encodingCases() []setCookieCase {
	return []setCookieCase{
		{name: "UTF-8 in the value (encoding/charset.html)", line: "sid=\u00e6\u00f8\u00e5; HttpOnly", want: "sid HttpOnly"},
		{name: "UTF-8 in the name", line: "\u00f8kt=1; Secure", want: "\u00f8kt Secure"},
		{name: "Latin-1 in the value", line: "sid=\xe6\xf8\xe5; HttpOnly", want: "sid HttpOnly"},
		{
			name: "Latin-1 in the name", line: "\xf8kt=1", want: "\ufffdkt",
			chromium: "shows names as UTF-8, without the bytes that are none", kept: "kt app.example.com /",
		},
		{name: "a control of Latin-1 is none", line: "sid=\u0085; HttpOnly", want: "sid HttpOnly"},
		{name: "half a character", line: "sid=\xe2\x82; HttpOnly", want: "sid HttpOnly"},
		{name: "UTF-8 in a Path", line: "sid=1; Path=/\u00f8", want: "sid Path=/\u00f8"},
		{name: "percent stays as it is", line: "si%64=%3B%20HttpOnly", want: "si%64"},
		{
			name: "UTF-8 in a Domain (attributes/domain.sub.html)", url: "https://a.xn--bcher-kva.example/", line: "sid=1; Domain=b\u00fccher.example", want: "sid Domain=b\u00fccher.example drop=domain_mismatch",
			chromium: "writes the domain in ASCII first; the draft and Firefox do not", kept: "sid .xn--bcher-kva.example /",
		},
		{name: "the same Domain in ASCII", url: "https://a.xn--bcher-kva.example/", line: "sid=1; Domain=XN--BCHER-KVA.example", want: "sid Domain=xn--bcher-kva.example registrable"},
	}
}

func sizeCases() []setCookieCase {
	fill := func(n int) string { return strings.Repeat("x", n) }
	return []setCookieCase{
		{name: "4096 in name and value (size/name-and-value.html)", line: "sid=" + fill(4093) + "; HttpOnly", want: "sid HttpOnly"},
		{name: "one more", line: "sid=" + fill(4094) + "; HttpOnly", want: "sid HttpOnly drop=too_large"},
		{name: "4096 in a value alone", line: fill(4096), want: `""`},
		{name: "4097 in a value alone", line: "=" + fill(4097), want: `"" drop=too_large`},
		{name: "white space counts nothing", line: "sid=   " + fill(4093) + "   ", want: "sid"},
		{name: "bytes count, not characters", line: "sid=" + strings.Repeat("\u00f8", 2047), want: "sid drop=too_large"},
		{name: "a Path of 1024 (size/attributes.www.sub.html)", line: "sid=1; Path=/" + strings.Repeat("a/", 511) + "a", want: "sid Path=/" + strings.Repeat("a/", 511) + "a"},
		{name: "a Path of 1025 is ignored", line: "sid=1; Path=/" + strings.Repeat("a/", 512) + "; Secure", want: "sid Secure"},
		{name: "a Path that is too long does not undo one before", line: "sid=1; Path=/a; Path=/" + fill(1024), want: "sid Path=/a"},
		{name: "a Domain that is too long is ignored", line: "sid=1; Domain=" + fill(1025) + ".example.com", want: "sid"},
		{name: "a Max-Age that is too long is ignored", line: "sid=1; Max-Age=" + strings.Repeat("1", 1025), want: "sid"},
		{name: "a flag whose value is too long is ignored", line: "sid=1; HttpOnly=" + fill(1025), want: "sid"},
		{name: "a line of 20 KB of attributes", line: "sid=1" + strings.Repeat("; foo="+fill(1000), 20) + "; HttpOnly", want: "sid HttpOnly"},
	}
}

func namelessCases() []setCookieCase {
	return []setCookieCase{
		{name: "a value alone (name/name.html)", line: "sid", want: `""`},
		{name: "a value behind an equals sign", line: "=sid; HttpOnly", want: `"" HttpOnly`},
		{
			name: "two equals signs", line: "==sid", want: `""`,
			chromium: "keeps no cookie without a name whose value has an equals sign", kept: "",
		},
		{
			name: "a value with an equals sign", line: "=sid=1", want: `""`,
			chromium: "keeps no cookie without a name whose value has an equals sign", kept: "",
		},
		{name: "white space for a name", line: " \t=1", want: `""`},
		{name: "a flag alone is a value", line: "HttpOnly", want: `""`},
		{name: "a flag alone, and a flag", line: "HttpOnly; Secure", want: `"" Secure`},
		{name: "a name alone", line: "sid=", want: "sid"},
		{name: "nothing", line: "", want: `"" drop=empty`},
		{name: "an equals sign", line: "=; HttpOnly", want: `"" HttpOnly drop=empty`},
		{name: "a semicolon", line: ";", want: `"" drop=empty`},
		{name: "white space", line: " \t ; Secure", want: `"" Secure drop=empty`},
		{name: "two without a name", lines: []string{"a", "=b; Secure"}, want: `"" Secure repeated`},
	}
}
