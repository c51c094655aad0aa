package bounce

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

const (
	delivery = "0b8a3c1e-6f1d-4c55-9a52-0d2f8a5c7e11"
	made     = "bounces+0b8a3c1e6f1d4c559a520d2f8a5c7e11@gradewatch.example"
)

// returned is a report of RFC 3464 about one recipient.
func returned(fields string) string {
	return strings.ReplaceAll(`Return-Path: <>
From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: `+made+`
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="0123.4567/mx.example"

This is a MIME-encapsulated message.

--0123.4567/mx.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.

--0123.4567/mx.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
X-Postfix-Queue-ID: 0123
Arrival-Date: Sat, 21 Nov 2026 12:00:00 +0000 (UTC)

`+fields+`
--0123.4567/mx.example
Content-Description: Undelivered Message
Content-Type: message/rfc822

From: Gradewatch <alerts@gradewatch.example>
Message-ID: <`+delivery+`@gradewatch.example>
Subject: 550 5.1.1 is what we say ourselves

text
--0123.4567/mx.example--
`, "\n", "\r\n")
}

const unknownUser = `Final-Recipient: rfc822; ada@acme.example
Original-Recipient: rfc822;ada@acme.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.acme.example
Diagnostic-Code: smtp; 550 5.1.1 <ada@acme.example>: Recipient address rejected:
    User unknown
`

// examples are messages as mail servers and people send them.
func examples() map[string]struct {
	raw, recipient string
	want           Report
} {
	type example = struct {
		raw, recipient string
		want           Report
	}
	id := uuid.MustParse(delivery)
	plain := func(head, body string) string { return head + "\n\n" + body + "\n" }
	late := "it says that the mail is delivered, passed on or only late"
	return map[string]example{
		"Postfix": {returned(unknownUser), made, Report{
			Kind: Permanent, Delivery: id, Recipient: "ada@acme.example", Code: 550, Status: "5.1.1",
			Diagnostic: "550 5.1.1 <ada@acme.example>: Recipient address rejected: User unknown",
		}},
		"a mailbox file": {"From MAILER-DAEMON Sat Nov 21 12:00:00 2026\r\n" + returned(unknownUser), "", Report{
			Kind: Permanent, Delivery: id, Recipient: "ada@acme.example", Code: 550, Status: "5.1.1",
			Diagnostic: "550 5.1.1 <ada@acme.example>: Recipient address rejected: User unknown",
		}},
		"known by what is returned": {strings.ReplaceAll(returned(unknownUser), made, "somebody@gradewatch.example"), "somebody@gradewatch.example", Report{
			Kind: Permanent, Delivery: id, Recipient: "ada@acme.example", Code: 550, Status: "5.1.1",
			Diagnostic: "550 5.1.1 <ada@acme.example>: Recipient address rejected: User unknown",
		}},
		"Exchange": {returned("Final-Recipient: rfc822;ada@acme.example\nAction: failed\nStatus: 5.1.10\nDiagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ada@acme.example not found by SMTP address lookup\nRemote-MTA: dns;mail.protection.example\n"), made, Report{
			Kind: Permanent, Delivery: id, Recipient: "ada@acme.example", Code: 550, Status: "5.1.10",
			Diagnostic: "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ada@acme.example not found by SMTP address lookup",
		}},
		"Gmail, a full mailbox": {returned("Final-Recipient: rfc822; ada@acme.example\nAction: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552-5.2.2 The recipient's inbox is out of storage space.\n"), made, Report{
			Kind: Permanent, Delivery: id, Recipient: "ada@acme.example", Code: 552, Status: "5.2.2", Diagnostic: "552-5.2.2 The recipient's inbox is out of storage space.",
		}},
		"a vague status": {returned("Final-Recipient: rfc822; ada@acme.example\nAction: failed\nStatus: 5.0.0 (undefined)\nDiagnostic-Code: smtp; 550 #5.1.1 no mailbox\n"), made, Report{
			Kind: Permanent, Delivery: id, Recipient: "ada@acme.example", Code: 550, Status: "5.1.1", Diagnostic: "550 #5.1.1 no mailbox",
		}},
		"no status": {returned("Final-Recipient: rfc822; ada@acme.example\nAction: failed\nDiagnostic-Code: smtp; 550 no mailbox\n"), made, Report{
			Kind: Permanent, Delivery: id, Recipient: "ada@acme.example", Code: 550, Diagnostic: "550 no mailbox",
		}},
		"given up after days": {returned("Final-Recipient: rfc822; ada@acme.example\nAction: failed\nStatus: 4.4.1\nDiagnostic-Code: X-Postfix; connect to mail.acme.example: Connection timed out\n"), made, Report{
			Kind: Transient, Delivery: id, Recipient: "ada@acme.example", Status: "4.4.1", Diagnostic: "connect to mail.acme.example: Connection timed out",
		}},
		"delayed": {returned("Final-Recipient: rfc822; ada@acme.example\nAction: delayed\nStatus: 4.4.1\nWill-Retry-Until: Thu, 26 Nov 2026 12:00:00 +0000\n"), made, Report{Why: late}},
		"relayed": {returned("Final-Recipient: rfc822; ada@acme.example\nAction: relayed\nStatus: 2.0.0\n"), made, Report{Why: late}},
		"the worst of two": {returned("Final-Recipient: rfc822; one@acme.example\nAction: failed\nStatus: 4.2.2\n\n" + unknownUser), made, Report{
			Kind: Permanent, Delivery: id, Recipient: "ada@acme.example", Code: 550, Status: "5.1.1",
			Diagnostic: "550 5.1.1 <ada@acme.example>: Recipient address rejected: User unknown",
		}},
		"of nobody's delivery": {
			strings.NewReplacer(made, "bounces@gradewatch.example", delivery, "other").Replace(returned(unknownUser)), "bounces@gradewatch.example",
			Report{Why: "it names no delivery of ours"},
		},
		"qmail": {
			plain("Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: "+made+"\nSubject: failure notice",
				"Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n\n<ada@acme.example>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 no such user\nGiving up on 192.0.2.1.\n\n--- Below this line is a copy of the message.\n\nMessage-ID: <"+delivery+"@gradewatch.example>\n"),
			"",
			Report{Kind: Permanent, Delivery: id, Code: 550, Status: "5.1.1", Diagnostic: "550 5.1.1 no such user"},
		},
		"old Exim": {
			plain("From: Mail Delivery System <Mailer-Daemon@mx.example>\nTo: "+made+"\nX-Failed-Recipients: ada@acme.example\nAuto-Submitted: auto-replied\nSubject: Mail delivery failed: returning message to sender",
				"  ada@acme.example\n    SMTP error from remote mail server after RCPT TO:<ada@acme.example>:\n    host mail.acme.example [192.0.2.1]: 550-5.1.1 The account does not exist\n\n------ This is a copy of the message, including all the headers. ------\n"),
			made,
			Report{Kind: Permanent, Delivery: id, Recipient: "ada@acme.example", Code: 550, Status: "5.1.1", Diagnostic: "550-5.1.1 The account does not exist"},
		},
		"a vague one of a mail server": {
			plain("Return-Path: <>\nFrom: postmaster@mx.example\nTo: "+made+"\nSubject: Delivery failed", "Sorry, that did not work."),
			made,
			Report{Why: "it holds no refusal that says exactly what it is"},
		},
		"a warning": {
			plain("Return-Path: <>\nFrom: postmaster@mx.example\nTo: "+made+"\nSubject: Warning: could not send message for past 4 hours", "550 5.1.1 was said once"),
			made,
			Report{Why: "it says that the mail is only late"},
		},
		"out of office": {
			plain("From: Ada <ada@acme.example>\nTo: "+made+"\nSubject: Out of office\nAuto-Submitted: auto-replied (vacation)", "I am away. 550 5.1.1"),
			made,
			Report{Why: "it is an automatic reply"},
		},
		"a person": {plain("From: Ada <ada@acme.example>\nTo: "+made+"\nSubject: What is this?", "550 5.1.1 means what?"), made, Report{Why: "no mail server wrote it"}},
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, example := range examples() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := Read([]byte(example.raw), example.recipient)
			require.NoError(t, err)
			require.Equal(t, example.want, report)
			require.NotContains(t, report.String(), "\n")
		})
	}
}

func TestWhatIsNoMessage(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", "\n", "\x00\xff", "no header at all", strings.Repeat("x", 2*MostBytes)} {
		_, err := Read([]byte(raw), made)
		require.ErrorIs(t, err, ErrNoMessage)
	}
}

func TestDeliveryOf(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		made: true, strings.ToUpper(made): true, "a+b+" + made[8:]: true,
		"": false, "bounces@gradewatch.example": false, "bounces+@x": false, "bounces+zz@x": false, "bounces+" + delivery + "@x": false,
		"bounces+" + strings.Repeat("0", 32) + "@x": false, "bounces+" + strings.Repeat("g", 32) + "@x": false,
	} {
		id, found := DeliveryOf(address)
		require.Equal(t, want, found, address)
		if want {
			require.Equal(t, delivery, id.String())
		}
	}
}

func TestAtFault(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		code   int
		status string
		want   bool
	}{
		{550, "5.1.1", true},
		{0, "5.1.10", true},
		{550, "5.1.2", true},
		{550, "5.2.1", true},
		{552, "5.2.2", true},
		{0, "5.4.4", true},
		{550, "", true},
		{551, "", true},
		{553, "", true},
		{550, "5.0.0", true},
		{552, "5.2.3", false}, // too large
		{550, "5.1.8", false}, // our address is at fault
		{554, "5.7.1", false}, // a policy: it may be about us
		{554, "", false},
		{530, "5.7.0", false},
		{0, "", false},
		{552, "5.3.4", false},
		{550, "5.6.1", false},
	} {
		require.Equal(t, test.want, AtFault(test.code, test.status), "%d %s", test.code, test.status)
	}
	require.True(t, Unknown("5.1.1") && Unknown("5.1.10"))
	require.False(t, Unknown("5.1.2") || Unknown(""))
}

func TestStatusIn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"5.1.1 no such user": "5.1.1", "#5.1.1 no": "5.1.1", "(5.2.2)": "5.2.2", "550 4.7.1 later": "4.7.1",
		"version 15.1.1": "", "5.1": "", "3.1.1 x": "", "192.0.2.1": "", "5.1.1234": "", "": "",
	} {
		require.Equal(t, want, StatusIn(text), text)
	}
}

func FuzzRead(f *testing.F) {
	for _, example := range examples() {
		f.Add([]byte(example.raw), example.recipient)
	}
	f.Add([]byte("Content-Type: multipart/report; report-type=delivery-status; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=a\n\n--a\n"), "+@")
	f.Fuzz(func(t *testing.T, raw []byte, recipient string) {
		report, err := Read(raw, recipient)
		if err != nil {
			return
		}
		if (report.Kind == Nothing) != (report.Why != "") {
			t.Fatalf("a report is either a bounce or says why not: %+v", report)
		}
		if report.Kind != Nothing && report.Delivery == uuid.Nil {
			t.Fatalf("a bounce of nothing: %+v", report)
		}
		for _, text := range []string{report.Diagnostic, report.Recipient} {
			if len(text) > diagnostic || strings.ContainsAny(text, "\r\n\x00") {
				t.Fatalf("%q is no line of %d bytes", text, diagnostic)
			}
		}
	})
}
