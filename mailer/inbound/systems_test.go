package inbound

import (
	"os"
	"strings"
	"testing"
)

// systems are mails as the servers and providers named write them, taken from
// their manuals, sources and support pages and put down here in few words. In
// each a@example.org is meant.
var systems = map[string]struct {
	from, subject, body string
	more                string // further header lines
	kind                Kind
	status              string
}{
	"Apache James, unknown": {
		"postmaster@james.example", "Re:Stellen",
		"Hi. This is the James mail server at james.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.  Below\nI include the list of recipients and the reason why I was unable to deliver\nyour message.\n\nFailed recipient(s):\na@example.org\n\nError message:\n550 5.1.1 <a@example.org>... User unknown\n\n\nMessage details:\n  Subject: Stellen\n  MAIL FROM: bounces+TOKEN42@jobs.example\n  RCPT TO: a@example.org\n", "",
		Hard, "5.1.1"},
	"Apache James, policy": {
		"postmaster@james.example", "Re:Stellen",
		"I'm afraid I wasn't able to deliver your message to the following addresses.\n\nFailed recipient(s):\na@example.org\n\nError message:\n554 5.7.1 Message refused by content policy\n\nMessage details:\n  MAIL FROM: bounces+TOKEN42@jobs.example\n  RCPT TO: a@example.org\n", "",
		Soft, "5.7.1"},
	"Biglobe, full": {
		"postmaster@biglobe.example", "Returned mail: mailbox exceeded the local limit",
		"   ----- The following addresses had delivery problems -----\na@example.org\n\n   ----- Non-delivered information -----\nThe number of messages in recipient's mailbox exceeded the local limit.\n", "",
		Soft, ""},
	"InterScan, unknown": {
		"InterScan MSS <interscan@scan.example>", "Mail could not be delivered",
		"Sent >>> RCPT TO: <a@example.org>\nReceived <<< 550 5.1.1 <a@example.org>... user unknown\n\nUnable to deliver message to <a@example.org> (and other recipients in the same domain).\n", "",
		Hard, "5.1.1"},
	"MailMarshal, unknown": {
		"MailMarshal <postmaster@mm.example>", "Undeliverable Mail: \"Stellen\"",
		"Your message:\n   From:    bounces+TOKEN42@jobs.example\n   Subject: Stellen\n\nCould not be delivered because of\n\n550 5.1.1 User unknown\n\nThe following recipients were affected: \n   a@example.org\n\nAdditional Information\n======================\nOriginal Sender:    <bounces+TOKEN42@jobs.example>\nSender-MTA:         <192.0.2.1>\n", "",
		Hard, "5.1.1"},
	"MailMarshal, policy": {
		"MailMarshal <postmaster@mm.example>", "Undeliverable Mail: \"Stellen\"",
		"Your message:\n   From:    bounces+TOKEN42@jobs.example\n   Subject: Stellen\n\nCould not be delivered because of\n\n550 5.7.1 Message content not acceptable\n\nThe following recipients were affected: \n   a@example.org\n", "",
		Soft, "5.7.1"},
	"MessageLabs, unknown": {
		"MAILER-DAEMON@messagelabs.example", "Mail Delivery Failure",
		"This is the mail delivery agent at messagelabs.example.\nI was not able to deliver your message to the following addresses.\n\n<a@example.org>:\n192.0.2.9 does not like recipient.\nRemote host said: 550 Invalid recipient\n\n--- Below this line is a copy of the message.\n" + copyOfOurs, "",
		Hard, ""},
	"qmail, unknown": {
		"MAILER-DAEMON@q.example", "failure notice",
		"Hi. This is the qmail-send program at q.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<a@example.org>:\n192.0.2.7 does not like recipient.\nRemote host said: 550 5.1.1 sorry, no mailbox by that name\nGiving up on 192.0.2.7.\n\n--- Below this line is a copy of the message.\n" + copyOfOurs, "",
		Hard, "5.1.1"},
	"qmail, full": {
		"MAILER-DAEMON@q.example", "failure notice",
		"Hi. This is the qmail-send program at q.example.\n\n<a@example.org>:\nThe users mailfolder is over the allowed quota (size). (#5.2.2)\n\n--- Below this line is a copy of the message.\n" + copyOfOurs, "",
		Soft, "5.2.2"},
	"qmail, no such host": {
		"MAILER-DAEMON@q.example", "failure notice",
		"Hi. This is the qmail-send program at q.example.\n\n<a@example.org>:\nSorry, I couldn't find any host named example.org. (#5.1.2)\n\n--- Below this line is a copy of the message.\n" + copyOfOurs, "",
		Hard, "5.1.2"},
	"qmail, cannot connect": {
		"MAILER-DAEMON@q.example", "failure notice",
		"Hi. This is the qmail-send program at q.example.\n\n<a@example.org>:\nSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\nI'm not going to try again; this message has been in the queue too long.\n\n--- Below this line is a copy of the message.\n" + copyOfOurs, "",
		Soft, "4.4.1"},
	"Courier, unknown": {
		"\"Courier mail server at c.example\" <@c.example>", "NOTICE: mail delivery status.",
		"This is a delivery status notification from c.example,\nrunning the Courier mail server, version 0.65.\n\nThe original message was received on Sun, 01 Mar 2026 07:00:00 +0100\nfrom [192.0.2.1] (jobs.example)\n\n---------------------------------------------------------------------------\n\n                           UNDELIVERABLE MAIL\n\nYour message to the following recipients cannot be delivered:\n\n<a@example.org>:\n    mx.example.org [192.0.2.7]:\n>>> RCPT TO:<a@example.org>\n<<< 550 5.1.1 User unknown.\n\n---------------------------------------------------------------------------\n", "",
		Hard, "5.1.1"},
	"Exchange 5.5, unknown": {
		"System Administrator <postmaster@x.example>", "Undeliverable: Stellen",
		"Your message\n\n  To:      a@example.org\n  Subject: Stellen\n  Sent:    Sun, 1 Mar 2026 07:00:00 +0100\n\ndid not reach the following recipient(s):\n\na@example.org on Sun, 1 Mar 2026 07:00:05 +0100\n    The recipient name is not recognized\n\tThe MTS-ID of the original message is: c=us;a= ;p=x;l=MX\n    MSEXCH:IMS:X:SITE:MX 0 (000C05A6) Unknown Recipient\n", "",
		Hard, ""},
	"Exchange 2003, unknown": {
		"System Administrator <postmaster@x.example>", "Undeliverable: Stellen",
		"Your message did not reach some or all of the intended recipients.\n\n      Subject:\tStellen\n      Sent:\t3/1/2026 7:00 AM\n\nThe following recipient(s) could not be reached:\n\n      a@example.org on 3/1/2026 7:00 AM\n            The e-mail account does not exist at the organization this message was sent to.  Check the e-mail address, or contact the recipient directly to find out the correct address.\n            <x.example #5.1.1>\n", "",
		Hard, "5.1.1"},
	"Exchange 2003, full": {
		"System Administrator <postmaster@x.example>", "Unzustellbar: Stellen",
		"Ihre Nachricht hat einige oder alle Empfänger nicht erreicht.\n\n      Betreff:\tStellen\n      Gesendet am:\t01.03.2026 07:00\n\nFolgende(r) Empfänger kann/können nicht erreicht werden:\n\n      a@example.org am 01.03.2026 07:00\n            Das Postfach des Empfängers ist voll.\n            <x.example #5.2.2>\n", "",
		Soft, "5.2.2"},
	"Notes, unknown": {
		"postmaster@notes.example", "DELIVERY FAILURE: User ada (a@example.org) not listed in Domino Directory",
		"Your message\n\n  Subject: Stellen\n\nwas not delivered to:\n\n  a@example.org\n\nbecause:\n\n  User ada (a@example.org) not listed in Domino Directory\n", "",
		Hard, ""},
	"Notes, full": {
		"postmaster@notes.example", "DELIVERY FAILURE: Error delivering to ada/example; mail file is over its quota",
		"Your message\n\n  Subject: Stellen\n\nwas not delivered to:\n\n  a@example.org\n\nbecause:\n\n  Error delivering to Ada; user's mail file has exceeded its size limit (quota)\n", "",
		Soft, ""},
	"Notes, no access": {
		"postmaster@notes.example", "DELIVERY FAILURE: Error transferring to MX.EXAMPLE; SMTP Protocol Returned a Permanent Error 550 5.7.1 blocked",
		"Your message\n\n  Subject: Stellen\n\nwas not delivered to:\n\n  a@example.org\n\nbecause:\n\n  Error transferring to MX.EXAMPLE; SMTP Protocol Returned a Permanent Error 550 5.7.1 Service unavailable, client host blocked\n", "",
		Soft, "5.7.1"},
	"IMail, unknown": {
		"Postmaster <postmaster@imail.example>", "Undeliverable Mail",
		"Unknown user: a@example.org\n\nOriginal message follows.\n\nReceived: from jobs.example\n", "X-Mailer: <SMTP32 v8.22>\n",
		Hard, ""},
	"IMail, full": {
		"Postmaster <postmaster@imail.example>", "Undeliverable Mail",
		"User mailbox exceeds allowed size: a@example.org\n\nOriginal message follows.\n\nReceived: from jobs.example\n", "X-Mailer: <SMTP32 v8.22>\n",
		Soft, ""},
	"MDaemon, unknown": {
		"MDaemon at md.example <MDaemon@md.example>", "Permanent Delivery Failure",
		"--------------------------------------------\nMessage  : Stellen\nFrom     : bounces+TOKEN42@jobs.example\n--------------------------------------------\n\nThe attached message had PERMANENT fatal delivery errors!\n\nAfter one or more unsuccessful delivery attempts the attached message has\nbeen removed from the mail queue on this server.\n\nFailed address: a@example.org\n\n--- Session Transcript ---\n Sun 2026-03-01 07:00:00: --> RCPT To:<a@example.org>\n Sun 2026-03-01 07:00:00: <-- 550 a@example.org, Recipient unknown\n--- End Transcript ---\n", "",
		Hard, ""},
	"hMailServer, unknown": {
		"mailer-daemon@hm.example", "Message undeliverable: Stellen",
		"Your message did not reach some or all of the intended recipients.\n\n   Sent: Sun, 1 Mar 2026 07:00:00 +0100\n   Subject: Stellen\n\nThe following recipient(s) could not be reached:\n\na@example.org\n   Error Type: SMTP\n   Remote server (192.0.2.7) issued an error.\n   hMailServer sent: RCPT TO:<a@example.org>\n   Remote server replied: 550 5.1.1 The email account that you tried to reach does not exist.\n\n\n\nhMailServer\n", "",
		Hard, "5.1.1"},
	"hMailServer, greylisted to the end": {
		"mailer-daemon@hm.example", "Message undeliverable: Stellen",
		"The following recipient(s) could not be reached:\n\na@example.org\n   Error Type: SMTP\n   Remote server (192.0.2.7) issued an error.\n   hMailServer sent: RCPT TO:<a@example.org>\n   Remote server replied: 451 4.7.1 Greylisting in action, please come back later\n", "",
		Soft, "4.7.1"},
	"Kerio, unknown": {
		"Mail Delivery Subsystem <postmaster@k.example>", "Undeliverable mail: Stellen",
		"Error: Undeliverable mail.\n\nThe message could not be delivered to the following recipients:\n\n<a@example.org>: 550 5.1.1 User unknown\n", "",
		Hard, "5.1.1"},
	"Gmail, unknown": {
		"Mail Delivery Subsystem <mailer-daemon@googlemail.com>", "Delivery Status Notification (Failure)",
		"Delivery to the following recipient failed permanently:\n\n     a@example.org\n\nTechnical details of permanent failure: \nGoogle tried to deliver your message, but it was rejected by the server for the recipient domain example.org by mx.example.org. [192.0.2.7].\n\nThe error that the other server returned was:\n550 5.1.1 <a@example.org>: Recipient address rejected: User unknown in virtual mailbox table\n\n----- Original message -----\n", "",
		Hard, "5.1.1"},
	"Gmail, policy": {
		"Mail Delivery Subsystem <mailer-daemon@googlemail.com>", "Delivery Status Notification (Failure)",
		"Delivery to the following recipient failed permanently:\n\n     a@example.org\n\nTechnical details of permanent failure: \nGoogle tried to deliver your message, but it was rejected by the server. The error that the other server returned was:\n554 554 5.7.1 Service unavailable; Client host [192.0.2.8] blocked using zen.example (state 14).\n\n----- Original message -----\n", "",
		Soft, "5.7.1"},
	"GMX, unknown": {
		"\"GMX Mailer Daemon\" <mailer-daemon@gmx.de>", "Mail delivery failed: returning message to sender",
		"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of\nits recipients. This is a permanent error. The following address(es)\nfailed:\n\n<a@example.org>\nSMTP error from remote server for RCPT TO command, host: mx.example.org (192.0.2.7) reason: 550 5.1.1 User unknown\n\n--- The header of the original message is following. ---\n" + copyOfOurs, "",
		Hard, "5.1.1"},
	"WEB.DE, unknown": {
		"\"WEB.DE Mailer Daemon\" <mailer-daemon@web.de>", "Mail delivery failed: returning message to sender",
		"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of\nits recipients. This is a permanent error. The following address(es)\nfailed:\n\na@example.org:\nSMTP error from remote server for RCPT TO command, host: mx00.emig.gmx.net (192.0.2.7) reason: 550-Requested action not taken: mailbox unavailable\n\n--- The header of the original message is following. ---\n" + copyOfOurs, "",
		Hard, ""},
	"1&1, full": {
		"\"1&1 Mailer Daemon\" <mailer-daemon@kundenserver.de>", "Mail delivery failed: returning message to sender",
		"A message that you sent could not be delivered to one or more of\nits recipients. The following addresses failed:\n\n<a@example.org>\nhost mx.example.org: Quota exceeded. The recipients mailbox is full.\n\n--- The header of the original message is following. ---\n" + copyOfOurs, "",
		Soft, ""},
	"T-Online, unknown": {
		"Mail Delivery System <MAILER-DAEMON@mailout.t-online.example>", "Undeliverable: Stellen",
		"|------------------------- Message log follows: -------------------------|\n no valid recipients were found for this message\n|------------------------- Failed addresses follow: ---------------------|\n <a@example.org> ... unknown user\n|------------------------- Message text follows: ------------------------|\n" + copyOfOurs, "",
		Hard, ""},
	"smail, unknown host": {
		"<MAILER-DAEMON@s.example>", "mail failed, returning to sender",
		"|------------------------- Message log follows: -------------------------|\n no valid recipients were found for this message\n|------------------------- Failed addresses follow: ---------------------|\n <a@example.org> ... unknown host\n|------------------------- Message text follows: ------------------------|\n" + copyOfOurs, "",
		Hard, ""},
	"Yahoo, unknown": {
		"MAILER-DAEMON@yahoo.com", "Failure Notice",
		"Sorry, we were unable to deliver your message to the following address.\n\n<a@example.org>:\nRemote host said: 550 5.1.1 <a@example.org>: Recipient address rejected: User unknown [RCPT_TO]\n\n--- Below this line is a copy of the message.\n" + copyOfOurs, "",
		Hard, "5.1.1"},
	"Yahoo, deferred for complaints": {
		"MAILER-DAEMON@yahoo.com", "Failure Notice",
		"Sorry, we were unable to deliver your message to the following address.\n\n<a@example.org>:\nRemote host said: 554 5.7.9 Message not accepted for policy reasons.  See https://postmaster.yahooinc.com/error-codes [BODY]\n\n--- Below this line is a copy of the message.\n" + copyOfOurs, "",
		Soft, "5.7.9"},
	"Mail.Ru, unknown": {
		"mailer-daemon@corp.mail.ru", "Mail failure.",
		"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  a@example.org\n    SMTP error from remote mail server after RCPT TO:<a@example.org>:\n    host mx.example.org [192.0.2.7]: 550 5.1.1 User not found\n\n------ This is a copy of the message, including all the headers. ------\n" + copyOfOurs, "X-Failed-Recipients: a@example.org\n",
		Hard, "5.1.1"},
	"Sendmail 5, unknown host": {
		"Mail Delivery Subsystem <MAILER-DAEMON@s5.example>", "Returned mail: Host unknown",
		"   ----- Transcript of session follows -----\n550 <a@example.org>... Host unknown (Name server: example.org: host not found)\n\n   ----- Unsent message follows -----\n" + copyOfOurs, "",
		Hard, ""},
	"Sendmail, given up": {
		"Mail Delivery Subsystem <MAILER-DAEMON@s.example>", "Returned mail: Cannot send message within 5 days",
		"   ----- The following addresses had permanent fatal errors -----\n<a@example.org>\n\n   ----- Transcript of session follows -----\n<a@example.org>... Deferred: Connection refused by mx.example.org.\nMessage could not be delivered for 5 days\nMessage will be deleted from queue\n", "",
		Soft, ""},
	"Exim, full": {
		"Mail Delivery System <Mailer-Daemon@e.example>", "Mail delivery failed: returning message to sender",
		"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  a@example.org\n    host mx.example.org [192.0.2.7]\n    SMTP error from remote mail server after RCPT TO:<a@example.org>:\n    552 5.2.2 <a@example.org>: user is over quota\n", "X-Failed-Recipients: a@example.org\n",
		Soft, "5.2.2"},
	"Exim, relaying denied": {
		"Mail Delivery System <Mailer-Daemon@e.example>", "Mail delivery failed: returning message to sender",
		"This message was created automatically by mail delivery software.\n\nThe following address(es) failed:\n\n  a@example.org\n    host mx.example.org [192.0.2.7]\n    SMTP error from remote mail server after RCPT TO:<a@example.org>:\n    550 relay not permitted\n", "X-Failed-Recipients: a@example.org\n",
		Soft, ""},
	"Exim, local user unknown": {
		"Mail Delivery System <Mailer-Daemon@e.example>", "Mail delivery failed: returning message to sender",
		"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  a@example.org\n    Unrouteable address\n", "X-Failed-Recipients: a@example.org\n",
		Hard, ""},
	"Zimbra, disabled": {
		"MAILER-DAEMON@z.example (Mail Delivery System)", "Undelivered Mail Returned to Sender",
		"This is the mail system at host z.example.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n<a@example.org>: host z.example[192.0.2.7] said: 550 5.1.1\n    <a@example.org>: Recipient address rejected: example.org (in reply to RCPT TO command)\n", "",
		Hard, "5.1.1"},
	"OpenSMTPD, unknown": {
		"Mailer Daemon <MAILER-DAEMON@o.example>", "Delivery status notification: error",
		"    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this email.\n\n    An error has occurred while attempting to deliver a message for\n    the following list of recipients:\n\na@example.org: 550 5.1.1 <a@example.org>: Recipient address rejected: User unknown\n\n    Below is a copy of the original message:\n" + copyOfOurs, "",
		Hard, "5.1.1"},
	"Mailman, not a member": {
		"list-bounces@lists.example", "Your message to List was automatically rejected",
		"You are not allowed to post to this mailing list, and your message has\nbeen automatically rejected.  If you think that your messages are\nbeing rejected in error, contact the mailing list owner.\n\n<a@example.org>\n", "",
		Soft, ""},
	"French, unknown": {
		"Postmaster <postmaster@fr.example>", "Échec de la remise : Stellen",
		"Votre message n'a pas pu être remis aux destinataires suivants :\n\n<a@example.org>: 550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR204_416\n", "",
		Hard, "5.1.1"},
	"Spanish, unknown": {
		"Postmaster <postmaster@es.example>", "No se pudo entregar: Stellen",
		"No se pudo entregar el mensaje a los destinatarios siguientes:\n\n<a@example.org>\nEl usuario no existe.\n", "",
		Hard, ""},
	"Italian, full": {
		"Postmaster <postmaster@it.example>", "Mancata consegna: Stellen",
		"Il messaggio non è stato consegnato a:\n\n<a@example.org>\n452 4.2.2 Casella postale piena\n", "",
		Soft, "4.2.2"},
}

func TestClassify_KnowsTheSystemsWords(t *testing.T) {
	for name, c := range systems {
		raw := plain(c.from, c.subject, c.body)
		raw = strings.Replace(raw, "To: bounces", c.more+"To: bounces", 1)
		got := Classify([]byte(raw))
		if len(got) != 1 || got[0].Kind != c.kind || got[0].Recipient != "a@example.org" || got[0].Status != c.status {
			t.Errorf("%s: got %+v, want %s %q", name, got, c.kind, c.status)
		}
	}
}

// Each reply stands in a delivery report with the status given.
func TestClassify_KnowsRepliesFromTheirWords(t *testing.T) {
	text, err := os.ReadFile("testdata/replies.tsv")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		f := strings.SplitN(strings.TrimSpace(line), "\t", 3)
		if len(f) < 3 {
			continue
		}
		n++
		got := Classify([]byte(dsn("It could not be delivered.", failed("a@example.org", f[1], f[2]))))
		if len(got) != 1 || got[0].Kind != Kind(f[0]) {
			t.Errorf("%s %s: got %s, want %s", f[1], f[2], got[0].Kind, f[0])
		}
	}
	if n < 100 {
		t.Errorf("%d replies were read", n)
	}
}
