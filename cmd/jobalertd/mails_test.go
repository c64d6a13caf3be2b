package main

import (
	"context"

	"github.com/jobalertd/jobalertd/mailer"
)

// Compose reads and makes the mail of one envelope.
func (m mails) Compose(ctx context.Context, e mailer.Envelope) (mailer.Message, error) {
	drafts, err := m.Read(ctx, []mailer.Envelope{e})
	if err != nil {
		return mailer.Message{}, err
	}
	return drafts[0].Make()
}
