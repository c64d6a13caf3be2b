package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"github.com/jmoiron/sqlx"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/jobalertd/jobalertd/config"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/inbound"
	"github.com/jobalertd/jobalertd/mailer/smtp"
	"github.com/jobalertd/jobalertd/mailer/suppression"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// comesBack acts on what comes in by mail: it is inbound's Handler. It writes to
// nobody but to ask for confirmation.
type comesBack struct {
	*stores
	wake func() // something changed, or mail waits
	// did is told what was done, by numbers.
	did func(what string, subscriber int64)
	// counted are the reports, by kind; nil where nobody counts.
	counted *prometheus.CounterVec
	// trusting takes a report's word for whom it is about where no token proves
	// it: for an operator who feeds reports of a relay that rewrites senders.
	trusting bool
}

// bySource is how the record of consent calls what was done by mail.
const bySource = "mail"

// Report counts bounces and ends everything on a complaint. What concerns us and
// not the recipient, such as a refusal by policy, is never held against her.
func (c comesBack) Report(ctx context.Context, reports []inbound.Report) error {
	for i := range reports {
		r := &reports[i]
		kind, reason := weigh(r)
		if reason == "" {
			c.count(kind)
			continue
		}
		who, err := c.reported(ctx, r)
		if errors.Is(err, subscriptions.ErrNotFound) {
			c.count(unprovedKind)
			continue
		}
		if err != nil {
			return err
		}
		if err := c.hold(ctx, who, reason, r.Status); err != nil {
			return fmt.Errorf("record a report: %w", err)
		}
		c.count(kind)
		c.did(string(reason), who.ID)
		if reason == suppression.Complaint {
			c.wake()
		}
	}
	return nil
}

// weigh says what a report counts as, and what it gives as a reason not to write
// to its recipient; "" for none.
func weigh(r *inbound.Report) (kind string, reason suppression.Reason) {
	switch {
	case r.Kind == inbound.Hard:
		return string(r.Kind), suppression.HardBounce
	case r.Delayed: // what comes of it will be told, or it will arrive
		return delayedKind, ""
	case r.Kind == inbound.Soft && aboutUs(r):
		return aboutUsKind, ""
	case r.Kind == inbound.Soft:
		return string(r.Kind), suppression.SoftBounce
	case r.Objects():
		return string(r.Kind), suppression.Complaint
	}
	return string(r.Kind), ""
}

// What reports count as beside their kinds: warnings of a delay, refusals that speak
// of us, and reports that nothing proves.
const (
	delayedKind  = "delayed"
	aboutUsKind  = "policy"
	unprovedKind = "unproved"
)

func newBounceCounter(r prometheus.Registerer) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "jobalert_bounces_total",
		Help: "Reports that came back by mail, by kind; delayed: still being tried; policy: refusals that speak of the sender; unproved: about nobody we know of."}, []string{"kind"})
	r.MustRegister(c)
	return c
}

func (c comesBack) count(kind string) {
	if c.counted != nil {
		c.counted.WithLabelValues(kind).Inc()
	}
}

// aboutUs reports whether a soft bounce speaks of the sender or the mail.
func aboutUs(r *inbound.Report) bool {
	if r.Policy {
		return true
	}
	v := smtp.Classify(max(r.Code, 400), r.Status, r.Diagnostic, smtp.StageBody)
	return v == mailer.SenderProblem || v == mailer.SlowDown || v == mailer.MessageRefused
}

// reported is the subscriber whom a report is about; ErrNotFound if nothing
// proves that it is about one.
func (c comesBack) reported(ctx context.Context, r *inbound.Report) (subscriptions.Subscriber, error) {
	if id := tokenSubscriber(r.Token); id != 0 {
		who, err := c.subscriptions.Subscriber(ctx, c.db.Reader, id)
		if err != nil {
			return who, err
		}
		if who.Email != "" && c.provesReturn(r.Token, id, who.Email) {
			return who, nil
		}
	}
	if claims, err := c.links.Signer.Verify(r.Leave, subscriptions.ToUnsubscribe, c.now()); err == nil {
		who, err := c.subscriptions.Subscriber(ctx, c.db.Reader, claims.Subscriber)
		if err != nil {
			return who, err
		}
		if who.Email != "" && quotes(r, who.Email) {
			return who, nil
		}
	}
	if !c.trusting || r.Recipient == "" {
		return subscriptions.Subscriber{}, subscriptions.ErrNotFound
	}
	return c.subscriptions.SubscriberByAddress(ctx, c.db.Reader, r.Recipient)
}

// quotes reports whether a report that quotes her mail is on the address she has
// now. Complaints often leave the address out; bounces must name it.
func quotes(r *inbound.Report, address string) bool {
	if r.Kind == inbound.Complaint {
		return true
	}
	return subscriptions.AddressKey(r.Recipient) == subscriptions.AddressKey(address)
}

// hold records the report. A complaint ends all alerts first: that takes the clock.
func (c comesBack) hold(ctx context.Context, who subscriptions.Subscriber, reason suppression.Reason, status string) error {
	return c.db.Tx(ctx, func(tx *sqlx.Tx) error {
		if reason == suppression.Complaint {
			how := subscriptions.Circumstances{Source: bySource}
			if _, err := c.subscriptions.EndAll(ctx, tx, who.ID, subscriptions.EndedComplained, how, c.now()); err != nil {
				return err
			}
		}
		return c.suppressions.Bounced(ctx, tx, who.Email, reason, status)
	})
}

// Unsubscribe ends the alerts that a link's token names. An invalid token does
// nothing, and looks the same.
func (c comesBack) Unsubscribe(ctx context.Context, token string) error {
	claims, err := c.links.Signer.Verify(token, subscriptions.ToUnsubscribe, c.now())
	if err != nil {
		return nil //nolint:nilerr // strangers must not tell good tokens from bad ones
	}
	err = c.db.Tx(ctx, func(tx *sqlx.Tx) error {
		how := subscriptions.Circumstances{Source: bySource}
		_, err := c.subscriptions.End(ctx, tx, claims.Subscriber, claims.Subscriptions, subscriptions.EndedUnsubscribed, how, c.now())
		return err
	})
	if errors.Is(err, subscriptions.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("unsubscribe by mail: %w", err)
	}
	c.did("unsubscribed", claims.Subscriber)
	c.wake()
	return nil
}

// Subscribe takes a wish written as a subject, and asks its writer to confirm.
// What cannot be understood is not answered by mail: the address may be forged.
func (c comesBack) Subscribe(ctx context.Context, r inbound.SubscribeRequest) error {
	address, err := subscriptions.ParseAddress(r.From)
	if err != nil {
		return nil //nolint:nilerr // nobody to answer
	}
	criteria, ok := wishIn(c.meaning, r.Subject)
	if !ok {
		c.did("not understood", 0)
		return &inbound.NotUnderstood{Advice: "Nothing was understood, nichts verstanden. Write as the subject, Betreff: Medizininformatiker Gelsenkirchen 25 km; or use, oder: " + c.config.HTTP.PublicURL}
	}
	schedule := subscriptions.Schedule{Frequency: subscriptions.Daily, Hour: 7, Timezone: c.config.Digest.Timezone}
	locale := "de"
	if r.Locale == "en" {
		locale = r.Locale
	}
	up := subscriptions.SignUp{Address: address, Locale: locale, Wish: subscriptions.Wish{Criteria: criteria, Schedule: schedule},
		How: subscriptions.Circumstances{Source: bySource, TextVersion: bySource, Wording: r.Subject}}
	var made subscriptions.Enrolment
	err = c.db.Tx(ctx, func(tx *sqlx.Tx) (err error) {
		made, err = c.enrol(ctx, tx, up)
		return err
	})
	if err != nil {
		return fmt.Errorf("subscribe by mail: %w", err)
	}
	c.did("asked to subscribe", made.Subscriber)
	c.wake()
	return nil
}

// enrol stores a sign-up with the mail that it asks for.
func (c comesBack) enrol(ctx context.Context, tx *sqlx.Tx, up subscriptions.SignUp) (subscriptions.Enrolment, error) {
	now := c.now()
	made, err := c.subscriptions.SignUp(ctx, tx, up, now)
	if err != nil || made.Answer == subscriptions.StaySilent {
		return made, err
	}
	if err := c.suppressions.Lift(ctx, tx, up.Address); err != nil {
		return made, err
	}
	if made.Answer == subscriptions.SayAlreadyHere {
		_, err = c.outbox.Account(ctx, tx, made.Subscriber, subscriptions.MailAlreadyHere, subscriptions.AccountPayload{Subscription: made.Subscription})
		return made, err
	}
	how := up.How
	if how.MessageID, err = c.outbox.Confirmation(ctx, tx, made.Subscriber, made.Subscription, made.Confirmation); err != nil {
		return made, err
	}
	return made, c.subscriptions.ConfirmationSent(ctx, tx, made.Subscriber, made.Subscription, how, now)
}

// receiver is the daemon's server for what comes back by mail.
type receiver struct {
	server   *inbound.Server
	listener net.Listener
}

// inboundServer serves the three addresses under the domain of bounce_address.
func (s *stores) inboundServer(h inbound.Handler, secure *tls.Config) *inbound.Server {
	domain := domainOf(s.config.Mail.BounceAddress)
	o := inbound.Options{TLS: secure, HelloName: mailHost(s.config), BounceAddress: s.config.Mail.BounceAddress,
		UnsubscribeAddress: unsubscribeLocal + "@" + domain, SubscribeAddress: subscribeLocal + "@" + domain, Log: s.log}
	if s.canaryBack() {
		o.CanaryAddress = s.config.Canary.Address
		o.Canary = func(ctx context.Context, messageID string) error { return s.arrivals.Arrived(ctx, messageID, s.now()) }
	}
	return inbound.NewServer(o, h)
}

// buildInbound listens where mail comes back; nowhere without inbound.listen.
func (d *daemon) buildInbound(ctx context.Context) error {
	if d.config.Inbound.Listen == "" {
		return nil
	}
	secure, err := inboundTLS(&d.config.Inbound)
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", d.config.Inbound.Listen)
	if err != nil {
		return fmt.Errorf("inbound.listen: %w; ports below 1024 need a privilege, and another mail server may use the port", err)
	}
	h := comesBack{stores: d.stores, wake: d.Wake, counted: newBounceCounter(d.registry), did: func(what string, subscriber int64) {
		d.log.InfoContext(ctx, "mail came back", "what", what, "subscriber_id", subscriber)
	}}
	d.inbound = &receiver{server: d.inboundServer(h, secure), listener: l}
	return nil
}

// inboundTLS is what STARTTLS is offered with; nil without a certificate. Its files
// are read again for each connection, so that a renewed one needs no restart.
func inboundTLS(c *config.Inbound) (*tls.Config, error) {
	if c.TLSCertFile == "" {
		return nil, nil
	}
	load := func() (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(c.TLSCertFile, c.TLSKeyFile)
		return &pair, err
	}
	if _, err := load(); err != nil {
		return nil, fmt.Errorf("inbound.tls_cert_file: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return load() }}, nil
}
