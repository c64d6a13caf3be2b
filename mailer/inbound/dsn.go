package inbound

import "strings"

// deliveryReports reads the machine's part of a delivery report (RFC 3464,
// and RFC 6533 for addresses beyond ASCII).
func (m *inMail) deliveryReports() []Report {
	var reports []Report
	for _, p := range m.parts {
		fields := p.statusFields()
		if fields == "" {
			continue
		}
		all := groups(fields)
		var recipients []string
		for _, g := range all {
			if a := firstAddress(typedValue(g.get("final-recipient")), typedValue(g.get("original-recipient"))); a != "" {
				recipients = append(recipients, a)
			}
		}
		told := cutPassages(m.words(), recipients)
		for _, g := range all {
			if len(reports) == maxReports {
				return reports
			}
			if r, ok := deliveryReport(g, told); ok {
				reports = append(reports, r)
			}
		}
	}
	return reports
}

// statusFields are the fields of a delivery report that a part holds; also those
// of one whose parts were not cut apart, because a server on the way changed or
// lost the boundary.
func (p part) statusFields() string {
	switch p.kind {
	case "message/delivery-status", "message/global-delivery-status":
		return p.text
	case "message/rfc822", "message/global", "text/rfc822-headers":
		return "" // what is reported on may be a report
	}
	if strings.HasPrefix(p.text, "Reporting-MTA:") {
		return p.text
	}
	at := strings.Index(p.text, "\nReporting-MTA:")
	if at < 0 {
		return ""
	}
	fields, _, _ := strings.Cut(p.text[at+1:], "\n--")
	if !strings.Contains(fields, "\nFinal-Recipient:") {
		return ""
	}
	return fields
}

// groups are the blocks of fields between empty lines.
func groups(text string) []header {
	var all []header
	for text = strings.TrimLeft(text, "\n"); text != "" && len(all) <= maxReports; text = strings.TrimLeft(text, "\n \t") {
		h, rest := splitHeader(text)
		if rest == text { // not a field: pass over the line
			_, rest, _ = strings.Cut(text, "\n")
		}
		if len(h) > 0 {
			all = append(all, h)
		}
		text = rest
	}
	return all
}

// deliveryReport reads a block about one recipient (RFC 3464 section 2.3).
func deliveryReport(h header, words passages) (Report, bool) {
	final, first := typedValue(h.get("final-recipient")), typedValue(h.get("original-recipient"))
	action := strings.ToLower(firstWord(h.get("action")))
	status := firstWord(h.get("status"))
	if final == "" && first == "" && action == "" {
		return Report{}, false
	}
	r := Report{
		Recipient:  firstAddress(final, first, typedValue(h.get("x-actual-recipient"))),
		Status:     cleanStatus(status),
		Diagnostic: typedValue(h.get("diagnostic-code")),
	}
	switch {
	case action == "delivered" || action == "relayed" || action == "expanded" || action == "deliverable",
		action == "" && strings.HasPrefix(r.Status, "2."):
		r.Kind = Delivered
		return r, true
	case r.Recipient == "":
		if list := addresses(words.words); len(list) > 0 {
			r.Recipient = list[0]
		}
	}
	told, context := r.Diagnostic, words.about(r.Recipient)
	if told == "" || vague(told) {
		told += "\n" + context
	}
	e := evidence{status: r.Status, text: told, context: context, delayed: action == "delayed"}
	r.Kind, r.Policy = e.judge()
	r.Delayed = e.delayed
	r.Code = e.code()
	if better := findStatus(told); better != "" && (r.Status == "" || strings.HasSuffix(r.Status, ".0.0")) {
		r.Status = better
	}
	if r.Diagnostic == "" {
		r.Diagnostic = context
		if context == words.words {
			r.Diagnostic = telling(context, context)
		}
	}
	return r, true
}

// typedValue is what follows the type of a field such as "rfc822; a@b".
func typedValue(value string) string {
	if kind, rest, ok := strings.Cut(value, ";"); ok && !strings.ContainsAny(strings.TrimSpace(kind), " @") {
		return strings.TrimSpace(rest)
	}
	return strings.TrimSpace(value)
}

func firstWord(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return ""
}

// firstAddress is the first value that holds an address, without brackets.
func firstAddress(values ...string) string {
	for _, v := range values {
		if list := addresses(v); len(list) > 0 {
			return list[0]
		}
	}
	return ""
}
