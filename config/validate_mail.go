package config

import (
	"encoding/pem"
	"net/mail"
	"os"
	"strings"
	"time"
)

func (c *Config) checkSMTP(k *checker) {
	s := &c.SMTP
	k.between("smtp.port", s.Port, 1, 65535)
	k.oneOf("smtp.tls", s.TLS, StartTLS, ImplicitTLS, NoTLS)
	k.readable("smtp.tls_ca_file", s.TLSCAFile)
	k.between("smtp.connections", s.Connections, 1, 1000)
	k.atLeast("smtp.max_per_second", s.MaxPerSecond, 0)
	k.lasting("smtp.timeout", s.Timeout, time.Second)
	if strings.ContainsAny(s.Host, " :/@") && !strings.HasPrefix(s.Host, "[") && strings.Count(s.Host, ":") < 2 {
		k.fault("smtp.host", "%q must be a name or an address alone; the port is smtp.port", s.Host)
	}
	if strings.ContainsAny(s.Hello, " \r\n<>") {
		k.fault("smtp.hello", "%q must be a host's name", s.Hello)
	}
	for domain, rate := range s.MaxPerMinutePerDomain {
		key := "smtp.max_per_minute_per_domain." + domain
		if domain != "*" && (!strings.Contains(domain, ".") || domain != strings.ToLower(domain) || strings.ContainsAny(domain, " @")) {
			k.fault(key, "must be named for a domain in lower case, or *")
		}
		if rate < 1 {
			k.fault(key, "%d must be at least 1; leave the domain out for no limit", rate)
		}
	}
	if (s.Username == "") != (s.Password == "") {
		k.fault("smtp.username", "goes together with smtp.password: give both or neither")
	}
	if s.Username != "" && s.TLS == NoTLS && !LoopbackHost(s.Host) {
		k.fault("smtp.tls", "none would send the password in the clear to %s; use starttls or implicit", s.Host)
	}
}

func (c *Config) checkMail(k *checker) {
	m := &c.Mail
	if from, ok := k.address("mail.from", m.From); ok && c.SMTP.Host != "" {
		if _, domain, _ := strings.Cut(from, "@"); LoopbackHost(domain) {
			k.fault("mail.from", "%q must be an address that can be answered once smtp.host is set", m.From)
		}
	}
	if m.ReplyTo != "" {
		k.address("mail.reply_to", m.ReplyTo)
	}
	if m.BounceAddress != "" {
		bare, ok := k.address("mail.bounce_address", m.BounceAddress)
		if ok && (bare != m.BounceAddress || strings.Contains(bare, "+")) {
			k.fault("mail.bounce_address", "%q must be LOCAL@DOMAIN alone, without a name and without +", m.BounceAddress)
		}
	}
	if m.Brand == "" || strings.ContainsAny(m.Brand, "\r\n") {
		k.fault("mail.brand", "%q must be one line", m.Brand)
	}
	if c.SMTP.Host != "" && strings.TrimSpace(m.Imprint) == "" {
		k.fault("mail.imprint", "must be given once smtp.host is set: name and postal address (§ 5 DDG)")
	}
	c.checkDKIM(k)
	if c.Inbound.Listen != "" && m.BounceAddress == "" {
		k.fault("mail.bounce_address", "must be given with inbound.listen: reports come back to it")
	}
	k.readable("inbound.tls_cert_file", c.Inbound.TLSCertFile)
	k.readable("inbound.tls_key_file", c.Inbound.TLSKeyFile)
	if given(c.Inbound.TLSCertFile, c.Inbound.TLSKeyFile) == 1 {
		k.fault("inbound.tls_cert_file", "goes together with inbound.tls_key_file: give both or neither")
	}
}

func (c *Config) checkDKIM(k *checker) {
	m := &c.Mail
	if n := given(m.DKIMDomain, m.DKIMSelector, m.DKIMKeyFile); n != 0 && n != 3 {
		k.fault("mail.dkim_domain", "goes together with mail.dkim_selector and mail.dkim_key_file: give all or none")
	}
	switch n := given(m.DKIMSecondSelector, m.DKIMSecondKeyFile); {
	case n == 1:
		k.fault("mail.dkim_second_selector", "goes together with mail.dkim_second_key_file: give both or neither")
	case n == 2 && m.DKIMKeyFile == "":
		k.fault("mail.dkim_second_key_file", "is for a key beside mail.dkim_key_file, which is not given")
	case n == 2 && m.DKIMSecondSelector == m.DKIMSelector:
		k.fault("mail.dkim_second_selector", "must not be mail.dkim_selector: a selector names one key")
	}
	k.privateKey("mail.dkim_key_file", m.DKIMKeyFile)
	k.privateKey("mail.dkim_second_key_file", m.DKIMSecondKeyFile)
}

// given counts the values that are not empty.
func given(values ...string) (n int) {
	for _, v := range values {
		if v != "" {
			n++
		}
	}
	return n
}

func (k *checker) privateKey(key, path string) {
	if path == "" {
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		k.fault(key, "%v", err)
		return
	}
	if block, _ := pem.Decode(text); block == nil || !strings.HasSuffix(block.Type, "PRIVATE KEY") {
		k.fault(key, "%q holds no private key in PEM", path)
	}
}

// address checks an RFC 5322 address and returns it without its name.
func (k *checker) address(key, value string) (bare string, ok bool) {
	parsed, err := mail.ParseAddress(value)
	if err != nil || strings.ContainsAny(value, "\r\n") {
		k.fault(key, "%q must be ADDRESS or Name <ADDRESS>", value)
		return "", false
	}
	return parsed.Address, true
}
