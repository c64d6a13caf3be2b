package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/digest"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// mails composes envelopes from what the stores say at the moment of sending. It
// is the outbox's Composer: it spans subscriptions, digests and templates.
type mails struct{ *stores }

// Compose makes the mail of one claimed envelope.
func (m mails) Compose(ctx context.Context, e mailer.Envelope) (mailer.Message, error) {
	who, err := m.subscriptions.Subscriber(ctx, m.db.Reader, e.Subscriber)
	switch {
	case errors.Is(err, subscriptions.ErrNotFound):
		return mailer.Message{}, outbox.ErrGone
	case err != nil:
		return mailer.Message{}, err
	case who.Erased || who.Email == "":
		return mailer.Message{}, outbox.ErrGone
	}
	h := mailer.Headers{To: who.Email, Locale: who.Locale, MessageID: e.MessageID, Date: m.now()}
	var data []byte
	switch e.Kind {
	case mailer.Confirmation:
		data, err = m.confirmation(ctx, &who, e, h)
	case mailer.Account:
		h.To, data, err = m.account(ctx, &who, e, h)
	case mailer.Digest, mailer.InstantDigest:
		data, err = m.digest(ctx, e, h)
	default:
		err = fmt.Errorf("envelope %d is of unknown kind %q", e.ID, e.Kind)
	}
	if err != nil {
		return mailer.Message{}, err
	}
	return mailer.Message{Envelope: e.ID, From: m.returnPath(e.Subscriber, h.To), To: h.To, Data: data}, nil
}

func (m mails) digest(ctx context.Context, e mailer.Envelope, h mailer.Headers) ([]byte, error) {
	content, err := m.digests.Content(ctx, e.Run, e.Subscriber)
	switch {
	case errors.Is(err, digest.ErrNoDigest):
		return nil, outbox.ErrEmpty
	case err != nil:
		return nil, err
	case len(content.Postings) == 0:
		return nil, outbox.ErrEmpty
	}
	h.OneClick, h.UnsubscribeMail = content.OneClick, m.unsubscribeMail(content.OneClick)
	content.Headers, content.Kind = h, e.Kind
	return m.composer.Digest(content)
}

func (m mails) confirmation(ctx context.Context, who *subscriptions.Subscriber, e mailer.Envelope, h mailer.Headers) ([]byte, error) {
	sub, err := m.subscriptions.Get(ctx, m.db.Reader, e.Subscription)
	switch {
	case errors.Is(err, subscriptions.ErrNotFound):
		return nil, outbox.ErrGone
	case err != nil:
		return nil, err
	case sub.State != subscriptions.Unconfirmed:
		return nil, outbox.ErrEmpty
	}
	understood, err := m.understood(ctx, who, &sub)
	if err != nil {
		return nil, err
	}
	return m.composer.Confirmation(mailer.ConfirmationContent{
		Headers: h, Understood: understood, AlertName: sub.Name(m.meaning, who.Locale), Frequency: sub.Schedule.Describe(who.Locale),
		ConfirmURL: m.links.Confirm(who, sub.ID, e.Created), ValidUntil: e.Created.Add(subscriptions.ConfirmWithin).In(zoneOf(sub.Schedule)),
		SignedUpAt: sub.Created.In(zoneOf(sub.Schedule)),
	})
}

// understood describes a wish that came as a mail; empty for one from a form, whose
// writer has seen it in its parts.
func (m mails) understood(ctx context.Context, who *subscriptions.Subscriber, sub *subscriptions.Subscription) (string, error) {
	consents, err := m.subscriptions.Consents(ctx, m.db.Reader, who.ID)
	if err != nil {
		return "", err
	}
	for _, c := range consents {
		if c.Event == subscriptions.SignedUp && c.Subscription == sub.ID && c.Source == bySource {
			return sub.Name(m.meaning, who.Locale), nil
		}
	}
	return "", nil
}

// zoneOf is a subscription's time zone; UTC if it has become unknown.
func zoneOf(s subscriptions.Schedule) *time.Location {
	loc, err := time.LoadLocation(s.Timezone)
	if err != nil {
		return time.UTC
	}
	return loc
}

func (m mails) account(ctx context.Context, who *subscriptions.Subscriber, e mailer.Envelope, h mailer.Headers) (to string, data []byte, err error) {
	var p struct {
		Kind    mailer.AccountKind           `json:"kind"`
		Payload subscriptions.AccountPayload `json:"payload"`
	}
	if err := json.Unmarshal([]byte(e.Payload), &p); err != nil {
		return "", nil, fmt.Errorf("decode account mail %d: %w", e.ID, err)
	}
	if p.Payload.To != "" {
		h.To = p.Payload.To
	}
	c := mailer.AccountContent{Headers: h, Kind: p.Kind, ManageURL: m.links.Manage(who, m.now()), ActionURL: p.Payload.ActionURL}
	if id := p.Payload.Subscription; id != 0 {
		sub, err := m.subscriptions.Get(ctx, m.db.Reader, id)
		if err != nil {
			return "", nil, fmt.Errorf("account mail %d: %w", e.ID, err)
		}
		c.AlertName = sub.Name(m.meaning, who.Locale)
	}
	data, err = m.composer.Account(c)
	return h.To, data, err
}
