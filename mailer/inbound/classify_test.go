package inbound

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// dsn makes a report in the form of RFC 3464 as Postfix writes it.
func dsn(human string, recipients ...string) string {
	return "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example (Mail Delivery System)\r\nTo: bounces+TOKEN42@jobs.example\r\n" +
		"Subject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=\"B/1\"\r\n\r\nThis is a MIME-encapsulated message.\r\n\r\n" +
		"--B/1\r\nContent-Type: text/plain\r\n\r\n" + human + "\r\n\r\n" +
		"--B/1\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\nArrival-Date: Sun, 1 Mar 2026 07:00:00 +0100\r\n\r\n" +
		strings.Join(recipients, "\r\n\r\n") + "\r\n\r\n" +
		"--B/1\r\nContent-Type: text/rfc822-headers\r\n\r\nReturn-Path: <bounces+TOKEN42@jobs.example>\r\nFrom: Stellen <jobs@jobs.example>\r\n" +
		"To: a@example.org\r\nMessage-ID: <0123abcd@jobs.example>\r\n\r\n--B/1--\r\n"
}

func failed(to, status, diagnostic string) string {
	return "Final-Recipient: rfc822; " + to + "\r\nAction: failed\r\nStatus: " + status + "\r\nDiagnostic-Code: smtp; " + diagnostic
}

func plain(from, subject, body string) string {
	return "Return-Path: <>\nFrom: " + from + "\nTo: bounces+TOKEN42@jobs.example\nSubject: " + subject + "\n\n" + body
}

const copyOfOurs = "\nReturn-Path: <bounces+TOKEN42@jobs.example>\nTo: a@example.org\nMessage-ID: <0123abcd@jobs.example>\nSubject: Stellen\n\nHallo\n"

func TestClassify_DeliveryReports(t *testing.T) {
	cases := map[string]struct {
		group string
		want  Report
	}{
		"unknown user":          {failed("a@example.org", "5.1.1", "550 5.1.1 <a@example.org>: User unknown"), Report{Kind: Hard, Status: "5.1.1", Code: 550}},
		"unknown user, 5.0.0":   {failed("a@example.org", "5.0.0", "550 <a@example.org>: User unknown"), Report{Kind: Hard, Status: "5.0.0", Code: 550}},
		"unknown host":          {failed("a@example.org", "5.4.4", "Host or domain name not found. Name service error for name=example.org type=A: Host not found"), Report{Kind: Hard, Status: "5.4.4"}},
		"null MX":               {failed("a@example.org", "5.1.0", "Domain example.org does not accept mail (nullMX)"), Report{Kind: Hard, Status: "5.1.0"}},
		"full":                  {failed("a@example.org", "5.2.2", "552 5.2.2 mailbox full"), Report{Kind: Soft, Status: "5.2.2", Code: 552}},
		"full under 5.1.1":      {failed("a@example.org", "5.1.1", "550 5.1.1 user is over quota"), Report{Kind: Soft, Status: "5.1.1", Code: 550}},
		"blocked under 5.1.1":   {failed("a@example.org", "5.1.1", "550 5.1.1 message blocked by our policy"), Report{Kind: Soft, Policy: true, Status: "5.1.1", Code: 550}},
		"unauthenticated":       {failed("a@example.org", "5.7.26", "550-5.7.26 This mail is unauthenticated, the sender's domain does not exist in"), Report{Kind: Soft, Policy: true, Status: "5.7.26", Code: 550}},
		"policy, unknown user?": {failed("a@example.org", "5.7.1", "550 5.7.1 <a@example.org>: user unknown or rejected by policy"), Report{Kind: Soft, Policy: true, Status: "5.7.1", Code: 550}},
		"sender's domain":       {failed("a@example.org", "5.0.0", "553 <b@jobs.example>... Domain of sender address does not exist"), Report{Kind: Soft, Policy: true, Status: "5.0.0", Code: 553}},
		"disabled":              {failed("a@example.org", "5.2.1", "550 5.2.1 account disabled"), Report{Kind: Soft, Status: "5.2.1", Code: 550}},
		"given up":              {failed("a@example.org", "4.4.7", "421 4.4.7 delivery time expired"), Report{Kind: Soft, Status: "4.4.7", Code: 421}},
		"delayed":               {strings.Replace(failed("a@example.org", "4.1.1", "450 4.1.1 User unknown for now"), "failed", "delayed", 1), Report{Kind: Soft, Delayed: true, Status: "4.1.1", Code: 450}},
		"delivered":             {"Final-Recipient: rfc822; a@example.org\r\nAction: delivered\r\nStatus: 2.0.0", Report{Kind: Delivered, Status: "2.0.0"}},
		"Exchange Online":       {failed("a@example.org", "5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)"), Report{Kind: Hard, Status: "5.4.1", Code: 550}},
	}
	for name, tc := range cases {
		got := Classify([]byte(dsn("I could not deliver your message.", tc.group)))
		want := tc.want
		want.Recipient, want.Token, want.MessageID = "a@example.org", "TOKEN42", "0123abcd@jobs.example"
		if len(got) != 1 {
			t.Errorf("%s: %d reports", name, len(got))
			continue
		}
		got[0].Diagnostic = ""
		if got[0] != want {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got[0], want)
		}
	}
}

func TestClassify_EachRecipientOfAReport(t *testing.T) {
	got := Classify([]byte(dsn("<a@example.org>: no\r\n<b@example.org>: full",
		failed("a@example.org", "5.1.1", "550 5.1.1 no such user"), failed("b@example.org", "4.2.2", "452 4.2.2 mailbox full"))))
	if len(got) != 2 || got[0].Kind != Hard || got[1].Kind != Soft || got[1].Recipient != "b@example.org" {
		t.Errorf("got %+v", got)
	}
}

func TestClassify_ReportsWrittenForPeople(t *testing.T) {
	daemon := "Mail Delivery System <MAILER-DAEMON@mx.example>"
	cases := map[string]struct {
		mail string
		want Kind
	}{
		"qmail": {plain("MAILER-DAEMON@mx.example", "failure notice",
			"Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n\n<a@example.org>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n"+copyOfOurs), Hard},
		"Exim": {plain(daemon, "Mail delivery failed: returning message to sender",
			"A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  a@example.org\n    host mx [192.0.2.1]\n    SMTP error from remote mail server after RCPT TO:<a@example.org>:\n    550 unknown user\n\n------ This is a copy of the message, including all the headers. ------\n"+copyOfOurs), Hard},
		"Exim, after the data": {plain(daemon, "Mail delivery failed: returning message to sender",
			"The following address(es) failed:\n\n  a@example.org\n    SMTP error from remote mail server after end of data:\n    550 unknown user\n\n------ This is a copy of the message, including all the headers. ------\n"+copyOfOurs), Soft},
		"Exim, unknown domain": {plain(daemon, "Mail delivery failed: returning message to sender",
			"The following address(es) failed:\n\n  a@example.org\n    Unrouteable mail domain \"example.org\"\n\n------ This is a copy of the message ------\n"+copyOfOurs), Hard},
		"Exim, retry time": {plain(daemon, "Mail delivery failed: returning message to sender",
			"The following address(es) failed:\n\n  a@example.org\n    retry timeout exceeded\n\n------ This is a copy of the message ------\n"+copyOfOurs), Soft},
		"Sendmail": {plain(daemon, "Returned mail: User unknown",
			"   ----- The following addresses had permanent fatal errors -----\n<a@example.org>\n\n   ----- Transcript of session follows -----\n... while talking to mx.example.:\n>>> RCPT To:<a@example.org>\n<<< 550 <a@example.org>... User unknown\n550 <a@example.org>... User unknown\n\n   ----- Original message follows -----\n"+copyOfOurs), Hard},
		"German": {plain("Postmaster <postmaster@mx.example>", "Unzustellbar: Ihre Stellen",
			"Ihre Nachricht konnte nicht zugestellt werden.\n\na@example.org: Der Empf\u00e4nger existiert nicht.\n"), Hard},
		"full in German": {plain("Postmaster <postmaster@mx.example>", "Unzustellbar: Ihre Stellen",
			"Ihre Nachricht konnte nicht zugestellt werden.\n\na@example.org: Das Postfach ist voll.\n"), Soft},
		"warning": {plain(daemon, "Warning: message 1abc delayed 24 hours",
			"This message was created automatically by mail delivery software.\nDelivery to a@example.org has been delayed: user unknown yet.\nNo action is required on your part.\n"), Soft},
		"blacklisted": {plain(daemon, "Undelivered Mail Returned to Sender",
			"<a@example.org>: host mx said: 550 your host is on our blacklist (in reply to RCPT TO command)\n"), Soft},
	}
	for name, tc := range cases {
		got := Classify([]byte(tc.mail))
		if len(got) != 1 || got[0].Kind != tc.want || got[0].Recipient != "a@example.org" || got[0].Token != "TOKEN42" {
			t.Errorf("%s: got %+v, want %s", name, got, tc.want)
		}
	}
}

func TestClassify_Complaints(t *testing.T) {
	arf := func(fields string) string {
		return "From: fbl@provider.example\nTo: fbl@jobs.example\nSubject: complaint\nMIME-Version: 1.0\n" +
			"Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\nContent-Type: text/plain\n\nAn email abuse report.\n\n" +
			"--b\nContent-Type: message/feedback-report\n\n" + fields + "\n--b\nContent-Type: message/rfc822\n\n" + strings.TrimPrefix(copyOfOurs, "\n") + "\n--b--\n"
	}
	cases := map[string]struct {
		fields  string
		want    Report
		objects bool
	}{
		"abuse": {"Feedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\nOriginal-Mail-From: <bounces+TOKEN42@jobs.example>\nOriginal-Rcpt-To: <a@example.org>\n",
			Report{Kind: Complaint, Recipient: "a@example.org", Feedback: "abuse"}, true},
		"redacted": {"Feedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\n",
			Report{Kind: Complaint, Recipient: "a@example.org", Feedback: "abuse"}, true},
		"authentication": {"Feedback-Type: auth-failure\nVersion: 1\nOriginal-Rcpt-To: a@example.org\n",
			Report{Kind: Complaint, Recipient: "a@example.org", Feedback: "auth-failure"}, false},
		"not spam": {"Feedback-Type: not-spam\nVersion: 1\nOriginal-Rcpt-To: a@example.org\n",
			Report{Kind: Unknown, Recipient: "a@example.org", Feedback: "not-spam"}, false},
	}
	for name, tc := range cases {
		got := Classify([]byte(arf(tc.fields)))
		tc.want.Token, tc.want.MessageID = "TOKEN42", "0123abcd@jobs.example"
		if len(got) != 1 || got[0] != tc.want || got[0].Objects() != tc.objects {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, tc.want)
		}
	}
	many := Classify([]byte(arf("Feedback-Type: abuse\nOriginal-Rcpt-To: <a@example.org>\nOriginal-Rcpt-To: <b@example.org>\n")))
	if len(many) != 2 || many[1].Recipient != "b@example.org" {
		t.Errorf("two recipients: %+v", many)
	}
}

func TestClassify_WhatIsNoBounce(t *testing.T) {
	cases := map[string]struct {
		mail string
		want Kind
	}{
		"vacation by field": {"From: Person <a@example.org>\nTo: bounces+T@jobs.example\nAuto-Submitted: auto-replied\nSubject: Re: Stellen\n\nIch bin nicht da.\n", AutoReply},
		"vacation by words": {"From: Person <a@example.org>\nTo: bounces+T@jobs.example\nSubject: =?utf-8?Q?Abwesenheitsnotiz=3A_Stellen?=\n\nIch bin nicht da.\n", AutoReply},
		"a person":          {"From: Person <a@example.org>\nTo: bounces+T@jobs.example\nSubject: Frage\n\nHallo, wann kommt die n\u00e4chste Mail?\n", Unknown},
		"empty":             {"", Unknown},
	}
	for name, tc := range cases {
		if got := Classify([]byte(tc.mail)); len(got) != 1 || got[0].Kind != tc.want {
			t.Errorf("%s: %+v, want %s", name, got, tc.want)
		}
	}
}

func TestClassify_RelayNotifications(t *testing.T) {
	mail := func(json string) []byte {
		return []byte("From: no-reply@sns.amazonaws.com\nTo: b@jobs.example\nSubject: AWS Notification Message\nContent-Type: text/plain\n\n" + json + "\n\n--\nIf you wish to stop …\n")
	}
	hard := Classify(mail(`{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"a@example.org","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}]}}`))
	complaint := Classify(mail(`{"notificationType":"Complaint","complaint":{"complaintFeedbackType":"abuse","complainedRecipients":[{"emailAddress":"a@example.org"}]}}`))
	if len(hard) != 1 || hard[0].Kind != Hard || hard[0].Recipient != "a@example.org" || hard[0].Code != 550 {
		t.Errorf("bounce: %+v", hard)
	}
	if len(complaint) != 1 || complaint[0].Kind != Complaint || !complaint[0].Objects() {
		t.Errorf("complaint: %+v", complaint)
	}
}

func TestClassify_LineEndsDoNotMatter(t *testing.T) {
	raw := dsn("x", failed("a@example.org", "5.1.1", "550 5.1.1 no such user"))
	want := Classify([]byte(raw))
	for name, end := range map[string]string{"LF": "\n", "CR": "\r", "CR CR LF": "\r\r\n"} {
		if got := Classify([]byte(strings.ReplaceAll(raw, "\r\n", end))); !slices.Equal(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

func TestClassify_ReadsReportsWhosePartsWereNotCutApart(t *testing.T) {
	raw := strings.Replace(dsn("It could not be delivered.", failed("a@example.org", "5.1.1", "550 5.1.1 no such user")), "boundary=\"B/1\"", "boundary=\"B/2\"", 1)
	got := Classify([]byte(raw))
	if len(got) != 1 || got[0].Kind != Hard || got[0].Recipient != "a@example.org" || got[0].Status != "5.1.1" || got[0].Diagnostic != "550 5.1.1 no such user" {
		t.Errorf("a delivery report: %+v", got)
	}
	complaint := plain("fbl@provider.example", "complaint", "This is a report.\n\n--b\nContent-Type: message/feedback-report\n\n"+
		"Feedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\nOriginal-Rcpt-To: <a@example.org>\n\n--b\n")
	if got := Classify([]byte(complaint)); len(got) != 1 || got[0].Kind != Complaint || got[0].Recipient != "a@example.org" {
		t.Errorf("a complaint: %+v", got)
	}
}

func TestClassify_TellsABounceThatCallsItselfAnAnswerFromOne(t *testing.T) {
	bounce := "From: robot@example.org\nAuto-Submitted: auto-replied\nSubject: Undeliverable: Stellen\n\n<a@example.org>: 550 5.1.1 user unknown\n"
	away := "From: a@example.org\nAuto-Submitted: auto-replied\nSubject: Out of office: Mail delivery of my jobs\n\nI am away.\n"
	if got := Classify([]byte(bounce)); got[0].Kind != Hard {
		t.Errorf("a bounce: %+v", got)
	}
	if got := Classify([]byte(away)); got[0].Kind != AutoReply {
		t.Errorf("an answer: %+v", got)
	}
}

func TestClassify_TellsWhatTheReplyAnswered(t *testing.T) {
	for line, want := range map[string]bool{
		"host mx.example[192.0.2.7] refused to talk to me: 554 no":                          true,
		"host mx.example[192.0.2.7] said: 550 no (in reply to MAIL FROM command)":           true,
		"host mx.example[192.0.2.7] said: 550 no (in reply to end of DATA command)":         true,
		"host mx.example[192.0.2.7] said: 550 no (in reply to RCPT TO command)":             false,
		"host mx.example[192.0.2.7] said: 552 over quota (in reply to end of DATA command)": false,
	} {
		got := Classify([]byte(dsn("<a@example.org>: "+line, failed("a@example.org", "5.0.0", line))))
		if got[0].Kind != Soft || got[0].Policy != want {
			t.Errorf("%s: got %s, policy %v, want %v", line, got[0].Kind, got[0].Policy, want)
		}
	}
}

func FuzzClassify(f *testing.F) {
	f.Add([]byte(dsn("x", failed("a@example.org", "5.1.1", "550 5.1.1 no such user"))))
	f.Add([]byte(plain("MAILER-DAEMON@mx.example", "failure notice", "<a@example.org>:\nno. (#5.1.1)\n\n--- Below this line is a copy of the message.\n"+copyOfOurs)))
	f.Add([]byte("Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n--b--"))
	f.Add([]byte("Content-Transfer-Encoding: base64\nSubject: x\n\n{\"notificationType\":\"Bounce\"}"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		reports := Classify(raw)
		if len(reports) == 0 || len(reports) > maxReports {
			t.Errorf("%d reports", len(reports))
		}
		for _, r := range reports {
			switch r.Kind {
			case Hard, Soft, Complaint, AutoReply, Delivered, Unknown:
			default:
				t.Errorf("kind %q", r.Kind)
			}
			if len(r.Diagnostic) > maxDiagnostic || strings.ContainsAny(r.Diagnostic+r.Recipient+r.Token+r.MessageID, "\r\n\x00") || !utf8.ValidString(r.Diagnostic) {
				t.Errorf("report %+v", r)
			}
		}
	})
}

func BenchmarkClassify(b *testing.B) {
	group := failed("a@example.org", "5.0.0", "550 no")
	long := strings.Repeat("words and words without an address in them\r\n", 5000)
	worst := dsn(long, slices.Repeat([]string{group}, 5000)...)
	for name, raw := range map[string]string{
		"usual": dsn("<a@example.org>: host mx said: 550 5.1.1 no such user", failed("a@example.org", "5.1.1", "550 5.1.1 no such user")),
		"worst": strings.ReplaceAll(worst, "a@example.org\r\nAction", "b@example.org\r\nAction"),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				Classify([]byte(raw))
			}
		})
	}
}
