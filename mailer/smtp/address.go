package smtp

import (
	"strings"

	"golang.org/x/net/idna"
)

// maxAddress bounds a path of RFC 5321 section 4.5.3.1.3, brackets aside.
const maxAddress = 254

// wireAddress makes an address fit for MAIL or RCPT: the domain as A-labels
// (RFC 5891), and nothing in it that could end the command or begin another.
// utf8 says that its local part needs SMTPUTF8 (RFC 6531).
func wireAddress(address string) (wire string, utf8 bool, err error) {
	at := strings.LastIndexByte(address, '@')
	if at < 1 || at == len(address)-1 {
		return "", false, &Unsendable{"an address lacks its local part or domain"}
	}
	local, domain := address[:at], address[at+1:]
	if utf8, err = checkLocal(local); err != nil {
		return "", false, err
	}
	if !isASCII(domain) {
		if domain, err = idna.Lookup.ToASCII(domain); err != nil {
			return "", false, &Unsendable{"an address has a domain that is no host name"}
		}
	}
	if !domainOK(domain) {
		return "", false, &Unsendable{"an address has a domain that is no host name"}
	}
	if wire = local + "@" + domain; len(wire) > maxAddress {
		return "", false, &Unsendable{"an address is longer than 254 bytes"}
	}
	return wire, utf8, nil
}

// checkLocal takes dot-strings and quoted strings of RFC 5321 section 4.1.2,
// a little more kindly than written there: servers do hold mailboxes with
// dots in odd places.
func checkLocal(local string) (utf8 bool, err error) {
	quoted := len(local) >= 2 && local[0] == '"' && local[len(local)-1] == '"'
	body := local
	if quoted {
		body = local[1 : len(local)-1]
	}
	for i := 0; i < len(body); i++ {
		c := body[i]
		switch {
		case c >= 0x80:
			utf8 = true
		case c < ' ' || c == 0x7F:
			return false, &Unsendable{"an address holds a control character"}
		case quoted && c == '\\' && i+1 < len(body) && body[i+1] >= ' ' && body[i+1] < 0x7F:
			i++
		case quoted && (c == '"' || c == '\\'), !quoted && strings.IndexByte(` ()<>,;:\"[]@`, c) >= 0:
			return false, &Unsendable{"an address holds a character that must be quoted"}
		}
	}
	return utf8, nil
}

// domainOK takes host names and address literals such as [192.0.2.1].
func domainOK(domain string) bool {
	if strings.HasPrefix(domain, "[") {
		return strings.HasSuffix(domain, "]") && len(domain) > 2 &&
			strings.Trim(domain[1:len(domain)-1], "0123456789abcdefABCDEF.:IPv") == ""
	}
	if strings.HasPrefix(domain, ".") || strings.HasSuffix(domain, ".") || strings.Contains(domain, "..") {
		return false
	}
	for i := range len(domain) {
		if c := domain[i]; !isWord(c) && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
