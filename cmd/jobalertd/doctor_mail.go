package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/mail"
	netsmtp "net/smtp"
	"strings"
	"time"

	"github.com/jobalertd/jobalertd/mailer/smtp"
)

// lookAtRelay connects, secures and logs in; no mail is sent.
func (d *doctor) lookAtRelay(ctx context.Context) {
	const what = "relay"
	if d.config.SMTP.Host == "" {
		d.say(doubtful, what, "none: mails are kept as files in data_dir/mail and reach nobody", "set smtp.host when subscribers shall get them")
		return
	}
	t, err := newRelayTransport(d.config, nil)
	if err != nil {
		d.say(failing, what, err.Error(), "")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	conn, err := smtp.Dial(ctx, t.options)
	if err != nil {
		var misfit *smtp.Misfit
		var refused *smtp.Refused
		do := "is smtp.host right, and may this machine reach it? Some providers close port 25 to their customers"
		switch {
		case errors.As(err, &misfit):
			do = "smtp.tls, smtp.tls_ca_file and the login must fit what the relay offers"
		case errors.As(err, &refused) && refused.Stage == smtp.StageLogin:
			do = "are smtp.username and smtp.password right, and may this account log in from here? The relay says: " + refused.Text
		case errors.As(err, &refused):
			do = "the relay does not want us as a client; it says: " + refused.Text
		}
		d.say(failing, what, fmt.Sprintf("%s:%d: %v", d.config.SMTP.Host, d.config.SMTP.Port, err), do)
		return
	}
	found := fmt.Sprintf("%s:%d takes us (%s", d.config.SMTP.Host, d.config.SMTP.Port, d.config.SMTP.TLS)
	if d.config.SMTP.Username != "" {
		found += ", logged in"
	}
	pipelining := conn.Pipelining()
	_ = conn.Close(ctx)
	if !pipelining {
		d.say(healthy, what, found+", no pipelining)", "a relay that offers PIPELINING (RFC 2920) takes mails several times as fast")
		return
	}
	d.say(healthy, what, found+", pipelining)", "")
}

// domainOf is the domain of an address, written with or without a name.
func domainOf(address string) string {
	if a, err := mail.ParseAddress(address); err == nil {
		address = a.Address
	}
	_, domain, _ := strings.Cut(address, "@")
	return strings.ToLower(strings.TrimSuffix(domain, "."))
}

// lookAtDNS looks at what receivers judge the sender by.
func (d *doctor) lookAtDNS(ctx context.Context) {
	from := domainOf(d.config.Mail.From)
	if d.config.SMTP.Host == "" {
		return // nobody judges mails that stay here
	}
	if from == "" || from == "localhost" || !strings.Contains(from, ".") {
		d.say(failing, "mail.from", fmt.Sprintf("%q is no address on the internet", d.config.Mail.From), "set mail.from to an address of a domain of yours")
		return
	}
	bounces := from
	if d.config.Mail.BounceAddress != "" {
		bounces = domainOf(d.config.Mail.BounceAddress)
	}
	d.lookAtSPF(ctx, bounces, from)
	d.lookAtDKIM(ctx, from)
	d.lookAtDMARC(ctx, from)
}

// lookAtBounces looks at whether what comes back is received and counted.
func (d *doctor) lookAtBounces(ctx context.Context) {
	const what = "bounces"
	m, listen := d.config.Mail, d.config.Inbound.Listen
	switch {
	case d.config.SMTP.Host == "":
		return // nothing comes back
	case m.BounceAddress == "":
		d.say(doubtful, what, "failure reports go to "+bareAddress(m.From)+", where nobody counts them",
			"set mail.bounce_address, and inbound.listen or a pipe to jobalertd bounces receive: receivers judge senders by how often they write to nobody")
		return
	case listen == "":
		d.say(doubtful, what, "reports come to "+m.BounceAddress+", and inbound.listen is off", "all is well if its mail server pipes them, for any +TOKEN, into jobalertd bounces receive")
		return
	}
	if err := takes(reachable(listen), m.BounceAddress); err != nil {
		d.say(doubtful, what, fmt.Sprintf("inbound.listen %s does not take mail for %s: %v", listen, m.BounceAddress, err), "does the daemon run with these settings?")
		return
	}
	domain := domainOf(m.BounceAddress)
	ctx, cancel := context.WithTimeout(ctx, dnsTime)
	defer cancel()
	list, err := d.dns.LookupMX(ctx, domain+".")
	var fault *net.DNSError
	switch {
	case err != nil && errors.As(err, &fault) && fault.IsNotFound, err == nil && len(list) == 0:
		d.say(failing, what, domain+" has no MX record, so nothing comes back", "publish MX for "+domain+" that leads to inbound.listen, or to a mail server that passes it on there")
	case err != nil:
		d.say(doubtful, what, fmt.Sprintf("DNS does not say: %v", err), "ask again from the machine that sends, or: dig MX "+domain)
	default:
		d.say(healthy, what, fmt.Sprintf("%s is taken at %s; mail for %s comes to %s", m.BounceAddress, listen, domain, strings.TrimSuffix(list[0].Host, ".")), "")
	}
}

// takes asks a server whether it takes a report to an address, and gives it none.
func takes(server, address string) error {
	conn, err := net.DialTimeout("tcp", server, dnsTime)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(dnsTime)); err != nil {
		return err
	}
	client, err := netsmtp.NewClient(conn, server)
	if err != nil {
		return err
	}
	return errors.Join(client.Mail(""), client.Rcpt(address), client.Quit())
}
