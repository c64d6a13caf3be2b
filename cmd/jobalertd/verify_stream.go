package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/jobposting"
	"github.com/jobalertd/jobalertd/config"
	"github.com/jobalertd/jobalertd/config/broker"
)

// streamBatch is how many messages are compared with the database at once.
const streamBatch = 256

// stream proves that what intake has acknowledged is stored, or was such as is
// rejected.
func (v *verifier) stream(ctx context.Context) ([]proof, error) {
	p := proof{Promise: 1, Claim: "every message that intake acknowledged is stored or was rejected"}
	b, done, err := v.reach(ctx)
	if err != nil {
		p.Skipped, p.Note = true, "NATS cannot be reached: "+err.Error()
		return []proof{p}, nil
	}
	defer done()
	js := b.JetStream()
	stream, err := js.Stream(ctx, broker.Postings)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		p.Note = "nothing was ever published"
		return []proof{p}, nil
	}
	if err != nil {
		return nil, err
	}
	consumer, err := stream.Consumer(ctx, broker.IntakeConsumer)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		p.Note = "intake has never run on this stream"
		return []proof{p}, nil
	}
	if err != nil {
		return nil, err
	}
	info := stream.CachedInfo()
	floor := consumer.CachedInfo().AckFloor.Stream
	applied, err := v.postings.HighestApplied(ctx, v.db.Reader, info.Created)
	if err != nil {
		return nil, err
	}
	if floor > applied {
		v.broken(&p, offender{What: fmt.Sprintf("acknowledged through %d, but the database has applied %d at most", floor, applied), Sequence: floor})
	}
	if applied > info.State.LastSeq {
		v.broken(&p, offender{What: fmt.Sprintf("the database has applied %d, but the stream ends at %d", applied, info.State.LastSeq), Sequence: applied})
	}
	return []proof{p}, v.compareStream(ctx, &p, js, info, floor)
}

// reachBroker connects to the running daemon's server or the remote one. Where
// the embedded one's daemon is down, it is started without a listener for as long
// as the verification takes.
func (v *verifier) reachBroker(ctx context.Context) (*broker.Broker, func(), error) {
	closing := func(b *broker.Broker) func() {
		return func() {
			stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer cancel()
			_ = b.Close(stop) // nothing was written
		}
	}
	b, err := broker.Connect(ctx, brokerOptions(v.config, nil, v.log))
	if err == nil {
		return b, closing(b), nil
	}
	if v.config.NATS.URL.Reveal() != "" || !errors.Is(err, broker.ErrNoDaemon) {
		return nil, nil, err
	}
	if _, missing := os.Stat(filepath.Join(v.config.DataDir, "nats")); missing != nil {
		return nil, nil, errors.New("no daemon has run on this data_dir yet")
	}
	release, err := config.LockDataDir(v.config.DataDir)
	if err != nil {
		return nil, nil, err
	}
	o := brokerOptions(v.config, nil, v.log)
	o.Listen = ""
	if b, err = broker.Start(ctx, o); err != nil {
		return nil, nil, errors.Join(err, release())
	}
	stop := closing(b)
	return b, func() { stop(); _ = release() }, nil
}

// compareStream reads the stream up to the acknowledged floor.
func (v *verifier) compareStream(ctx context.Context, p *proof, js jetstream.JetStream, info *jetstream.StreamInfo, floor uint64) error {
	if info.State.Msgs == 0 || floor < info.State.FirstSeq {
		return nil
	}
	reader, err := newReader(v.config, v.meaning)
	if err != nil {
		return err
	}
	all, err := js.OrderedConsumer(ctx, broker.Postings, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy})
	if err != nil {
		return fmt.Errorf("read the stream: %w", err)
	}
	bar := v.session.progress("messages")
	defer func() { _ = bar.Finish() }()
	for pending := info.State.Msgs; pending > 0; {
		batch, err := all.Fetch(int(min(streamBatch, pending)), jetstream.FetchMaxWait(5*time.Second))
		if err != nil {
			return fmt.Errorf("read the stream: %w", err)
		}
		sent := map[alerts.Key]*sentMessage{}
		last := uint64(0)
		for m := range batch.Messages() {
			meta, err := m.Metadata()
			if err != nil {
				return err
			}
			pending = meta.NumPending
			if last = meta.Sequence.Stream; last > floor {
				break
			}
			p.Checked++
			_ = bar.Add(1)
			if one := readSent(reader, m, meta); one != nil {
				sent[one.key] = one // the last one of a key counts
			}
		}
		if err := errors.Join(batch.Error(), v.compareSent(ctx, p, info.Created, sent)); err != nil {
			return fmt.Errorf("compare the stream: %w", err)
		}
		if last == 0 || last >= floor {
			break
		}
	}
	return nil
}

// sentMessage is what a message says, as far as intake would store it.
type sentMessage struct {
	key      alerts.Key
	sequence uint64
}

// readSent judges a message as intake did, at the time it was sent; nil for what
// is rejected.
func readSent(r *jobposting.Reader, m jetstream.Msg, meta *jetstream.MsgMetadata) *sentMessage {
	parts := strings.Split(m.Subject(), ".")
	if len(parts) != 3 || !alerts.ValidSource(parts[2]) {
		return nil
	}
	one := &sentMessage{key: alerts.Key{Source: parts[2]}, sequence: meta.Sequence.Stream}
	if parts[1] == "withdrawn" {
		id, err := r.Withdrawal(m.Data())
		if err != nil {
			return nil
		}
		one.key.Identifier = id
		return one
	}
	reading, rejected := read(r, parts[2], m.Data(), meta.Timestamp)
	if rejected != nil {
		return nil
	}
	one.key.Identifier = reading.Posting.Identifier
	return one
}

// compareSent looks the keys up. The record of a key is of this message, or of a
// later one; what was purged since it ended is excused.
func (v *verifier) compareSent(ctx context.Context, p *proof, created time.Time, sent map[alerts.Key]*sentMessage) error {
	keys := make([]alerts.Key, 0, len(sent))
	for k := range sent {
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil
	}
	records, err := v.postings.Records(ctx, v.db.Reader, keys)
	if err != nil {
		return err
	}
	for k, m := range sent {
		r := records[k]
		switch {
		case r == nil:
			v.broken(p, offender{What: fmt.Sprintf("%s/%s was acknowledged and is not stored", k.Source, k.Identifier), Sequence: m.sequence})
		case r.StreamCreatedMS == created.UnixMilli() && uint64(r.StreamSequence) < m.sequence:
			v.broken(p, offender{What: fmt.Sprintf("%s/%s is stored as message %d left it; a later one was acknowledged", k.Source, k.Identifier, r.StreamSequence),
				Posting: r.Number, Sequence: m.sequence})
		}
	}
	return nil
}
