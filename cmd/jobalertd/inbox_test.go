package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-message/mail"

	"github.com/jobalertd/jobalertd/mailer/smtp/smtptest"
)

// inbox is a relay that remembers who got what, whatever becomes of the daemon.
type inbox struct {
	*smtptest.Server
	mu     sync.Mutex
	mails  []smtptest.Mail
	onMail func()        // called for each mail, before the relay says that it took it
	slow   time.Duration // what a mail costs the relay; set before the first
}

// newInbox starts a relay; address may be that of one which was closed.
func newInbox(t testing.TB, address string) *inbox {
	t.Helper()
	b := &inbox{}
	b.Server = smtptest.Run(t, smtptest.Options{Address: address, Keep: b.keep})
	return b
}

func (b *inbox) keep(m smtptest.Mail) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mails = append(b.mails, m)
	if b.onMail != nil {
		b.onMail()
	}
	if b.slow > 0 {
		<-time.After(b.slow)
	}
}

// watch calls f at each mail from now on; nil ends that.
func (b *inbox) watch(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.onMail = f
}

// received is one mail as its reader sees it.
type received struct {
	to, id   string
	postings []uint32
}

// all reads every mail so far, in order of arrival.
func (b *inbox) all(t testing.TB) []received {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]received, len(b.mails))
	for i, m := range b.mails {
		r, err := readMail(m.Data)
		if err != nil {
			t.Fatalf("mail to %s: %v\n%s", m.To, err, m.Data)
		}
		r.to = m.To
		out[i] = r
	}
	return out
}

// readMail finds the Message-ID and the postings that the text part links to.
func readMail(data []byte) (received, error) {
	var r received
	m, err := mail.CreateReader(bytes.NewReader(data))
	if err != nil {
		return r, err
	}
	if r.id, err = m.Header.MessageID(); err != nil {
		return r, err
	}
	if m.Header.Get("List-Id") != "" && (!strings.HasPrefix(m.Header.Get("List-Unsubscribe"), "<http") || m.Header.Get("List-Unsubscribe-Post") == "") {
		return r, errors.New("a digest that cannot be ended by one click")
	}
	for {
		part, err := m.NextPart()
		if errors.Is(err, io.EOF) {
			return r, nil
		}
		if err != nil {
			return r, err
		}
		inline, ok := part.Header.(*mail.InlineHeader)
		if !ok {
			continue
		}
		if kind, _, _ := inline.ContentType(); kind != "text/plain" {
			continue
		}
		text, err := io.ReadAll(part.Body)
		if err != nil {
			return r, err
		}
		r.postings = postingsIn(string(text))
	}
}
