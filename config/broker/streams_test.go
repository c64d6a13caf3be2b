package broker

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func streamConfig(t *testing.T, js jetstream.JetStream, name string) jetstream.StreamConfig {
	t.Helper()
	stream, err := js.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return stream.CachedInfo().Config
}

func TestEnsureStreams_IsIdempotentAndFollowsTheOperatorsBounds(t *testing.T) {
	b := start(t)
	for _, c := range []struct{ set, want int64 }{
		{0, DefaultMaxBytes}, {1 << 30, 1 << 30}, {0, 1 << 30}, {64 << 20, 64 << 20},
	} {
		if err := EnsureStreams(t.Context(), b.JetStream(), StreamOptions{MaxBytes: c.set}); err != nil {
			t.Fatal(err)
		}
		if got, want := streamConfig(t, b.JetStream(), Postings).MaxBytes, c.want/4*3; got != want {
			t.Errorf("after %d: POSTINGS holds %d bytes, want %d", c.set, got, want)
		}
	}
}

func TestEnsureStreams_NamesWhatIsInTheWay(t *testing.T) {
	for field, change := range map[string]func(*jetstream.StreamConfig){
		"subjects is [postings.>]":             func(c *jetstream.StreamConfig) { c.Subjects = []string{"postings.>"} },
		"discard is DiscardOld":                func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld },
		"retention is WorkQueue":               func(c *jetstream.StreamConfig) { c.Retention = jetstream.WorkQueuePolicy },
		"storage is Memory":                    func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage },
		"max age is 1h0m0s":                    func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour },
		"max messages is 7":                    func(c *jetstream.StreamConfig) { c.MaxMsgs = 7 },
		"max messages per subject is 1":        func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 1 },
		"max message size is 100":              func(c *jetstream.StreamConfig) { c.MaxMsgSize = 100 },
		"duplicates window is 2m0s":            func(c *jetstream.StreamConfig) { c.Duplicates = 2 * time.Minute },
		"no ack is true":                       func(c *jetstream.StreamConfig) { c.NoAck = true },
		"allow rollup is true":                 func(c *jetstream.StreamConfig) { c.AllowRollup, c.DenyPurge = true, false },
		"persist mode is Async":                func(c *jetstream.StreamConfig) { c.PersistMode = jetstream.AsyncPersistMode },
		"max age is 2h0m0s; max messages is 9": func(c *jetstream.StreamConfig) { c.MaxAge, c.MaxMsgs = 2*time.Hour, 9 },
	} {
		t.Run(field, func(t *testing.T) {
			b := start(t)
			theirs := streamConfigs(StreamOptions{})[0]
			change(&theirs)
			theirs.MaxBytes = 8 << 20 // the embedded server has little memory to give
			if _, err := b.JetStream().CreateStream(t.Context(), theirs); err != nil {
				t.Fatal(err)
			}
			before := streamConfig(t, b.JetStream(), Postings)
			err := EnsureStreams(t.Context(), b.JetStream(), StreamOptions{MaxBytes: 1 << 20})
			if !errors.Is(err, ErrForeignStream) || !strings.Contains(err.Error(), "stream POSTINGS") {
				t.Fatalf("got %v, want ErrForeignStream of POSTINGS", err)
			}
			for _, want := range strings.Split(field, "; ") {
				if !strings.Contains(err.Error(), want+", must be ") {
					t.Errorf("got %v, want it to say %q", err, want)
				}
			}
			if after := streamConfig(t, b.JetStream(), Postings); after.MaxBytes != before.MaxBytes || after.MaxAge != before.MaxAge {
				t.Error("the stream was changed")
			}
		})
	}
}

func TestEnsureStreams_AcceptsAnOperatorsOwnBounds(t *testing.T) {
	b := start(t)
	for _, theirs := range streamConfigs(StreamOptions{}) {
		theirs.Description, theirs.MaxBytes, theirs.Compression = "made by hand", -1, jetstream.NoCompression
		theirs.MaxMsgSize, theirs.AllowDirect, theirs.DenyDelete, theirs.PersistMode = -1, false, false, jetstream.DefaultPersistMode
		theirs.Metadata = map[string]string{"owner": "them"}
		if _, err := b.JetStream().CreateStream(t.Context(), theirs); err != nil {
			t.Fatal(err)
		}
	}
	ensure(t, b)
	if got := streamConfig(t, b.JetStream(), Postings); got.Description != "made by hand" || got.MaxBytes != -1 {
		t.Errorf("the stream was changed: %+v", got)
	}
}

func TestEnsureStreams_SubjectsTakenByAnother(t *testing.T) {
	b := start(t)
	if _, err := b.JetStream().CreateStream(t.Context(), jetstream.StreamConfig{Name: "THEIRS", Subjects: []string{"receipts.>"}}); err != nil {
		t.Fatal(err)
	}
	err := EnsureStreams(t.Context(), b.JetStream(), StreamOptions{})
	if err == nil || !strings.Contains(err.Error(), "stream RECEIPTS") {
		t.Errorf("got %v, want an error that names RECEIPTS", err)
	}
}

func TestPostings_RefuseWhenFullAndKeepWhatTheyHave(t *testing.T) {
	b := start(t)
	js := b.JetStream()
	if err := EnsureStreams(t.Context(), js, StreamOptions{MaxBytes: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	posting := make([]byte, 100<<10)
	var kept uint64
	var err error
	for err == nil {
		if _, err = js.Publish(t.Context(), "postings.published.acme", posting); err == nil {
			kept++
		}
	}
	var refused *jetstream.APIError
	if !errors.As(err, &refused) || kept == 0 {
		t.Fatalf("after %d: got %v, want the server's refusal", kept, err)
	}
	stream, err := js.Stream(t.Context(), Postings)
	if err != nil {
		t.Fatal(err)
	}
	if state := stream.CachedInfo().State; state.FirstSeq != 1 || state.Msgs != kept {
		t.Errorf("holds %d from %d, want %d from 1", state.Msgs, state.FirstSeq, kept)
	}
}

func TestStreams_TakeALargestPostingAndItsRejection(t *testing.T) {
	b := start(t)
	ensure(t, b)
	js := b.JetStream()
	// The stream counts subject and headers, so a payload stays somewhat below.
	if _, err := js.Publish(t.Context(), "postings.published.acme", make([]byte, MaxPosting-1<<10)); err != nil {
		t.Errorf("posting just below the limit: %v", err)
	}
	var refused *jetstream.APIError
	if _, err := js.Publish(t.Context(), "postings.published.acme", make([]byte, MaxPosting+1)); !errors.As(err, &refused) {
		t.Errorf("posting above the limit: got %v, want the server's refusal", err)
	}
	rejection := &nats.Msg{
		Subject: "rejections.acme", Data: make([]byte, MaxPosting),
		Header: nats.Header{"Reason": {strings.Repeat("x", 32<<10)}},
	}
	if _, err := js.PublishMsg(t.Context(), rejection); err != nil {
		t.Errorf("rejection of a largest posting: %v", err)
	}
}

func TestAdvisories_KeepWhatWasGivenUp(t *testing.T) {
	b := start(t)
	ensure(t, b)
	js := b.JetStream()
	consumer := intake(t, b, 0)
	if _, err := js.Publish(t.Context(), "postings.published.acme", []byte("no JSON")); err != nil {
		t.Fatal(err)
	}
	msg, err := consumer.Next(jetstream.FetchMaxWait(patience))
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), Advisories)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := stream.CreateConsumer(t.Context(), jetstream.ConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if err := msg.TermWithReason("not JSON"); err != nil {
		t.Fatal(err)
	}
	advisory, err := reader.Next(jetstream.FetchMaxWait(patience))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(advisory.Data()), "not JSON") {
		t.Errorf("got %s, want the reason", advisory.Data())
	}
}
