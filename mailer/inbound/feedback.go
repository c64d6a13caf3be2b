package inbound

import "strings"

// complaints reads a feedback report (RFC 5965), and the form in which
// Microsoft sends them: the mail complained of, with a field of its own.
func (m *inMail) complaints() []Report {
	for _, p := range m.parts {
		if fields := p.feedbackFields(); fields != "" {
			return m.feedback(fields)
		}
	}
	for _, h := range []header{m.header, m.original()} {
		if to := firstAddress(h.get("x-hmxmroriginalrecipient")); to != "" {
			return []Report{{Kind: Complaint, Recipient: to, Feedback: "abuse"}}
		}
	}
	return nil
}

// feedbackFields are the fields of a feedback report that a part holds, also where
// its parts were not cut apart. Version is required (RFC 5965 section 3.1).
func (p part) feedbackFields() string {
	if p.kind == "message/feedback-report" || strings.HasPrefix(p.text, "Feedback-Type:") {
		return p.text
	}
	at := strings.Index(p.text, "\nFeedback-Type:")
	if at < 0 || strings.HasPrefix(p.kind, "message/") {
		return ""
	}
	fields, _, _ := strings.Cut(p.text[at+1:], "\n--")
	if !strings.Contains(fields, "\nVersion:") {
		return ""
	}
	return fields
}

func (m *inMail) feedback(text string) []Report {
	fields := header{}
	for _, group := range groups(text) {
		for name, values := range group {
			fields[name] = append(fields[name], values...)
		}
	}
	kind, feedback := Complaint, strings.ToLower(firstWord(fields.get("feedback-type")))
	if feedback == "not-spam" { // the opposite of a complaint (RFC 6430)
		kind = Unknown
	}
	var reports []Report
	seen := map[string]bool{}
	add := func(values ...string) {
		for _, v := range values {
			for _, a := range addresses(v) {
				if !seen[a] {
					seen[a] = true
					reports = append(reports, Report{Kind: kind, Recipient: a, Feedback: feedback})
				}
			}
		}
	}
	add(fields["original-rcpt-to"]...)
	if reports == nil {
		add(fields["removal-recipient"]...)
	}
	if reports == nil {
		add(m.original()["to"]...)
	}
	if reports == nil {
		reports = []Report{{Kind: kind, Feedback: feedback}}
	}
	return reports
}
