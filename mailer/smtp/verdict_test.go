package smtp

import (
	"testing"

	"github.com/jobalertd/jobalertd/mailer"
)

func TestClassify_ReadsAnswersOfKnownServers(t *testing.T) {
	cases := []struct {
		code     int
		enhanced string
		text     string
		stage    Stage
		want     mailer.Verdict
	}{
		{250, "2.0.0", "Ok", StageBody, mailer.Taken},
		{251, "2.1.5", "will forward", StageRcpt, mailer.Taken},
		{550, "5.1.1", "<a>: Recipient address rejected: User unknown in virtual mailbox table", StageRcpt, mailer.NoSuchRecipient},
		{550, "5.1.1", "The email account that you tried to reach does not exist.", StageRcpt, mailer.NoSuchRecipient},
		{550, "5.1.10", "RESOLVER.ADR.RecipientNotFound; Recipient not found", StageRcpt, mailer.NoSuchRecipient},
		{550, "5.5.0", "Requested action not taken: mailbox unavailable", StageRcpt, mailer.NoSuchRecipient},
		{550, "", "No such user here", StageRcpt, mailer.NoSuchRecipient},
		{556, "", "domain does not accept mail", StageRcpt, mailer.NoSuchRecipient},
		{501, "5.1.3", "Bad recipient address syntax", StageRcpt, mailer.NoSuchRecipient},
		{550, "5.0.0", "User unknown", StageBody, mailer.NoSuchRecipient},
		{450, "4.1.1", "<a>: Recipient address rejected: unverified address", StageRcpt, mailer.TryLater},
		{450, "4.1.2", "Domain not found", StageRcpt, mailer.TryLater},
		{450, "4.2.0", "<a>: Recipient address rejected: Greylisted", StageRcpt, mailer.TryLater},
		{451, "4.7.1", "Greylisting in action, please come back later", StageRcpt, mailer.TryLater},
		{452, "4.2.2", "The recipient's inbox is out of storage space", StageRcpt, mailer.TryLater},
		{552, "5.2.2", "The email account is over quota", StageRcpt, mailer.RecipientRefuses},
		{552, "", "Mailbox full", StageRcpt, mailer.RecipientRefuses},
		{550, "5.2.1", "The email account is disabled", StageRcpt, mailer.RecipientRefuses},
		{550, "5.1.0", "Address rejected", StageRcpt, mailer.RecipientRefuses},
		{552, "5.3.4", "Message size exceeds fixed limit", StageMail, mailer.MessageRefused},
		{552, "", "message exceeds limit", StageBody, mailer.MessageRefused},
		{554, "5.6.0", "Message contains invalid header", StageBody, mailer.MessageRefused},
		{552, "5.7.0", "This message was blocked because its content presents a potential security issue", StageBody, mailer.SenderProblem},
		{421, "4.7.28", "unusual rate of unsolicited mail", StageBody, mailer.SlowDown},
		{421, "", "Too many connections", StageConnect, mailer.SlowDown},
		{450, "4.2.1", "The user you are trying to contact is receiving mail too quickly (rate limit)", StageRcpt, mailer.SlowDown},
		{451, "4.7.650", "The mail server has been temporarily rate limited due to IP reputation", StageMail, mailer.SlowDown},
		{451, "4.3.0", "Temporary lookup failure", StageRcpt, mailer.TryLater},
		{452, "4.3.1", "Insufficient system storage", StageMail, mailer.SlowDown},
		{550, "5.7.26", "This mail is unauthenticated", StageBody, mailer.SenderProblem},
		{550, "5.7.515", "Access denied, sending domain does not meet the required authentication level", StageBody, mailer.SenderProblem},
		{554, "5.7.1", "Service unavailable; Client host blocked using zen.spamhaus.org", StageRcpt, mailer.SenderProblem},
		{550, "5.1.1", "<a> sorry, your host is blocked by our policy", StageRcpt, mailer.SenderProblem},
		{554, "5.7.1", "<a>: Relay access denied", StageRcpt, mailer.SenderProblem},
		{553, "5.1.8", "<b>: Sender address rejected: Domain not found", StageRcpt, mailer.SenderProblem},
		{553, "", "sorry, your envelope sender is in my badmailfrom list", StageMail, mailer.SenderProblem},
		{554, "", "no SMTP service here", StageConnect, mailer.SenderProblem},
		{535, "5.7.8", "authentication failed", StageLogin, mailer.SenderProblem},
		{454, "4.7.0", "Temporary authentication failure", StageLogin, mailer.SlowDown},
		{530, "5.7.0", "Must issue a STARTTLS command first", StageMail, mailer.SenderProblem},
		{503, "5.5.1", "Error: nested MAIL command", StageMail, mailer.TryLater},
		{503, "", "bad sequence of commands", StageMail, mailer.TryLater},
		{502, "5.5.1", "Missing MAIL FROM command.", StageRcpt, mailer.TryLater},
		{354, "", "go on", StageRcpt, mailer.TryLater},
		{554, "", "transaction failed", StageBody, mailer.RecipientRefuses},
	}
	for _, tc := range cases {
		if got := Classify(tc.code, tc.enhanced, tc.text, tc.stage); got != tc.want {
			t.Errorf("%d %s %q at %v: %v, want %v", tc.code, tc.enhanced, tc.text, tc.stage, got, tc.want)
		}
	}
}

// Gmail, Microsoft and Yahoo use these of a sender, never of an address.
func TestClassify_PolicyStatusNeverSuppressesAnAddress(t *testing.T) {
	for _, status := range []string{"5.7.0", "5.7.1", "5.7.9", "5.7.25", "5.7.26", "5.7.27", "5.7.28", "5.7.29", "5.7.515", "5.7.606"} {
		for _, text := range []string{"", "refused", "rejected for policy reasons", "user unknown to our policy"} {
			for stage := StageConnect; stage <= StageBody; stage++ {
				if got := Classify(550, status, text, stage); got != mailer.SenderProblem {
					t.Errorf("%s %q at %v: %v", status, text, stage, got)
				}
			}
		}
	}
}
