package smtp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	mail "github.com/wneessen/go-mail"

	"github.com/jobalertd/jobalertd/mailer"
)

// Single sends one mail that somebody waits for, by go-mail's SendWithSMTPClient:
// one command at a time. What go-mail would change goes over the stream instead: a
// mail that is signed already, and one to an address that needs SMTPUTF8.
func (c *Conn) Single(ctx context.Context, m mailer.Message) mailer.Attempt {
	r := result{id: m.Envelope}
	p, err := prepare(m, c.ext)
	if err != nil {
		r.err = err
		return r.attempt()
	}
	letter, ok := asMsg(m)
	if !ok || p.utf8 || c.dirty {
		r.reply, r.err = c.Send(ctx, m)
		return r.attempt()
	}
	if !c.Usable() {
		r.err = ErrNotUsable
		return r.attempt()
	}
	defer c.tie(ctx)()
	if err := c.awaitPace(ctx); err != nil {
		r.err = &Interrupted{StageMail, err}
		return r.attempt()
	}
	c.taken++
	r.reply, r.err = c.hand(letter)
	c.used = time.Now()
	if c.broken {
		_ = c.abort()
	}
	return r.attempt()
}

func (c *Conn) awaitPace(ctx context.Context) error {
	if c.options.Pace == nil {
		return ctx.Err()
	}
	slot, err := c.options.Pace.Next(ctx)
	if err != nil {
		return fmt.Errorf("keep the pace: %w", err)
	}
	return waitUntil(ctx, slot)
}

// hand gives a mail to go-mail and reads its error as what the relay said: go-mail
// calls network errors permanent, and tells no answer after the final dot from a
// refusal by its code alone.
func (c *Conn) hand(letter *mail.Msg) (Reply, error) {
	err := c.sender.SendWithSMTPClient(c.session, letter)
	if letter.IsDelivered() {
		return Reply{Code: 250, Text: letter.ServerResponse()}.digest(), nil
	}
	var failed *mail.SendError
	if err == nil || !errors.As(err, &failed) {
		c.broken = true
		return Reply{}, &Interrupted{StageMail, err}
	}
	stage, ended := StageMail, false
	switch failed.Reason {
	case mail.ErrSMTPRcptTo:
		stage = StageRcpt
	case mail.ErrSMTPData:
		stage = StageData
	case mail.ErrWriteContent: // half a mail: the socket must close without QUIT
		stage = StageBody
	case mail.ErrSMTPDataClose:
		stage, ended = StageBody, true
	}
	code := failed.ErrorCode()
	refused := newRefused(Reply{Code: code, Text: saidIn(failed)}.digest(), stage)
	c.broken = c.broken || stage != StageRcpt || code == 0 || code == 421 || refused.ourMistake()
	switch {
	case code != 0:
		return Reply{}, refused
	case ended:
		return Reply{}, &Unknown{err}
	}
	return Reply{}, &Interrupted{stage, err}
}

// saidIn takes the relay's words out of go-mail's error, which hands out its code
// only. textproto quotes them.
func saidIn(e *mail.SendError) string {
	text := strings.TrimPrefix(e.Error(), e.Reason.String()+": ")
	text = strings.TrimPrefix(text, fmt.Sprintf("%03d ", e.ErrorCode()))
	if quoted, err := strconv.QuotedPrefix(text); err == nil {
		if words, err := strconv.Unquote(quoted); err == nil {
			return strings.ReplaceAll(words, "\n", " ")
		}
	}
	text, _, _ = strings.Cut(text, ", affected ")
	return text
}

// asMsg makes go-mail's form of a ready mail; false if it cannot be one. Its body is
// handed through as it is.
func asMsg(m mailer.Message) (*mail.Msg, bool) {
	head, body, found := bytes.Cut(m.Data, []byte("\r\n\r\n"))
	if !found {
		return nil, false
	}
	letter := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if letter.EnvelopeFrom(m.From) != nil || letter.To(m.To) != nil {
		return nil, false
	}
	kind := ""
	from := false
	for _, field := range fieldsOf(string(head)) {
		name, value, _ := strings.Cut(field, ":")
		value = strings.TrimPrefix(value, " ")
		switch strings.ToLower(name) {
		case "dkim-signature":
			return nil, false
		case "from":
			from = letter.From(value) == nil
		case "to", "mime-version", "content-transfer-encoding": // go-mail writes them
		case "date":
			at, err := time.Parse(time.RFC1123Z, value)
			if err != nil {
				return nil, false
			}
			letter.SetDateWithValue(at)
		case "message-id":
			letter.SetMessageIDWithValue(strings.Trim(value, "<>"))
		case "content-type":
			kind = value
		default:
			letter.SetGenHeaderPreformatted(mail.Header(name), value)
		}
	}
	if !from || !strings.HasPrefix(kind, "multipart/") {
		return nil, false // a part of its own would be labelled anew
	}
	letter.SetBodyWriter(mail.ContentType(kind), func(w io.Writer) (int64, error) {
		n, err := w.Write(body)
		return int64(n), err
	}, mail.WithPartEncoding(mail.NoEncoding))
	return letter, true
}

// fieldsOf splits a header into its fields, folds included.
func fieldsOf(head string) []string {
	var fields []string
	for line := range strings.SplitSeq(head, "\r\n") {
		if n := len(fields); n > 0 && (strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")) {
			fields[n-1] += "\r\n" + line
			continue
		}
		fields = append(fields, line)
	}
	return fields
}
