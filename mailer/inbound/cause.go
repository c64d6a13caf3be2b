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

// kind weighs the words against the status. What is about a full mailbox, the
// sender or the mail is soft whatever the status says, since servers put such
// things under 5.1.1 too; only then do a status or words for an unknown user
// or host make it hard. An address is lost by a wrong "hard" and only written
// to once more by a wrong "soft", so doubt is soft.
func (e evidence) kind() Kind {
	text := strings.ToLower(strings.Join(strings.Fields(e.text), " "))
	status := e.status
	if better := findStatus(e.text); better != "" && (status == "" || strings.HasSuffix(status, ".0.0")) {
		status = better
	}
	context := strings.ToLower(strings.Join(strings.Fields(e.text+" "+e.context), " "))
	code := e.code()
	gone := containsAny(text, noUserWords)
	policy := policyIn(text)
	switch {
	case e.delayed, containsAny(text, senderWords), containsAny(context, fullWords), containsAny(text, programWords):
		return Soft
	case containsAny(text, surelyGoneWords):
		return Hard
	case status == "5.2.1" && gone && containsAny(context, rcptWords):
		return Hard
	case softStatus(status):
		return Soft
	case policy && !(gone && hardStatus(status)):
		return Soft
	case strings.HasPrefix(status, "4."):
		return Soft
	case code == 521 || code == 556 || containsAny(text, noHostWords) && !strings.Contains(text, "try again"):
		return Hard
	case containsAny(text, mailWords):
		return Soft
	case hardStatus(status) && (gone || !containsAny(text, otherWords)):
		return Hard
	case status == "5.1.0" && strings.Contains(text, "address rejected") && !strings.Contains(text, "sender"):
		return Hard
	case gone && answersRecipient(text, context, code):
		return Hard
	}
	return Soft
}

// named finds addresses and hosts, whose names say nothing: a host may be called
// relay. Links are left, and so are the lists of blocked hosts.
var named = regexp.MustCompile(`(?:^|[\s<(\[=:])(?:[^\s<>:/]+@)?[\w-]+(?:\.[\w-]+)+`)

// policy says that the words or the status speak of the sender, its host or the
// mail, rather than of the recipient.
func (e evidence) policy() bool {
	text := strings.ToLower(strings.Join(strings.Fields(e.text), " "))
	status := e.status
	if better := findStatus(e.text); better != "" {
		status = better
	}
	if containsAny(text, fullWords) || strings.HasPrefix(status, "5.2.") || strings.HasPrefix(status, "4.2.") {
		return false
	}
	for _, about := range []string{".7.", ".6.", ".1.7", ".1.8", ".3.4"} {
		if len(status) > 1 && strings.HasPrefix(status[1:], about) {
			return true
		}
	}
	context := strings.ToLower(strings.Join(strings.Fields(e.text+" "+e.context), " "))
	return containsAny(text, senderWords) || policyIn(text) || containsAny(context, mailWords) ||
		containsAny(context, dataWords) && !containsAny(text, noUserWords)
}

// policyIn looks for words of policy in text in lower case, names aside.
func policyIn(text string) bool {
	return containsAny(named.ReplaceAllString(text, " "), policyWords) || containsAny(text, blocklists)
}

// answersRecipient says that words for an unknown user can be believed without
// a status: they answer RCPT, or name the address as such answers do, or are
// the reporting server's own. A server that took the recipient and said the
// same of the whole mail is often a filter.
func answersRecipient(text, context string, code int) bool {
	if containsAny(context, dataWords) {
		return false
	}
	return code == 0 || containsAny(context, rcptWords) || namesRecipient.MatchString(text) ||
		strings.Contains(text, "requested action not taken: mailbox unavailable")
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
