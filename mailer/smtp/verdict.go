package smtp

import (
	"errors"
	"fmt"
	"strings"
)

// Verdict is what an answer means for the envelope, its recipient and us. The
// set is closed.
type Verdict uint8

const (
	// Accept: the relay took the mail.
	Accept Verdict = iota
	// Retry: not now, for a reason of the recipient's side or of the
	// network; try the envelope again later.
	Retry
	// SlowDown: not now, because we come too fast or are not trusted yet
	// (421, 4.7.x, rate texts); try again later and lower the pace.
	SlowDown
	// RefuseRecipient: there is no such mailbox or domain; the envelope is
	// done and the address has bounced hard.
	RefuseRecipient
	// RefuseSoft: this mail will never reach this mailbox, which may take
	// others (full, disabled, not accepting); the envelope is done and the
	// address has bounced softly.
	RefuseSoft
	// RefuseMessage: this mail is too large or malformed, whoever gets it;
	// the envelope is done and says nothing of the address.
	RefuseMessage
	// SenderProblem: we are refused (policy, authentication, login, block
	// list, relaying); the envelope waits, the run should pause and someone
	// must look. Never a reason to suppress an address.
	SenderProblem
	// OurMistake: a protocol error of ours on this connection (503 and its
	// kin); drop the connection and try again on a fresh one.
	OurMistake
	// Uncertain: no answer after the final dot.
	Uncertain
)

var verdictNames = [...]string{"accept", "retry", "slow-down", "refuse-recipient", "refuse-soft",
	"refuse-message", "sender-problem", "our-mistake", "uncertain"}

// String returns the verdict's name, fit for a metric's label.
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return fmt.Sprintf("verdict(%d)", uint8(v))
}

// Final says that the envelope is done and was not accepted.
func (v Verdict) Final() bool {
	return v == RefuseRecipient || v == RefuseSoft || v == RefuseMessage
}

// AboutSender says that the answer speaks of us and not of the recipient.
func (v Verdict) AboutSender() bool {
	return v == SlowDown || v == SenderProblem || v == OurMistake
}

// VerdictOf judges what Conn.Send, a Result or Dial gave as error.
func VerdictOf(err error) Verdict {
	var refused *Refused
	var unknown *Unknown
	var unsendable *Unsendable
	switch {
	case err == nil:
		return Accept
	case errors.As(err, &refused):
		return refused.Verdict()
	case errors.As(err, &unknown):
		return Uncertain
	case errors.As(err, &unsendable):
		return RefuseMessage
	}
	return Retry
}

// Classify says what a reply means, from its code (RFC 5321 section 4.2), its
// enhanced status (RFC 3463; empty if there was none), its words and the
// stage it answered. The first row that fits decides:
//
//	2xx                                       Accept
//	neither 4xx nor 5xx                       OurMistake
//	500–504 without enhanced status, x.5.x    OurMistake (sequence, syntax; but "5.5.0 … mailbox unavailable" goes on)
//	421                                       SlowDown
//	any refusal at connect or login           SlowDown if 4xx, else SenderProblem
//	530, 534, 535, 538                        SenderProblem
//	words of greylisting, 4xx                 Retry
//	x.1.1–x.1.6, x.1.10 at 5xx                RefuseRecipient (x.1.7, x.1.8: the sender's address)
//	x.2.2, 552 about a full mailbox           Retry at 4xx, else RefuseSoft
//	x.3.4, x.2.3, 552 otherwise               RefuseMessage at 5xx, else Retry
//	words that say no such user, 5xx, at RCPT or the dot    RefuseRecipient
//	x.7.x, words of policy, blocking, rate    SlowDown at 4xx, SenderProblem at 5xx
//	x.6.x                                     RefuseMessage at 5xx, else Retry
//	refusals of MAIL                          SlowDown at 4xx, SenderProblem at 5xx
//	550, 551, 553, 556 of RCPT without status RefuseRecipient (556: RFC 7504)
//	all else                                  Retry at 4xx, RefuseSoft at 5xx
//
// The class of code decides between now and never, since it alone binds
// (RFC 2034 section 4). Where a status of 5.7.x stands beside words that name
// an unknown user, the words win only if nothing in them speaks of policy: an
// address must never be suppressed for what was said of the sender.
func Classify(code int, enhanced, text string, stage Stage) Verdict {
	if code/100 == 2 {
		return Accept
	}
	if code < 400 || code > 599 {
		return OurMistake
	}
	now := code < 500
	pick := func(temporary, permanent Verdict) Verdict {
		if now {
			return temporary
		}
		return permanent
	}
	subject, detail := splitStatus(enhanced)
	lower := strings.ToLower(text)
	policy := subject == 7 || containsAny(lower, policyWords)

	switch {
	case subject == 5 && !containsAny(lower, noUserWords), enhanced == "" && code >= 500 && code <= 504:
		return OurMistake
	case code == 421:
		return SlowDown
	case stage <= StageLogin:
		return pick(SlowDown, SenderProblem)
	case code == 530 || code == 534 || code == 535 || code == 538:
		return SenderProblem
	case now && containsAny(lower, greylistWords):
		return Retry
	case subject == 1 && (detail == 7 || detail == 8):
		return pick(SlowDown, SenderProblem)
	case subject == 1 && detail >= 1 && (detail <= 6 || detail == 10):
		if !now && policyOverStatus(lower) {
			return SenderProblem
		}
		return pick(Retry, RefuseRecipient)
	case subject == 2 && detail == 2 || code == 552 && containsAny(lower, fullWords):
		return pick(Retry, RefuseSoft)
	case subject == 3 && detail == 4 || subject == 2 && detail == 3 || code == 552 && subject != 7:
		return pick(Retry, RefuseMessage)
	case !now && stage >= StageRcpt && containsAny(lower, noUserWords) && !containsAny(lower, policyWords):
		return RefuseRecipient
	case policy:
		return pick(SlowDown, SenderProblem)
	case subject == 6:
		return pick(Retry, RefuseMessage)
	case stage == StageMail:
		return pick(SlowDown, SenderProblem)
	case subject < 0 && stage == StageRcpt && (code == 550 || code == 551 || code == 553 || code == 556):
		return RefuseRecipient
	}
	return pick(Retry, RefuseSoft)
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
