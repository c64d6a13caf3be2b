package smtp

import (
	"errors"
	"strings"

	"github.com/jobalertd/jobalertd/mailer"
)

// VerdictOf judges what Send or Dial gave as error.
func VerdictOf(err error) mailer.Verdict {
	var refused *Refused
	var unknown *Unknown
	var unsendable *Unsendable
	var misfit *Misfit
	switch {
	case err == nil:
		return mailer.Taken
	case errors.As(err, &refused):
		return refused.Verdict()
	case errors.As(err, &unknown):
		return mailer.Uncertain
	case errors.As(err, &unsendable):
		return mailer.MessageRefused
	case errors.As(err, &misfit):
		return mailer.SenderProblem
	}
	return mailer.NotTried
}

// Classify says what a reply means, from its code (RFC 5321 section 4.2), its
// enhanced status (RFC 3463; empty if there was none), its words and the
// stage it answered. The first row that fits decides:
//
//	2xx                                       Taken
//	neither 4xx nor 5xx                       TryLater, our mistake
//	500–504 without enhanced status, x.5.x    TryLater, our mistake (sequence, syntax; but "5.5.0 … mailbox unavailable" goes on)
//	421                                       SlowDown
//	any refusal at connect or login           SlowDown if 4xx, else SenderProblem
//	530, 534, 535, 538                        SenderProblem
//	words of greylisting, 4xx                 TryLater
//	x.1.1–x.1.6, x.1.10 at 5xx                NoSuchRecipient (x.1.7, x.1.8: the sender's address)
//	x.2.2, 552 about a full mailbox           TryLater at 4xx, else RecipientRefuses
//	x.3.4, x.2.3, 552 otherwise               MessageRefused at 5xx, else TryLater
//	words that say no such user, 5xx, at RCPT or the dot    NoSuchRecipient
//	x.7.x, words of policy, blocking, rate    SlowDown at 4xx, SenderProblem at 5xx
//	x.6.x                                     MessageRefused at 5xx, else TryLater
//	refusals of MAIL                          SlowDown at 4xx, SenderProblem at 5xx
//	550, 551, 553, 556 of RCPT without status NoSuchRecipient (556: RFC 7504)
//	all else                                  TryLater at 4xx, RecipientRefuses at 5xx
//
// The class of code decides between now and never, since it alone binds
// (RFC 2034 section 4). Where a status of 5.7.x stands beside words that name
// an unknown user, the words win only if nothing in them speaks of policy: an
// address must never be suppressed for what was said of the sender.
func Classify(code int, enhanced, text string, stage Stage) mailer.Verdict {
	if code/100 == 2 {
		return mailer.Taken
	}
	now := code < 500
	pick := func(temporary, permanent mailer.Verdict) mailer.Verdict {
		if now {
			return temporary
		}
		return permanent
	}
	subject, detail := splitStatus(enhanced)
	lower := strings.ToLower(text)
	policy := subject == 7 || containsAny(lower, policyWords)

	switch {
	case ourMistake(code, enhanced, text):
		return mailer.TryLater
	case code == 421:
		return mailer.SlowDown
	case stage <= StageLogin:
		return pick(mailer.SlowDown, mailer.SenderProblem)
	case code == 530 || code == 534 || code == 535 || code == 538:
		return mailer.SenderProblem
	case now && containsAny(lower, greylistWords):
		return mailer.TryLater
	case subject == 1 && (detail == 7 || detail == 8):
		return pick(mailer.SlowDown, mailer.SenderProblem)
	case subject == 1 && detail >= 1 && (detail <= 6 || detail == 10):
		if !now && policyOverStatus(lower) {
			return mailer.SenderProblem
		}
		return pick(mailer.TryLater, mailer.NoSuchRecipient)
	case subject == 2 && detail == 2 || code == 552 && containsAny(lower, fullWords):
		return pick(mailer.TryLater, mailer.RecipientRefuses)
	case subject == 3 && detail == 4 || subject == 2 && detail == 3 || code == 552 && subject != 7:
		return pick(mailer.TryLater, mailer.MessageRefused)
	case !now && stage >= StageRcpt && containsAny(lower, noUserWords) && !containsAny(lower, policyWords):
		return mailer.NoSuchRecipient
	case policy:
		return pick(mailer.SlowDown, mailer.SenderProblem)
	case subject == 6:
		return pick(mailer.TryLater, mailer.MessageRefused)
	case stage == StageMail:
		return pick(mailer.SlowDown, mailer.SenderProblem)
	case subject < 0 && stage == StageRcpt && (code == 550 || code == 551 || code == 553 || code == 556):
		return mailer.NoSuchRecipient
	}
	return pick(mailer.TryLater, mailer.RecipientRefuses)
}

// ourMistake says that a reply complains of how we speak SMTP and not of the
// envelope: bad sequence, unknown command, or no refusal at all where only
// success or refusal make sense.
func ourMistake(code int, enhanced, text string) bool {
	if code < 400 || code > 599 {
		return code/100 != 2
	}
	if subject, _ := splitStatus(enhanced); subject == 5 {
		return !containsAny(strings.ToLower(text), noUserWords)
	}
	return enhanced == "" && code >= 500 && code <= 504
}

// policyOverStatus says that a 5.1.x status hides a refusal of the sender:
// some relays answer "550 5.1.1 … blocked using …".
func policyOverStatus(lower string) bool {
	return containsAny(lower, policyWords) && !containsAny(lower, noUserWords)
}

func containsAny(lower string, words []string) bool {
	for _, w := range words {
		if strings.Contains(lower, w) {
			return true
		}
	}
	return false
}

// Words by which servers say what their codes do not. All lower case.
var (
	greylistWords = []string{"greylist", "graylist", "grey list", "gray list", "grey-list"}

	fullWords = []string{"mailbox full", "mailbox is full", "over quota", "overquota", "quota exceeded",
		"exceeded storage", "storage allocation", "insufficient storage", "out of storage", "not enough space"}

	noUserWords = []string{"user unknown", "unknown user", "no such user", "no such recipient", "no such mailbox", "mailbox unavailable",
		"unknown recipient", "recipient unknown", "unknown local part", "unknown mailbox", "mailbox not found",
		"user not found", "recipient not found", "does not exist", "doesn't exist", "no mailbox here",
		"invalid recipient", "invalid mailbox", "no such address", "address unknown", "unknown address",
		"not a valid mailbox", "unrouteable address", "unroutable address", "does not have an account",
		"doesn't have a ", "account that you tried to reach does not"}

	policyWords = []string{"block", "blacklist", "denylist", "spamhaus", "spamcop", "barracuda", "dnsbl", "rbl",
		"reputation", "policy", "spf", "dkim", "dmarc", "unauthenticated", "authentication required",
		"not authenticated", "not authorized", "not permitted", "relay access denied", "relaying denied",
		"relay not permitted", "unable to relay", "reverse dns", "ptr record", "rate limit", "too many",
		"too fast", "throttl", "spam", "access denied", "unsolicited", "sender rejected", "sender denied",
		"sender verify", "client host rejected", "listed by", "listed at", "complaint"}
)
