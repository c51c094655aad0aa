// Package renewal says when a certificate should have been renewed: by the
// share of its lifetime that is used, and by what its issuer asks for (ARI,
// RFC 9773). It reads no clock and asks nobody.
//
// # By share of the lifetime
//
// A certificate is due when two thirds of its lifetime are used, or half of it
// where it lives under ten days. That is when clients renew that follow
// Let's Encrypt's integration guide (https://letsencrypt.org/docs/integration-guide/),
// so nothing is wrong yet at that moment: such a client runs once or twice a
// day, with a random delay, and renews after the moment has passed. It is
// overdue when a third of the time that was left then is gone too: seven ninths
// of the lifetime used, or two thirds under ten days. A third of what is left is
// the smallest round share that lets a daily run still be good for certificates
// of six days and of ten days (24 h and 26.7 h), which have the least room. It
// also lets issuers be good that renew by themselves a little later: Amazon's
// renew certificates of 198 days 45 days before they end, which is 24 hours
// before they are overdue here.
//
// # By the issuer's window
//
// A window that its issuer publishes for this very certificate is believed
// where it is possible at all: it begins before it ends, and does not end after
// the certificate. Then
//
//   - a window that ends in the usual time moves the alarm to its end where that
//     is later, but never past the middle between due and expiry: an issuer may
//     ask for less time to act, not for none;
//   - it never moves the alarm forward without a reason, since who renews by
//     share, without asking the issuer, renews well;
//   - a window that ends clearly before the certificate is due was moved: its
//     issuer wants the certificate gone, for a mass revocation mostly, and that
//     alarms from the beginning of the window;
//   - so does, from its end, any window for which the issuer gives an explanation.
package renewal
