package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/digest"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// mails composes envelopes from what the stores say at the moment of sending. It
// is the outbox's Composer: it spans subscriptions, digests and templates.
type mails struct{ *stores }

// Read looks up what the envelopes' mails need: digests, which may be thousands,
// all at once, the others one by one.
func (m mails) Read(ctx context.Context, envelopes []mailer.Envelope) ([]outbox.Draft, error) {
	drafts := make([]outbox.Draft, len(envelopes))
	var keys []digest.Key
	var at []int
	for i, e := range envelopes {
		switch e.Kind {
		case mailer.Digest, mailer.InstantDigest:
			keys, at = append(keys, digest.Key{Run: e.Run, Subscriber: e.Subscriber}), append(at, i)
		default:
			d, err := m.single(ctx, e)
			if err != nil && (database.IsAway(err) || database.IsBusy(err) || ctx.Err() != nil) {
				return nil, err
			}
			if err != nil {
				d.Make = func() (mailer.Message, error) { return mailer.Message{}, err }
			}
			drafts[i] = d
		}
	}
	if len(keys) == 0 {
		return drafts, nil
	}
	read, err := m.digests.Read(ctx, keys)
	if err != nil {
		return nil, err
	}
	for i, r := range read {
		e := envelopes[at[i]]
		drafts[at[i]] = outbox.Draft{To: r.Who.Email, Make: func() (mailer.Message, error) { return m.digest(r, e) }}
	}
	return drafts, nil
}

// digest makes a digest's mail.
func (m mails) digest(r *digest.Reading, e mailer.Envelope) (mailer.Message, error) {
	content, err := r.Content()
	switch {
	case errors.Is(err, digest.ErrNoDigest):
		return mailer.Message{}, outbox.ErrEmpty
	case err != nil:
		return mailer.Message{}, err
	case r.Who.Email == "":
		return mailer.Message{}, outbox.ErrGone
	case len(content.Postings) == 0:
		return mailer.Message{}, outbox.ErrEmpty
	}
	oneClick := content.OneClick // one of the headers
	content.Headers, content.Kind = m.headers(&r.Who, e), e.Kind
	content.OneClick, content.UnsubscribeMail = oneClick, m.unsubscribeMail(oneClick)
	data, err := m.composer.Digest(content)
	return m.message(e, content.To, data), err
}

func (m mails) headers(who *subscriptions.Subscriber, e mailer.Envelope) mailer.Headers {
	return mailer.Headers{To: who.Email, Locale: who.Locale, MessageID: e.MessageID, Date: m.now()}
}

func (m mails) message(e mailer.Envelope, to string, data []byte) mailer.Message {
	return mailer.Message{Envelope: e.ID, From: m.returnPath(e.Subscriber, to), To: to, Data: data}
}

// single reads and makes one mail that somebody has asked for and waits for.
func (m mails) single(ctx context.Context, e mailer.Envelope) (outbox.Draft, error) {
	who, err := m.subscriptions.Subscriber(ctx, m.db.Reader, e.Subscriber)
	switch {
	case errors.Is(err, subscriptions.ErrNotFound):
		return outbox.Draft{}, outbox.ErrGone
	case err != nil:
		return outbox.Draft{}, err
	case who.Erased || who.Email == "":
		return outbox.Draft{}, outbox.ErrGone
	}
	h := m.headers(&who, e)
	var data []byte
	switch e.Kind {
	case mailer.Confirmation:
		data, err = m.confirmation(ctx, &who, e, h)
	case mailer.Account:
		h.To, data, err = m.account(ctx, &who, e, h)
	case mailer.CheckupMail:
		data, err = m.checkup(ctx, &who, e, h)
	default:
		err = fmt.Errorf("envelope %d is of unknown kind %q", e.ID, e.Kind)
	}
	message := m.message(e, h.To, data)
	return outbox.Draft{To: h.To, Make: func() (mailer.Message, error) { return message, nil }}, err
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
	byMail, err := m.cameByMail(ctx, who, &sub)
	if err != nil {
		return nil, err
	}
	return m.composer.Confirmation(mailer.ConfirmationContent{
		Headers: h, ByMail: byMail, AlertName: sub.Name(m.meaning, who.Locale), Frequency: sub.Schedule.Describe(who.Locale),
		ConfirmURL: m.links.Confirm(who, sub.ID, e.Created), ValidUntil: e.Created.Add(subscriptions.ConfirmWithin).In(zoneOf(sub.Schedule)),
		SignedUpAt: sub.Created.In(zoneOf(sub.Schedule)),
	})
}

// cameByMail reports whether a wish came as a mail, whose writer has not seen it in
// its parts as she does on a form.
func (m mails) cameByMail(ctx context.Context, who *subscriptions.Subscriber, sub *subscriptions.Subscription) (bool, error) {
	consents, err := m.subscriptions.Consents(ctx, m.db.Reader, who.ID)
	if err != nil {
		return false, err
	}
	for _, c := range consents {
		if c.Event == subscriptions.SignedUp && c.Subscription == sub.ID && c.Source == bySource {
			return true, nil
		}
	}
	return false, nil
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
