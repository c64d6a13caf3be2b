package inbound

import (
	"regexp"
	"strconv"
	"strings"
)

// evidence is what a report says of why.
type evidence struct {
	status  string
	text    string
	context string // what else is told of the recipient, searched for the command that was answered
	delayed bool   // the report says that delivery is still being tried
}

// judged is what evidence says, read once.
type judged struct {
	status, found string // the report's, and the first in its words
	text, context string // in lower case and on one line; context holds the text too
	code          int
	delayed       bool
	policyWords   bool
	gone          bool // words for an unknown user
}

// judge says whether the recipient is to blame, and of a soft bounce whether the
// sender or the mail is.
func (e evidence) judge() (kind Kind, policy bool) {
	j := judged{status: e.status, found: findStatus(e.text), text: flat(e.text), code: e.code(), delayed: e.delayed}
	j.context = j.text
	if e.context != "" && e.context != e.text {
		j.context += " " + flat(e.context)
	}
	if j.found != "" && (j.status == "" || strings.HasSuffix(j.status, ".0.0")) {
		j.status = j.found
	}
	j.gone = containsAny(j.text, noUserWords)
	j.policyWords = containsAny(named.ReplaceAllString(j.text, " "), policyWords) || containsAny(j.text, blocklists)
	kind = j.kind()
	return kind, kind == Soft && j.policy()
}

func flat(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }

// kind weighs the words against the status. What is about a full mailbox, the
// sender or the mail is soft whatever the status says, since servers put such
// things under 5.1.1 too; only then do a status or words for an unknown user
// or host make it hard. An address is lost by a wrong "hard" and only written
// to once more by a wrong "soft", so doubt is soft.
func (j *judged) kind() Kind {
	switch {
	case j.delayed, containsAny(j.text, senderWords), containsAny(j.context, fullWords), containsAny(j.text, programWords):
		return Soft
	case containsAny(j.text, surelyGoneWords):
		return Hard
	case j.status == "5.2.1" && j.gone && containsAny(j.context, rcptWords):
		return Hard
	case softStatus(j.status):
		return Soft
	case j.policyWords && !(j.gone && hardStatus(j.status)):
		return Soft
	case strings.HasPrefix(j.status, "4."):
		return Soft
	case j.code == 521 || j.code == 556 || containsAny(j.text, noHostWords) && !strings.Contains(j.text, "try again"):
		return Hard
	case containsAny(j.text, mailWords):
		return Soft
	case hardStatus(j.status) && (j.gone || !containsAny(j.text, otherWords)):
		return Hard
	case j.status == "5.1.0" && strings.Contains(j.text, "address rejected") && !strings.Contains(j.text, "sender"):
		return Hard
	case j.gone && j.answersRecipient():
		return Hard
	}
	return Soft
}

// named finds addresses and hosts, whose names say nothing: a host may be called
// relay. Links are left, and so are the lists of blocked hosts.
var named = regexp.MustCompile(`(?:^|[\s<(\[=:])(?:[^\s<>:/]+@)?[\w-]+(?:\.[\w-]+)+`)

// policy says that the words, the status or what they answer speak of the sender,
// its host or the mail, rather than of the recipient.
func (j *judged) policy() bool {
	status := j.status
	if j.found != "" {
		status = j.found
	}
	if containsAny(j.text, fullWords) || strings.HasPrefix(status, "5.2.") || strings.HasPrefix(status, "4.2.") {
		return false
	}
	for _, about := range []string{".7.", ".6.", ".1.7", ".1.8", ".3.4"} {
		if len(status) > 1 && strings.HasPrefix(status[1:], about) {
			return true
		}
	}
	return j.policyWords || containsAny(j.text, senderWords) || containsAny(j.context, mailWords) ||
		containsAny(j.context, dataWords) && !j.gone
}

// answersRecipient says that words for an unknown user can be believed without
// a status: they answer RCPT, or name the address as such answers do, or are
// the reporting server's own. A server that took the recipient and said the
// same of the whole mail is often a filter.
func (j *judged) answersRecipient() bool {
	if containsAny(j.context, dataWords) {
		return false
	}
	return j.code == 0 || containsAny(j.context, rcptWords) || namesRecipient.MatchString(j.text) ||
		strings.Contains(j.text, "requested action not taken: mailbox unavailable")
}

// namesRecipient finds a reply that begins with the recipient's address.
var namesRecipient = regexp.MustCompile(`\b5\d\d:?(?: 5\.\d{1,3}\.\d{1,3})? <[^<>\s]+@[^<>\s]+>`)

// softStatus are those that say the mailbox exists (x.2.x), or speak of the
// sender (x.1.7, x.1.8) or of policy (x.7.x).
func softStatus(status string) bool {
	return strings.HasPrefix(status, "5.2.") || strings.HasPrefix(status, "5.7.") || status == "5.1.7" || status == "5.1.8"
}

// hardStatus are the statuses of RFC 3463 that say: no such mailbox (5.1.1),
// no such domain (5.1.2), no such address (5.1.3), moved (5.1.6), a domain
// that takes no mail (5.1.10), a host that does not resolve (5.4.4); with the
// numbers of Exchange Online for the first and the last.
func hardStatus(status string) bool {
	switch status {
	case "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.1.351", "5.4.4", "5.4.310":
		return true
	}
	return false
}

var statusWord = regexp.MustCompile(`(?:^|[ #(\[:;,<"'=\n-])([245]\.\d{1,3}\.\d{1,3})(?:[^\d.\w]|\.?$|\.[^\d])`)

// findStatus is the first status of a failure in text that says more than
// "undefined".
func findStatus(text string) string {
	for _, found := range statusWord.FindAllStringSubmatch(text, 10) {
		if found[1][0] != '2' && !strings.HasSuffix(found[1], ".0.0") {
			return found[1]
		}
	}
	return ""
}

func cleanStatus(status string) string {
	if found := statusWord.FindStringSubmatch(" " + status + " "); found != nil {
		return found[1]
	}
	return ""
}

var replyCode = regexp.MustCompile(`(?:^|[^\d.])([45][0-5]\d)(?:[ -]|$)`)

// code is the SMTP reply code in the words.
func (e evidence) code() int {
	if found := replyCode.FindStringSubmatch(e.text); found != nil {
		n, _ := strconv.Atoi(found[1])
		return n
	}
	return 0
}

// vague says that a diagnostic is too short to judge by.
func vague(diagnostic string) bool {
	rest := statusWord.ReplaceAllString(replyCode.ReplaceAllString(diagnostic, " "), " ")
	return len(strings.TrimSpace(rest)) < 12
}

func containsAny(lower string, words []string) bool {
	for _, w := range words {
		if strings.Contains(lower, w) {
			return true
		}
	}
	return false
}

// oneLine makes text safe to store and show.
func oneLine(text string, most int) string {
	text = strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7F && c < 0xA0 {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(text, "?"))
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		text = strings.TrimSpace(strings.ToValidUTF8(text[:most], ""))
	}
	return text
}
