package smtp

import "strings"

// cutStatus takes an enhanced status (RFC 3463) off the front of a reply's
// text. Some relays put "#", "(" or "[" before it.
func cutStatus(text string) (status, rest string) {
	t := strings.TrimLeft(text, " #([")
	n := statusLen(t)
	if n == 0 {
		return "", text
	}
	return t[:n], strings.TrimLeft(t[n:], " )]:")
}

// findStatus looks for a status of the given class anywhere in text, as its
// own word, so that neither an IP address nor a version number passes for one.
func findStatus(text string, class byte) string {
	for i := range len(text) {
		if text[i] != class || i > 0 && !statusEdge(text[i-1]) {
			continue
		}
		if n := statusLen(text[i:]); n > 0 {
			return text[i : i+n]
		}
	}
	return ""
}

func statusEdge(c byte) bool { return strings.IndexByte(" #([:;,-<\"'=", c) >= 0 }

// statusLen returns the length of the status that t begins with, or 0.
func statusLen(t string) int {
	if len(t) < 5 || t[0] != '2' && t[0] != '4' && t[0] != '5' || t[1] != '.' {
		return 0
	}
	i := 2
	subject := digits(t[i:])
	i += subject
	if subject < 1 || subject > 3 || i >= len(t) || t[i] != '.' {
		return 0
	}
	i++
	detail := digits(t[i:])
	i += detail
	if detail < 1 || detail > 3 {
		return 0
	}
	if i < len(t) && (t[i] == '.' && digits(t[i+1:]) > 0 || isWord(t[i])) {
		return 0
	}
	return i
}

func digits(t string) int {
	n := 0
	for n < len(t) && t[n] >= '0' && t[n] <= '9' {
		n++
	}
	return n
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// splitStatus returns the second and third number of a status, or -1, -1.
func splitStatus(status string) (subject, detail int) {
	if statusLen(status) != len(status) || status == "" {
		return -1, -1
	}
	rest := status[2:]
	s := digits(rest)
	return number(rest[:s]), number(rest[s+1:])
}

func number(t string) int {
	n := 0
	for i := range len(t) {
		n = n*10 + int(t[i]-'0')
	}
	return n
}
