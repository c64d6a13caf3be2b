package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"time"

	"github.com/jobalertd/jobalertd/config"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/capture"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/mailer/smtp"
)

// relayTransport carries envelopes to the operator's relay.
type relayTransport struct{ options smtp.Options }

func newRelayTransport(c *config.Config, pace *smtp.Limiter) (*relayTransport, error) {
	o := smtp.Options{Host: c.SMTP.Host, Port: c.SMTP.Port, TLS: c.SMTP.TLS, Username: c.SMTP.Username, Password: c.SMTP.Password.Reveal(),
		HelloName: mailHost(c), Timeout: c.SMTP.Timeout, MaxPerConnection: envelopesAConnection, Pace: pace}
	if c.SMTP.TLSCAFile != "" {
		pem, err := os.ReadFile(c.SMTP.TLSCAFile)
		if err != nil {
			return nil, fmt.Errorf("smtp.tls_ca_file: %w", err)
		}
		o.RootCAs = x509.NewCertPool()
		if !o.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("smtp.tls_ca_file: %s holds no certificate", c.SMTP.TLSCAFile)
		}
	}
	return &relayTransport{options: o}, nil
}

// envelopesAConnection recycles connections: relays cut sessions after some
// hundred to some thousand mails.
const envelopesAConnection = 500

func (t *relayTransport) Dial(ctx context.Context) (outbox.Session, error) {
	conn, err := smtp.Dial(ctx, t.options)
	if err != nil {
		return nil, err
	}
	return conn, nil
}

func (t *relayTransport) Problem(err error) mailer.Verdict { return smtp.VerdictOf(err) }

// slots keep the pace of all replicas together where there can be several; an
// SQLite file has one process, which keeps it by itself.
func (s *stores) slots() smtp.Slots {
	if s.sqlite() {
		return nil
	}
	return sharedSlots{s.outbox}
}

// sharedSlots are the places that replicas share in the database.
type sharedSlots struct{ store *outbox.Store }

func (s sharedSlots) Reserve(ctx context.Context, c smtp.SlotClaim) (time.Time, bool, error) {
	return s.store.Reserve(ctx, outbox.Place{Pace: c.Key, Count: c.Count, Interval: c.Interval, Now: c.Now, Since: c.Since, Latest: c.Latest})
}

// captureTransport keeps mails as files where no relay is configured.
type captureTransport struct{ store *capture.Store }

func (t captureTransport) Dial(context.Context) (outbox.Session, error) {
	return t.store.Session(), nil
}
func (t captureTransport) Problem(error) mailer.Verdict { return mailer.NotTried }
