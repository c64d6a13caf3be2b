package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	mail "github.com/wneessen/go-mail"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/digest"
	"github.com/jobalertd/jobalertd/mailer/smtp"
)

// plainContents is how many digests the plain sender is given, over and over.
const plainContents = 200

// sendPlainly sends n of the same digests as a program would that uses go-mail as
// its documentation shows: html/template and text/template render each, a Msg
// encodes it, and a client a worker sends it with SendWithSMTPClient. It gets its
// contents ready in memory, and keeps no record.
func (l *mailLoad) sendPlainly(ctx context.Context, to smtp.Options, connections, n int) (spent, error) {
	contents, err := l.plainContents(ctx)
	if err != nil {
		return spent{}, err
	}
	var left atomic.Int64
	left.Store(int64(n))
	meter := startMeter()
	var wg sync.WaitGroup
	errs := make([]error, connections)
	for i := range connections {
		wg.Go(func() { errs[i] = l.plainWorker(ctx, to, contents, &left) })
	}
	wg.Wait()
	return meter.stop(), errors.Join(errs...)
}

func (l *mailLoad) plainContents(ctx context.Context) ([]mailer.DigestContent, error) {
	var keys []digest.Key
	for _, who := range l.subscribers[:min(plainContents, len(l.subscribers))] {
		keys = append(keys, digest.Key{Run: l.run, Subscriber: who})
	}
	read, err := l.digests.Read(ctx, keys)
	if err != nil {
		return nil, err
	}
	var contents []mailer.DigestContent
	for _, r := range read {
		c, err := r.Content()
		if err != nil {
			return nil, err
		}
		c.Kind = mailer.Digest
		c.Headers = mailer.Headers{To: r.Who.Email, Locale: r.Who.Locale, OneClick: c.OneClick}
		contents = append(contents, c)
	}
	return contents, nil
}

func (l *mailLoad) plainWorker(ctx context.Context, to smtp.Options, contents []mailer.DigestContent, left *atomic.Int64) error {
	client, err := mail.NewClient(to.Host, mail.WithPort(to.Port), mail.WithTLSPolicy(mail.NoTLS), mail.WithHELO(to.HelloName))
	if err != nil {
		return err
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	for at := left.Add(-1); at >= 0; at = left.Add(-1) {
		msg, err := l.plainMessage(contents[at%int64(len(contents))], at)
		if err != nil {
			return err
		}
		if err := client.SendWithSMTPClient(conn, msg); err != nil {
			return err
		}
	}
	return client.CloseWithSMTPClient(conn)
}

func (l *mailLoad) plainMessage(c mailer.DigestContent, at int64) (*mail.Msg, error) {
	subject, html, text, err := l.composer.Render(c)
	if err != nil {
		return nil, err
	}
	msg := mail.NewMsg()
	if err := errors.Join(msg.From(l.config.Mail.From), msg.To(c.To), msg.EnvelopeFrom(bareAddress(l.config.Mail.From)),
		msg.SetListUnsubscribeOneClick(c.OneClick)); err != nil {
		return nil, fmt.Errorf("build a mail: %w", err)
	}
	msg.Subject(subject)
	msg.SetMessageID()
	msg.SetDate()
	msg.SetBulk()
	msg.SetBodyString(mail.TypeTextPlain, text)
	msg.AddAlternativeString(mail.TypeTextHTML, html)
	return msg, nil
}
