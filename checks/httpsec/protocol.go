package httpsec

import (
	"crypto/tls"

	"github.com/gradewatch/gradewatch/checks"
)

func protocolName(version uint16) checks.Protocol {
	switch version {
	case tls.VersionTLS10:
		return checks.TLSv10
	case tls.VersionTLS11:
		return checks.TLSv11
	case tls.VersionTLS12:
		return checks.TLSv12
	case tls.VersionTLS13:
		return checks.TLSv13
	}
	return ""
}
