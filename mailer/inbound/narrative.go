package inbound

import (
	"regexp"
	"slices"
	"strings"
)

// narrative reads a bounce that was written for people.
func (m *inMail) narrative() []Report {
	failed := m.header.get("x-failed-recipients")
	subject := strings.ToLower(decodeWords(m.header.get("subject")))
	words := m.words()
	lower := strings.ToLower(words)
	if failed == "" && !m.fromServer() && !m.tellsOfFailure() {
		return nil
	}
	list := addresses(failed)
	if list == nil {
		list = m.failedAddresses(words)
	}
	if list == nil {
		list = addresses(strings.Join(m.original()["to"], ","))
	}
	if list == nil {
		list = []string{""}
	}
	list = list[:min(len(list), maxReports)]
	delayed := containsAny(subject, delaySubjects) || containsAny(lower, delayWords)
	told := cutPassages(words, list)
	var reports []Report
	for _, to := range list {
		told := told.about(to)
		e := evidence{status: findStatus(told), text: told, delayed: delayed}
		if !speaks(told) {
			told = telling(words, told)
			e.status, e.text = findStatus(words), words+"\n"+subject
		}
		if told == words {
			told = telling(words, told)
		}
		kind, policy := e.judge()
		reports = append(reports, Report{
			Kind: kind, Policy: policy, Delayed: delayed, Recipient: to, Status: e.status, Code: e.code(), Diagnostic: told,
		})
	}
	return reports
}

// tellsOfFailure says that subject or words are those of a bounce.
func (m *inMail) tellsOfFailure() bool {
	return containsAny(strings.ToLower(decodeWords(m.header.get("subject"))), bounceSubjects) ||
		containsAny(strings.ToLower(m.words()), bounceOpenings)
}

// telling is from the first line that holds a reason to the end of its paragraph,
// else otherwise.
func telling(words, otherwise string) string {
	at := 0
	for line := range strings.Lines(words) {
		if speaks(line) {
			paragraph, _, _ := strings.Cut(words[at:], "\n\n")
			return paragraph
		}
		at += len(line)
	}
	return otherwise
}

// speaks says that a passage holds a reason.
func speaks(text string) bool {
	lower := strings.ToLower(strings.Join(strings.Fields(text), " "))
	for _, words := range [][]string{noUserWords, noHostWords, fullWords, policyWords, otherWords} {
		if containsAny(lower, words) {
			return true
		}
	}
	return replyCode.MatchString(text) || findStatus(text) != ""
}

var (
	// alone is a line that names an address and nothing, or a reason behind it.
	alone = regexp.MustCompile(`^[\s>*"'(-]*(?:[45]\d\d[ -])?<?((?:"[^"]+"|[^\s<>"',;:()]+)@[^\s<>"',;:()\[\]]+?)>?[.:,;]*(?:\s.*|\(.*|\[.*|\.\.\..*)?$`)

	// labelled is a line that says whose address it names.
	labelled = regexp.MustCompile(`(?i)(?:rcpt to|recipients?|mailbox|address|user|to|unknown user|deliver(?:ed|y|ing)?(?: to)?|message to|failed for|account)\b[^@\n]{0,60}?[\s:<"'(]<?((?:"[^"]+"|[^\s<>"',;:()]+)@[^\s<>"',;:()\[\]]+)`)
)

// failedAddresses are those the words complain of: lines that consist of an
// address, else lines that label one, else any, our own aside.
func (m *inMail) failedAddresses(words string) []string {
	own := addresses(strings.Join(m.header["to"], ",") + "," + strings.Join(m.header["delivered-to"], ","))
	own = append(own, addresses(m.header.get("from")+","+m.header.get("reply-to"))...)
	pick := func(re *regexp.Regexp) []string {
		var list []string
		for line := range strings.Lines(words) {
			found := re.FindStringSubmatch(strings.TrimRight(line, "\n"))
			if found == nil {
				continue
			}
			for _, a := range addresses(found[1]) {
				if !containsFold(own, a) && !containsFold(list, a) && len(list) < maxReports {
					list = append(list, a)
				}
			}
		}
		return list
	}
	if list := pick(alone); list != nil {
		return list
	}
	if list := pick(labelled); list != nil {
		return list
	}
	for _, a := range addresses(words) {
		if !containsFold(own, a) {
			return []string{a}
		}
	}
	return nil
}

// passages cuts words by recipient: a recipient's passage begins at a line
// that names it and ends at one that names others of them only. One that is
// never named has no passage of its own, and all the words are its.
type passages struct {
	words string
	of    map[string]string // by recipient in lower case
}

func cutPassages(words string, recipients []string) passages {
	known := make(map[string]*strings.Builder, len(recipients))
	for _, r := range recipients {
		known[strings.ToLower(r)] = new(strings.Builder)
	}
	var inside []*strings.Builder
	for line := range strings.Lines(words) {
		var named []*strings.Builder
		for _, a := range addresses(line) {
			if b := known[strings.ToLower(a)]; b != nil && !slices.Contains(named, b) {
				named = append(named, b)
			}
		}
		if named != nil {
			inside = named
		}
		for _, b := range inside {
			b.WriteString(line)
		}
	}
	p := passages{words: words, of: make(map[string]string, len(known))}
	for r, b := range known {
		p.of[r] = b.String()
	}
	return p
}

func (p passages) about(recipient string) string {
	told := p.of[strings.ToLower(recipient)]
	if told == "" {
		told = p.words
	}
	return told[:min(len(told), maxPassage)]
}

// originalLine begins the copy of the mail that is reported on.
var originalLine = regexp.MustCompile(`(?mi)^(?:` + strings.Join([]string{
	`-+ ?(?:this is a copy of|below this line is a copy|the header of the original|original message|unsent message|returned message|` +
		`message header|copy of|undelivered message|forwarded message|original mail|included is a copy|a copy of)`,
	`-{2,}.{0,20}(?:original message|unsent message|message headers?|undelivered message follows|mail header|returned message)`,
	`(?:the )?original message(?: headers?)?(?: follows)?[.:]`,
	`original-message`,
	`content-type: (?:message/rfc822|text/rfc822-headers)`,
	`received: (?:from|by|\(|;)`,
	`return-path:`,
	`message-id:`,
	`below this line is a copy of`,
	`the first \d+ (?:lines|bytes) of the (?:original|message)`,
	`\*+ ?your message`,
	`your original message (?:is|was|follows)`,
}, "|") + `)`)

func originalAt(text string) int {
	if at := originalLine.FindStringIndex(text); at != nil {
		return at[0]
	}
	return len(text)
}

func cutOriginal(text string) string { return text[:originalAt(text)] }
