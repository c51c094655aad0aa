package httpsec_test

func prefixCases() []setCookieCase {
	return []setCookieCase{
		{name: "__Secure- with Secure (prefix/__secure.header.https.html)", line: "__Secure-a=1; Secure", want: "__Secure-a Secure"},
		{name: "__Secure- without", line: "__Secure-a=1", want: "__Secure-a drop=secure_prefix"},
		{name: "__Secure- in another case", line: "__SeCuRe-a=1", want: "__SeCuRe-a drop=secure_prefix"},
		{name: "__Secure- over http", url: "http://app.example.com/", line: "__Secure-a=1; Secure", want: "__Secure-a Secure drop=secure_over_http"},
		{name: "__Secure- over http without Secure", url: "http://app.example.com/", line: "__Secure-a=1", want: "__Secure-a drop=secure_prefix"},
		{name: "__Secure- with a Domain", line: "__Secure-a=1; Secure; Domain=example.com", want: "__Secure-a Secure Domain=example.com registrable"},
		{name: "__Secure without its hyphen", line: "__Secure=1", want: "__Secure"},
		{name: "one underscore", line: "_Secure-a=1", want: "_Secure-a"},
		{name: "__Host- as it must be (prefix/__host.header.https.html)", line: "__Host-a=1; Secure; Path=/", want: "__Host-a Secure Path=/"},
		{name: "__Host- and nothing more", line: "__Host-=1; Secure; Path=/", want: "__Host- Secure Path=/"},
		{name: "__Host- without Secure", line: "__Host-a=1; Path=/", want: "__Host-a Path=/ drop=host_prefix"},
		{name: "__Host- without a Path", line: "__Host-a=1; Secure", want: "__Host-a Secure drop=host_prefix"},
		{name: "__Host- with the default path /", url: "https://app.example.com/", line: "__Host-a=1; Secure", want: "__Host-a Secure drop=host_prefix"},
		{name: "__Host- with another Path", line: "__Host-a=1; Secure; Path=/app", want: "__Host-a Secure Path=/app drop=host_prefix"},
		{name: "__Host- with a Domain", line: "__Host-a=1; Secure; Path=/; Domain=example.com", want: "__Host-a Secure Domain=example.com Path=/ registrable drop=host_prefix"},
		{name: "__Host- with the host as Domain", line: "__Host-a=1; Secure; Path=/; Domain=app.example.com", want: "__Host-a Secure Domain=app.example.com Path=/ domain drop=host_prefix"},
		{name: "__Host- with an empty Domain", line: "__Host-a=1; Secure; Path=/; Domain=", want: "__Host-a Secure Path=/"},
		{name: "__Host- in another case", line: "__HOST-a=1; Secure", want: "__HOST-a Secure drop=host_prefix"},
		{name: "__Host- with a Path and another", line: "__Host-a=1; Secure; Path=/a; Path=/", want: "__Host-a Secure Path=/"},
		{name: "__Host- with an address as Domain", url: "https://192.0.2.1/", line: "__Host-a=1; Secure; Path=/; Domain=192.0.2.1", want: "__Host-a Secure Domain=192.0.2.1 Path=/"},
		{
			name: "__Host- with a public suffix as host and Domain", url: "https://github.io/", line: "__Host-a=1; Secure; Path=/; Domain=github.io", want: "__Host-a Secure Domain=github.io Path=/",
			chromium: "takes only an address in the Domain of such a cookie; the layered draft and Firefox take every Domain that leaves it with its host", kept: "",
		},
		{name: "__Http- as it must be (prefix/__http.header.https.html)", line: "__Http-a=1; Secure; HttpOnly", want: "__Http-a HttpOnly Secure"},
		{name: "__Http- without HttpOnly", line: "__Http-a=1; Secure", want: "__Http-a Secure drop=http_prefix"},
		{name: "__Http- without Secure", line: "__Http-a=1; HttpOnly", want: "__Http-a HttpOnly drop=http_prefix"},
		{name: "__Http- in another case", line: "__HTTP-a=1; Secure", want: "__HTTP-a Secure drop=http_prefix"},
		{name: "__Host-Http- as it must be", line: "__Host-Http-a=1; Secure; HttpOnly; Path=/", want: "__Host-Http-a HttpOnly Secure Path=/"},
		{name: "__Host-Http- without HttpOnly", line: "__Host-Http-a=1; Secure; Path=/", want: "__Host-Http-a Secure Path=/ drop=http_prefix"},
		{name: "__Host-Http- without a Path", line: "__Host-Http-a=1; Secure; HttpOnly", want: "__Host-Http-a HttpOnly Secure drop=host_prefix"},
		{name: "__Host-Http- in another case", line: "__host-HTTP-a=1; Secure; Path=/", want: "__host-HTTP-a Secure Path=/ drop=http_prefix"},
	}
}

func hiddenPrefixCases() []setCookieCase {
	return []setCookieCase{
		{name: "__Host- in a value alone (name/name.html)", line: "__Host-a; Secure; Path=/", want: `"" Secure Path=/ drop=hidden_prefix`},
		{name: "__Secure- behind an equals sign (prefix/__secure.header.https.html)", line: "=__Secure-a=1; Secure", want: `"" Secure drop=hidden_prefix`},
		{name: "__Host- in another case", line: "=__hOsT-a=1; Secure; Path=/", want: `"" Secure Path=/ drop=hidden_prefix`},
		{name: "__Http-", line: "=__Http-a=1; Secure; HttpOnly", want: `"" HttpOnly Secure drop=hidden_prefix`},
		{name: "__Host-Http-", line: "=__Host-Http-a=1; Secure; HttpOnly; Path=/", want: `"" HttpOnly Secure Path=/ drop=hidden_prefix`},
		{name: "white space before it", line: "= \t__Host-a=1; Secure; Path=/", want: `"" Secure Path=/ drop=hidden_prefix`},
		{
			name: "a second equals sign before it", line: "==__Host-a=1; Secure; Path=/", want: `"" Secure Path=/`,
			chromium: "keeps no cookie without a name whose value has an equals sign", kept: "",
		},
		{name: "in the value of a cookie with a name", line: "a=__Host-b=1", want: "a"},
	}
}

func domainCases() []setCookieCase {
	return []setCookieCase{
		{name: "the registrable one (attributes/domain.sub.html)", line: "sid=1; Domain=example.com", want: "sid Domain=example.com registrable"},
		{name: "with a dot first, in any case", line: "sid=1; Domain=.Example.COM", want: "sid Domain=example.com registrable"},
		{name: "the host itself goes below it too", line: "sid=1; Domain=app.example.com", want: "sid Domain=app.example.com domain"},
		{name: "the host itself, where it is the registrable one", url: "https://example.com/", line: "sid=1; Domain=example.com", want: "sid Domain=example.com registrable"},
		{name: "between host and registrable", url: "https://a.b.example.com/", line: "sid=1; Domain=b.example.com", want: "sid Domain=b.example.com domain"},
		{name: "empty", line: "sid=1; Domain=", want: "sid"},
		{name: "without a value", line: "sid=1; Domain", want: "sid"},
		{name: "a dot", line: "sid=1; Domain=.", want: "sid Domain=. drop=domain_mismatch"},
		{name: "two dots", line: "sid=1; Domain=..", want: "sid Domain=. drop=domain_mismatch"},
		{name: "two dots first", line: "sid=1; Domain=..example.com", want: "sid Domain=.example.com drop=domain_mismatch"},
		{name: "a dot last", line: "sid=1; Domain=example.com.", want: "sid Domain=example.com. drop=domain_mismatch"},
		{name: "foreign", line: "sid=1; Domain=example.net", want: "sid Domain=example.net drop=domain_mismatch"},
		{name: "below the host", line: "sid=1; Domain=x.app.example.com", want: "sid Domain=x.app.example.com drop=domain_mismatch"},
		{name: "beside the host", line: "sid=1; Domain=api.example.com", want: "sid Domain=api.example.com drop=domain_mismatch"},
		{name: "an end of the host that is no label", line: "sid=1; Domain=ample.com", want: "sid Domain=ample.com drop=domain_mismatch"},
		{name: "with a port", line: "sid=1; Domain=example.com:443", want: "sid Domain=example.com:443 drop=domain_mismatch"},
		{name: "with a scheme", line: "sid=1; Domain=https://example.com", want: "sid Domain=https://example.com drop=domain_mismatch"},
		{name: "two in one", line: "sid=1; Domain=example.com,app.example.com", want: "sid Domain=example.com,app.example.com drop=domain_mismatch"},
		{name: "percent", line: "sid=1; Domain=ex%61mple.com", want: "sid Domain=ex%61mple.com drop=domain_mismatch"},
		{name: "an address, as it is", url: "https://192.0.2.1/", line: "sid=1; Domain=192.0.2.1", want: "sid Domain=192.0.2.1"},
		{name: "an address with a dot first", url: "https://192.0.2.1/", line: "sid=1; Domain=.192.0.2.1", want: "sid Domain=192.0.2.1"},
		{name: "the end of an address", url: "https://192.0.2.1/", line: "sid=1; Domain=2.1", want: "sid Domain=2.1 drop=domain_mismatch"},
		{name: "an IPv6 address", url: "https://[2001:db8::1]/", line: "sid=1; HttpOnly", want: "sid HttpOnly"},
		{name: "a host of one label, as it is", url: "https://intranet/", line: "sid=1; Domain=intranet", want: "sid Domain=intranet"},
		{name: "a host of one label, with a dot first", url: "https://intranet/", line: "sid=1; Domain=.intranet", want: "sid Domain=intranet"},
	}
}

func publicSuffixCases() []setCookieCase {
	return []setCookieCase{
		{name: "com", line: "sid=1; Domain=com", want: "sid Domain=com drop=public_suffix"},
		{name: "com with a dot first", line: "sid=1; Domain=.com", want: "sid Domain=com drop=public_suffix"},
		{name: "co.uk", url: "https://app.example.co.uk/", line: "sid=1; Domain=co.uk", want: "sid Domain=co.uk drop=public_suffix"},
		{name: "below co.uk", url: "https://app.example.co.uk/", line: "sid=1; Domain=example.co.uk", want: "sid Domain=example.co.uk registrable"},
		{name: "one of the private section", url: "https://partner.github.io/", line: "sid=1; Domain=github.io", want: "sid Domain=github.io drop=public_suffix"},
		{name: "below one of the private section", url: "https://partner.azurewebsites.net/", line: "sid=1; Domain=partner.azurewebsites.net", want: "sid Domain=partner.azurewebsites.net registrable"},
		{name: "the host is one", url: "https://github.io/", line: "sid=1; Domain=github.io", want: "sid Domain=github.io"},
		{name: "a rule with a wildcard", url: "https://www.example.ck/", line: "sid=1; Domain=example.ck", want: "sid Domain=example.ck drop=public_suffix"},
		{name: "the exception of a wildcard", url: "https://a.www.ck/", line: "sid=1; Domain=www.ck", want: "sid Domain=www.ck registrable"},
		{name: "a top level that is not listed", url: "https://a.b.unlisted/", line: "sid=1; Domain=unlisted", want: "sid Domain=unlisted drop=public_suffix"},
		{name: "below a top level that is not listed", url: "https://a.b.unlisted/", line: "sid=1; Domain=b.unlisted", want: "sid Domain=b.unlisted registrable"},
		{name: "a foreign suffix", line: "sid=1; Domain=net", want: "sid Domain=net drop=domain_mismatch"},
	}
}

func pathCases() []setCookieCase {
	return []setCookieCase{
		{name: "default of a page (path/default.html)", url: "https://app.example.com/a/b/c", line: "sid=1", want: "sid"},
		{name: "default of a folder", url: "https://app.example.com/a/b/", line: "sid=1", want: "sid"},
		{name: "default of the root", url: "https://app.example.com", line: "sid=1", want: "sid"},
		{name: "default with a query that has slashes", url: "https://app.example.com/a/b?next=/c/d", line: "sid=1", want: "sid"},
		{name: "default with an escaped slash", url: "https://app.example.com/a%2Fb/c", line: "sid=1", want: "sid"},
		{name: "given (path/match.html)", line: "sid=1; Path=/app", want: "sid Path=/app"},
		{name: "another folder than the page's", url: "https://app.example.com/a/b", line: "sid=1; Path=/other/place", want: "sid Path=/other/place"},
		{name: "without its slash", line: "sid=1; Path=app", want: "sid"},
		{name: "a full address", line: "sid=1; Path=https://app.example.com/", want: "sid"},
		{name: "with a dot", line: "sid=1; Path=/a/../b", want: "sid Path=/a/../b"},
		{name: "with a query", line: "sid=1; Path=/a?b=c", want: "sid Path=/a?b=c"},
		{name: "with an equals sign", line: "sid=1; Path=/a=b", want: "sid Path=/a=b"},
		{name: "escaped", line: "sid=1; Path=/%61", want: "sid Path=/%61"},
		{name: "two slashes", line: "sid=1; Path=//a", want: "sid Path=//a"},
		{name: "a space inside", line: "sid=1; Path=/a b", want: "sid Path=/a b"},
		{name: "a random segment", line: "sid=1; Path=/9f86d081884c7d659a2feaa0c55ad015/x", want: "sid Path=/*/x"},
	}
}

func partitionedCases() []setCookieCase {
	return []setCookieCase{
		{name: "with Secure", line: "sid=1; Secure; Partitioned; SameSite=None; Path=/", want: "sid Secure SameSite=None Path=/ Partitioned"},
		{name: "without Secure (partitioned-cookies)", line: "sid=1; Partitioned", want: "sid Partitioned drop=partitioned_without_secure"},
		{name: "with a value", line: "sid=1; Secure; Partitioned=false", want: "sid Secure Partitioned"},
		{name: "in any case, with a Domain", line: "sid=1; Secure; PARTITIONED; Domain=example.com", want: "sid Secure Domain=example.com Partitioned registrable"},
		{name: "over http", url: "http://app.example.com/", line: "sid=1; Partitioned", want: "sid Partitioned drop=partitioned_without_secure"},
		{name: "over http with Secure", url: "http://app.example.com/", line: "sid=1; Partitioned; Secure", want: "sid Secure Partitioned drop=secure_over_http"},
		{name: "__Host- and Partitioned", line: "__Host-a=1; Secure; Path=/; Partitioned; SameSite=None; HttpOnly", want: "__Host-a HttpOnly Secure SameSite=None Path=/ Partitioned"},
		{name: "None and Partitioned without Secure", line: "sid=1; SameSite=None; Partitioned", want: "sid SameSite=None Partitioned drop=same_site_none_without_secure"},
	}
}

func sameSiteCases() []setCookieCase {
	return []setCookieCase{
		{name: "Strict", line: "sid=1; SameSite=Strict", want: "sid SameSite=Strict"},
		{name: "Lax in any case (samesite/setcookie-lax.https.html)", line: "sid=1; samesite=LAX", want: "sid SameSite=Lax"},
		{name: "None with Secure", line: "sid=1; SameSite=None; Secure", want: "sid Secure SameSite=None"},
		{name: "None in any case", line: "sid=1; Secure; SameSite=nONE", want: "sid Secure SameSite=None"},
		{name: "None without Secure (samesite-none-secure)", line: "sid=1; SameSite=None", want: "sid SameSite=None drop=same_site_none_without_secure"},
		{name: "None without Secure over http", url: "http://app.example.com/", line: "sid=1; SameSite=None", want: "sid SameSite=None drop=same_site_none_without_secure"},
		{name: "None with Secure over http", url: "http://app.example.com/", line: "sid=1; SameSite=None; Secure", want: "sid Secure SameSite=None drop=secure_over_http"},
		{name: "None deletes only with Secure", line: "sid=; SameSite=None; Max-Age=0", want: "sid SameSite=None deleted drop=same_site_none_without_secure"},
		{name: "unknown", line: "sid=1; SameSite=Maybe", want: "sid SameSite?"},
		{name: "empty", line: "sid=1; SameSite=", want: "sid SameSite?"},
		{name: "without a value", line: "sid=1; SameSite", want: "sid SameSite?"},
		{name: "two values", line: "sid=1; SameSite=Lax,Strict", want: "sid SameSite?"},
		{name: "white space around", line: "sid=1; SameSite = Lax ", want: "sid SameSite=Lax"},
		{name: "with a hyphen", line: "sid=1; Same-Site=Strict", want: "sid"},
		{name: "letters that only look like it", line: "sid=1; SameSite=\u017ftrict", want: "sid SameSite?"},
		{name: "over http", url: "http://app.example.com/", line: "sid=1; SameSite=Strict", want: "sid SameSite=Strict"},
	}
}

func secureCases() []setCookieCase {
	return []setCookieCase{
		{name: "over http (secure/set-from-http.sub.html)", url: "http://app.example.com/", line: "sid=1; Secure", want: "sid Secure drop=secure_over_http"},
		{name: "HttpOnly over http", url: "http://app.example.com/", line: "sid=1; HttpOnly", want: "sid HttpOnly"},
		{name: "over http from the machine itself", url: "http://localhost/", line: "sid=1; Secure", want: "sid Secure"},
		{name: "over http from a loopback address", url: "http://127.0.0.1/", line: "sid=1; Secure", want: "sid Secure"},
		{name: "over https, beside one without", lines: []string{"a=1; Secure", "b=1"}, want: "a Secure | b"},
	}
}
