package main

import (
	"bytes"
	"context"
	"math"
	"os"
	"testing"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/digest"
)

// Compose reads and makes the mail of one envelope.
func (m mails) Compose(ctx context.Context, e mailer.Envelope) (mailer.Message, error) {
	drafts, err := m.Read(ctx, []mailer.Envelope{e})
	if err != nil {
		return mailer.Message{}, err
	}
	return drafts[0].Make()
}

// What the daemon puts into digests must be such that they are joined from kept
// cards: rendered anew, a mail makes over a thousand allocations.
func TestDigestsAreJoinedFromKeptCards(t *testing.T) { // not parallel: it counts allocations
	room, err := newRoom("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(room.close)
	s := &session{stdout: &bytes.Buffer{}, stderr: os.Stderr}
	l, err := benchMailCmd{Count: 20, Subscribers: 20}.prepare(t.Context(), s, room)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.stores.close() })
	read, err := l.digests.Read(t.Context(), []digest.Key{{Run: l.run, Subscriber: 1}})
	if err != nil {
		t.Fatal(err)
	}
	content, err := read[0].Content()
	if err != nil {
		t.Fatal(err)
	}
	if len(content.Postings) != postingsAMail || len(content.Postings[0].Why) < 3 {
		t.Fatalf("the digest holds %d postings, the first because of %q", len(content.Postings), content.Postings[0].Why)
	}
	content.Headers = mailer.Headers{To: "a@example.org", Locale: "de", MessageID: "m@example.org", OneClick: content.OneClick}
	content.Kind = mailer.Digest
	// The fewest of several: buffers kept in pools are dropped by a collection, and
	// at random under the race detector.
	fewest := math.Inf(1)
	for range 50 {
		fewest = min(fewest, testing.AllocsPerRun(1, func() {
			if _, err := l.composer.Digest(content); err != nil {
				t.Error(err)
			}
		}))
	}
	if fewest > 10 {
		t.Errorf("composing a digest makes %.0f allocations, want 10 at most", fewest)
	}
}
