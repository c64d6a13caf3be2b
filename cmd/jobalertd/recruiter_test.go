package main

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	alertstore "github.com/jobalertd/jobalertd/alerts/store"
)

// recruiter is a program of a recruiter's own: a plain NATS client.
type recruiter struct {
	source string
	conn   *nats.Conn
	js     jetstream.JetStream
	errs   chan error // asynchronous ones, as of refused permissions
}

// addRecruiter gives a source its account by command.
func (in *installation) addRecruiter(source string) alertstore.Secrets {
	in.t.Helper()
	var s alertstore.Secrets
	if err := json.Unmarshal([]byte(in.must("recruiters", "add", source, "--json")), &s); err != nil {
		in.t.Fatal(err)
	}
	return s
}

// dialRecruiter connects with an account, as often as the server goes away.
func (in *installation) dialRecruiter(source string, s alertstore.Secrets) *recruiter {
	in.t.Helper()
	return dialRecruiter(in.t, "nats://"+in.nats, source, nats.UserInfo(s.NATSUser, s.NATSPassword))
}

func dialRecruiter(t testing.TB, url, source string, more ...nats.Option) *recruiter {
	t.Helper()
	r := &recruiter{source: source, errs: make(chan error, 16)}
	options := append([]nats.Option{
		nats.CustomInboxPrefix("_INBOX_" + source), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true),
		nats.ReconnectWait(50 * time.Millisecond), nats.ReconnectJitter(0, 0),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			select {
			case r.errs <- err:
			default:
			}
		}),
	}, more...)
	var err error
	if r.conn, err = nats.Connect(url, options...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.conn.Close)
	if r.js, err = jetstream.New(r.conn); err != nil {
		t.Fatal(err)
	}
	return r
}

// publish publishes until NATS acknowledges, and returns the sequence.
func (r *recruiter) publish(ctx context.Context, raw []byte) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		sequence, err := r.try(ctx, "postings.published."+r.source, raw)
		if err == nil || ctx.Err() != nil {
			return sequence, err
		}
	}
}

// try publishes once and waits half a second for the acknowledgement.
func (r *recruiter) try(ctx context.Context, subject string, raw []byte) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	ack, err := r.js.Publish(ctx, subject, raw)
	if err != nil {
		<-ctx.Done() // as patient when the server has answered that it is not there
		return 0, err
	}
	return ack.Sequence, nil
}

// acknowledged is one posting that NATS has taken.
type acknowledged struct {
	index    int // in what was to be published
	sequence uint64
}

// publishAll publishes from several connections' worth of requests at once, and
// hands out each acknowledgement; the channel holds all of them and is closed at
// the end.
func (r *recruiter) publishAll(ctx context.Context, raws []json.RawMessage) <-chan acknowledged {
	acks := make(chan acknowledged, len(raws))
	work := make(chan int)
	go func() {
		defer close(work)
		for i := range raws {
			select {
			case work <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for i := range work {
				if sequence, err := r.publish(ctx, raws[i]); err == nil {
					acks <- acknowledged{i, sequence}
				}
			}
		})
	}
	go func() {
		wg.Wait()
		close(acks)
	}()
	return acks
}
