package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// checkup composes what was found of one alert's health, if it still holds.
func (m mails) checkup(ctx context.Context, who *subscriptions.Subscriber, e mailer.Envelope, h mailer.Headers) ([]byte, error) {
	var found mailer.Checkup
	if err := json.Unmarshal([]byte(e.Payload), &found); err != nil {
		return nil, fmt.Errorf("decode checkup %d: %w", e.ID, err)
	}
	sub, err := m.subscriptions.Get(ctx, m.db.Reader, e.Subscription)
	if errors.Is(err, subscriptions.ErrNotFound) {
		return nil, outbox.ErrGone
	}
	if err != nil {
		return nil, err
	}
	switch holds, err := m.digests.StillFound(ctx, &sub, found); {
	case err != nil:
		return nil, err
	case !holds:
		return nil, outbox.ErrEmpty
	}
	found.Since = found.Since.In(zoneOf(sub.Schedule))
	form := m.links.Manage(who, m.now()) + "/alerts/" + strconv.FormatUint(uint64(sub.ID), 10)
	leave := m.links.Unsubscribe(who, m.now(), sub.ID)
	h.OneClick, h.UnsubscribeMail = leave, m.unsubscribeMail(leave)
	return m.composer.Checkup(mailer.CheckupContent{Headers: h, AlertName: sub.Name(m.meaning, who.Locale), Frequency: sub.Schedule.Describe(who.Locale),
		EditURL: form, WiderURL: form + "?radius=" + strconv.Itoa(found.WiderKM), UnsubscribeURL: leave, Checkup: found})
}
