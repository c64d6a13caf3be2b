package inbound

import "strings"

// complaints reads a feedback report (RFC 5965), and the form in which
// Microsoft sends them: the mail complained of, with a field of its own.
func (m *inMail) complaints() []Report {
	for _, p := range m.parts {
		if p.kind == "message/feedback-report" || strings.HasPrefix(p.text, "Feedback-Type:") {
			return m.feedback(p.text)
		}
	}
	for _, h := range []header{m.header, m.original()} {
		if to := firstAddress(h.get("x-hmxmroriginalrecipient")); to != "" {
			return []Report{{Kind: Complaint, Recipient: to, Feedback: "abuse"}}
		}
	}
	return nil
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
