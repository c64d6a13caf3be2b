package main

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// resolver asks DNS (implemented by net.Resolver).
type resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
}

// dnsTime bounds one question.
const dnsTime = 5 * time.Second

// records are a name's TXT records that begin as asked. found is false when the
// question could not be answered: then nothing is known, and the line says so.
func (d *doctor) records(ctx context.Context, what, name, beginning string) (list []string, known bool) {
	ctx, cancel := context.WithTimeout(ctx, dnsTime)
	defer cancel()
	all, err := d.dns.LookupTXT(ctx, name+".")
	var fault *net.DNSError
	if err != nil && !(errors.As(err, &fault) && fault.IsNotFound) {
		d.say(doubtful, what, fmt.Sprintf("DNS does not say: %v", err), "ask again from the machine that sends, or: dig TXT "+name)
		return nil, false
	}
	for _, r := range all {
		if len(r) >= len(beginning) && strings.EqualFold(r[:len(beginning)], beginning) {
			list = append(list, r)
		}
	}
	return list, true
}

// lookAtSPF looks at who may send for the return path's domain (RFC 7208).
func (d *doctor) lookAtSPF(ctx context.Context, domain, from string) {
	const what = "SPF"
	list, known := d.records(ctx, what, domain, "v=spf1")
	switch {
	case !known:
	case len(list) == 0:
		d.say(failing, what, domain+" has no record", "publish TXT \"v=spf1 … -all\" naming the relay's addresses: large receivers refuse bulk mail without it")
	case len(list) > 1:
		d.say(failing, what, fmt.Sprintf("%s has %d records, so none counts", domain, len(list)), "leave one (RFC 7208 section 3.2)")
	case strings.Contains(strings.ToLower(list[0]), "+all"):
		d.say(doubtful, what, domain+" lets everybody send: "+list[0], "end it with -all or ~all")
	case !related(domain, from):
		d.say(doubtful, what, fmt.Sprintf("the return path's domain %s does not align with %s", domain, from), "put mail.bounce_address under the domain of mail.from, or DMARC must rest on DKIM alone")
	default:
		d.say(healthy, what, domain+": "+list[0], "")
	}
}

// related reports relaxed alignment as far as it can be told without the domains'
// owners: one is the other or lies below it.
func related(a, b string) bool {
	return a == b || strings.HasSuffix(a, "."+b) || strings.HasSuffix(b, "."+a)
}

// lookAtDKIM compares the key in DNS with ours, or says that the relay must sign.
func (d *doctor) lookAtDKIM(ctx context.Context, from string) {
	const what = "DKIM"
	m := d.config.Mail
	if m.DKIMDomain == "" {
		d.say(doubtful, what, "we do not sign, so the relay must, for "+from,
			"its signature must cover List-Unsubscribe and List-Unsubscribe-Post (RFC 8058 section 4): look at h= in a mail received (OpenDKIM leaves the second out unless told: SignHeaders *,+list-unsubscribe-post); or sign here, by mail.dkim_domain")
		return
	}
	for _, key := range dkimKeys(d.config) {
		d.lookAtKey(ctx, key, from)
	}
}

// lookAtKey compares one of our keys with DNS.
func (d *doctor) lookAtKey(ctx context.Context, key dkimKey, from string) {
	const what = "DKIM"
	m := d.config.Mail
	name := key.selector + "._domainkey." + m.DKIMDomain
	list, known := d.records(ctx, what, name, "")
	if !known {
		return
	}
	published := ""
	for _, r := range list {
		if p := tag(r, "p"); p != "" {
			published = p
		}
	}
	ours, err := publicKey(key.path)
	switch {
	case err != nil:
		d.say(failing, what, fmt.Sprintf("%s: %v", key.setting, err), "it must hold an RSA or Ed25519 key, PEM")
	case published == "":
		d.say(failing, what, name+" has no key", "publish TXT \"v=DKIM1; k="+ours.kind+"; p="+ours.text+"\"")
	case strings.Join(strings.Fields(published), "") != ours.text:
		d.say(failing, what, name+" holds another key than "+key.setting, "publish p="+ours.text+", or name the selector of this key")
	case !related(m.DKIMDomain, from):
		d.say(doubtful, what, fmt.Sprintf("signs for %s, which does not align with %s", m.DKIMDomain, from), "set mail.dkim_domain to the domain of mail.from")
	case ours.kind == "ed25519" && m.DKIMSecondKeyFile == "":
		d.say(doubtful, what, name+" holds our key (ed25519), and we sign by no other", "many receivers verify RSA alone: put an RSA key of 2048 bits beside it (mail.dkim_second_key_file)")
	default:
		d.say(healthy, what, name+" holds our key ("+ours.kind+")", "")
	}
}

// publishedKey is a public key as DNS holds it (RFC 6376 section 3.6.1, RFC 8463).
type publishedKey struct{ kind, text string }

func publicKey(path string) (publishedKey, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return publishedKey{}, err
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return publishedKey{}, errors.New("holds no PEM block")
	}
	var key any
	if block.Type == "RSA PRIVATE KEY" {
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	} else {
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err != nil {
		return publishedKey{}, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return publishedKey{}, errors.New("holds no signing key")
	}
	switch public := signer.Public().(type) {
	case *rsa.PublicKey:
		der, err := x509.MarshalPKIXPublicKey(public)
		return publishedKey{"rsa", base64.StdEncoding.EncodeToString(der)}, err
	case ed25519.PublicKey:
		return publishedKey{"ed25519", base64.StdEncoding.EncodeToString(public)}, nil
	}
	return publishedKey{}, errors.New("holds neither an RSA nor an Ed25519 key")
}

// tag reads one tag of a record such as "v=DMARC1; p=none".
func tag(record, name string) string {
	for part := range strings.SplitSeq(record, ";") {
		key, value, ok := strings.Cut(part, "=")
		if ok && strings.EqualFold(strings.TrimSpace(key), name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// maxWalk is how many names a walk up the tree asks (RFC 9989 section 4.10).
const maxWalk = 8

// lookAtDMARC finds the policy that holds for a domain by the tree walk.
func (d *doctor) lookAtDMARC(ctx context.Context, from string) {
	const what = "DMARC"
	for _, domain := range treeWalk(from) {
		list, known := d.records(ctx, what, "_dmarc."+domain, "v=DMARC1")
		if !known {
			return
		}
		if len(list) > 1 {
			d.say(failing, what, fmt.Sprintf("_dmarc.%s has %d records, so none counts", domain, len(list)), "leave one")
			return
		}
		if len(list) == 0 {
			continue
		}
		policy := tag(list[0], "p")
		if domain != from {
			if sp := tag(list[0], "sp"); sp != "" {
				policy = sp
			}
		}
		switch strings.ToLower(policy) {
		case "none", "":
			d.say(doubtful, what, fmt.Sprintf("_dmarc.%s asks receivers for nothing (p=none)", domain), "watch its reports, then set p=quarantine or reject")
		default:
			d.say(healthy, what, fmt.Sprintf("_dmarc.%s: p=%s", domain, policy), "")
		}
		return
	}
	d.say(failing, what, "no record for "+from, "publish TXT at _dmarc."+from+": \"v=DMARC1; p=none; rua=mailto:…\": large receivers ask it of bulk senders")
}

// treeWalk lists the names whose policy may hold for a domain, nearest first. Of
// a name with more than eight labels those between are passed over.
func treeWalk(domain string) []string {
	labels := strings.Split(domain, ".")
	out := []string{domain}
	rest := labels[1:]
	if len(labels) > maxWalk {
		rest = labels[len(labels)-maxWalk+1:]
	}
	for ; len(rest) > 0; rest = rest[1:] {
		out = append(out, strings.Join(rest, "."))
	}
	return out
}
