package smtp

import "strings"

// queueID finds the relay's own name for an accepted mail, the only link to
// the relay's log. It knows the words of
//
//	Postfix     Ok: queued as 4XyZ12abcd
//	Exim        OK id=1rABcd-0001xY-2z
//	Exchange    <…> [InternalId=123, Hostname=…] Queued mail for delivery
//	Sendmail    49NA0b1c012345 Message accepted for delivery
//	Amazon SES  Ok 0102018c…-000000
//	Gmail       OK  1700000000 d12-20020a….123 - gsmtp
//	qmail       ok 1700000000 qp 12345
//	others      Message queued as ID, queued as ID, id=ID, queue id ID
func queueID(text string) string {
	lower := strings.ToLower(text)
	for _, mark := range []string{"queued as ", "internalid=", "queue id ", "queue-id ", "queueid=", " id=", "(id=", "id="} {
		if i := strings.Index(lower, mark); i >= 0 && i+len(mark) <= len(text) {
			if id := idWord(text[i+len(mark):]); id != "" {
				return id
			}
		}
	}
	if i := strings.Index(lower, " message accepted for delivery"); i > 0 {
		return idWord(text[strings.LastIndexByte(text[:i], ' ')+1:])
	}
	if strings.HasSuffix(lower, " gsmtp") {
		if f := strings.Fields(text); len(f) >= 5 {
			return idWord(f[len(f)-3])
		}
	}
	if i := strings.LastIndex(lower, " qp "); i >= 0 {
		return idWord(text[i+len(" qp "):])
	}
	if f := strings.Fields(text); len(f) == 2 && strings.EqualFold(f[0], "ok") && len(f[1]) >= 16 {
		return idWord(f[1])
	}
	return ""
}

// idWord returns the leading run of characters that queue ids consist of, at
// most 100.
func idWord(t string) string {
	t = strings.TrimLeft(t, " <")
	n := 0
	for n < len(t) && n < 100 && (isWord(t[n]) || strings.IndexByte("-.@+/", t[n]) >= 0) {
		n++
	}
	return strings.TrimRight(t[:n], ".")
}
