package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/smtp"
	"os"
	"strings"

	"github.com/jobalertd/jobalertd/mailer/inbound"
)

// bouncesCmd reads mails that came back.
type bouncesCmd struct {
	Classify bouncesClassifyCmd `cmd:"" help:"Say what mails report, and do nothing."`
	Receive  bouncesReceiveCmd  `cmd:"" help:"Act on one mail from standard input, as inbound.listen would."`
}

type bouncesClassifyCmd struct {
	Files []string `arg:"" name:"file" help:"Mails (RFC 5322), - for standard input."`
	JSON  bool     `help:"One JSON object a recipient reported on." name:"json"`
}

func (bouncesClassifyCmd) Help() string {
	return "Example:\n  jobalertd bounces classify bounce.eml"
}

// classified is one report in JSON.
type classified struct {
	File       string       `json:"file"`
	Kind       inbound.Kind `json:"kind"`
	Recipient  string       `json:"recipient"`
	Status     string       `json:"status"`
	Diagnostic string       `json:"diagnostic"`
}

// maxMail bounds a mail that is read; reports quote little of what they are about.
const maxMail = 32 << 20

// Run classifies every file; the status is 1 if one cannot be read.
func (c bouncesClassifyCmd) Run(s *session) error {
	failed := false
	for _, name := range c.Files {
		raw, err := s.readMail(name)
		if err != nil {
			fmt.Fprintf(s.stderr, "jobalertd: %v\n", err)
			failed = true
			continue
		}
		for _, r := range inbound.Classify(raw) {
			one := classified{name, r.Kind, r.Recipient, r.Status, r.Diagnostic}
			if c.JSON {
				err = s.printJSON(one)
			} else {
				s.printf("%s: %-10s %-8s %s  %s\n", one.File, one.Kind, one.Status, one.Recipient, one.Diagnostic)
			}
			if err != nil {
				return err
			}
		}
	}
	if failed {
		return errFailed
	}
	return nil
}

func (s *session) readMail(name string) ([]byte, error) {
	in := s.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxMail))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return raw, nil
}

type bouncesReceiveCmd struct {
	To           string `help:"The address it was delivered to, with its token; taken from Delivered-To, X-Original-To or To if not given." placeholder:"ADDRESS"`
	From         string `help:"Its envelope sender; taken from Return-Path if not given." placeholder:"ADDRESS"`
	WithoutToken bool   `help:"Believe a report about the recipient it names where no token proves it: for relays that rewrite the envelope sender. Whoever can write to this pipe can then suppress addresses."`
}

func (bouncesReceiveCmd) Help() string {
	return "Example, an alias of the mail server's:\n  bounces: \"|jobalertd bounces receive --config /etc/jobalertd.toml\"\n\n" +
		"Takes what comes to mail.bounce_address, and to unsubscribe+TOKEN@ and subscribe@ under its domain.\nStatus 1 if it could not be acted on now."
}

// Run hands the mail to the same server that inbound.listen runs, so that both
// judge alike.
func (c bouncesReceiveCmd) Run(ctx context.Context, s *session) error {
	st, err := s.stores(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	if st.config.Mail.BounceAddress == "" {
		return usagef("mail.bounce_address is not set, so nothing can come back")
	}
	raw, err := s.readMail("-")
	if err != nil {
		return err
	}
	if c.To == "" {
		c.To = firstField(raw, "Delivered-To", "X-Original-To", "To")
	}
	if c.From == "" {
		c.From = firstField(raw, "Return-Path")
	}
	h := comesBack{stores: st, trusting: c.WithoutToken, wake: func() {}, did: func(what string, subscriber int64) {
		s.printf("%s: subscriber %d\n", what, subscriber)
	}}
	return c.hand(ctx, st.inboundServer(h, nil), raw)
}

// firstField is the address in the first of the fields that is there.
func firstField(raw []byte, names ...string) string {
	m, err := mail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		return ""
	}
	for _, n := range names {
		if a, err := mail.ParseAddress(m.Header.Get(n)); err == nil {
			return a.Address
		}
	}
	return ""
}

// hand speaks SMTP with the server over loopback.
func (c bouncesReceiveCmd) hand(ctx context.Context, server *inbound.Server, raw []byte) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- server.Run(serving, l) }()
	err = deliver(l.Addr().String(), c.From, c.To, raw)
	stop()
	return errors.Join(err, <-ended)
}

func deliver(server, from, to string, raw []byte) error {
	client, err := smtp.Dial(server)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	if err := client.Mail(from); err != nil {
		return fmt.Errorf("the sender: %w", err)
	}
	if err := client.Rcpt(to); err != nil {
		return fmt.Errorf("the mail came to %q, which is none of ours (--to says otherwise): %w", to, err)
	}
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(raw); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("the mail was not acted on: %w", err)
	}
	return client.Quit()
}
