package broker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// intake ensures the consumer for a database that has applied up to high.
func intake(t *testing.T, b *Broker, high uint64) jetstream.Consumer {
	t.Helper()
	consumer, err := EnsureIntake(t.Context(), b.JetStream(), false, func(time.Time) (uint64, error) { return high, nil })
	if err != nil {
		t.Fatal(err)
	}
	return consumer
}

// publish adds n postings without waiting for each.
func publish(t *testing.T, b *Broker, n int) {
	t.Helper()
	js := b.JetStream()
	for i := range n {
		if _, err := js.PublishAsync("postings.published.acme", fmt.Appendf(nil, `{"n":%d}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-js.PublishAsyncComplete():
	case <-time.After(patience):
		t.Fatal("postings were not acknowledged")
	}
}

// work fetches and acknowledges n postings and returns the first sequence.
func work(t *testing.T, consumer jetstream.Consumer, n int) (first uint64) {
	t.Helper()
	batch, err := consumer.Fetch(n, jetstream.FetchMaxWait(patience))
	if err != nil {
		t.Fatal(err)
	}
	got := 0
	for msg := range batch.Messages() {
		meta, err := msg.Metadata()
		if err != nil {
			t.Fatal(err)
		}
		if got == 0 {
			first = meta.Sequence.Stream
		}
		got++
		if err := msg.DoubleAck(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if batch.Error() != nil || got != n {
		t.Fatalf("got %d of %d postings: %v", got, n, batch.Error())
	}
	return first
}

func TestEnsureIntake_GoesOnWhereItWas(t *testing.T) {
	b := start(t)
	ensure(t, b)
	publish(t, b, 10)
	if first := work(t, intake(t, b, 0), 4); first != 1 {
		t.Errorf("began at %d, want 1", first)
	}
	if first := work(t, intake(t, b, 4), 6); first != 5 {
		t.Errorf("went on at %d, want 5", first)
	}
	// Acknowledgements that a crash lost are simply delivered again.
	publish(t, b, 1)
	if first := work(t, intake(t, b, 11), 1); first != 11 {
		t.Errorf("went on at %d, want 11", first)
	}
}

func TestEnsureIntake_AsksForTheStreamsOwnTime(t *testing.T) {
	b := start(t)
	ensure(t, b)
	stream, err := b.JetStream().Stream(t.Context(), Postings)
	if err != nil {
		t.Fatal(err)
	}
	_, err = EnsureIntake(t.Context(), b.JetStream(), false, func(created time.Time) (uint64, error) {
		if !created.Equal(stream.CachedInfo().Created) {
			t.Errorf("asked for %v, want %v", created, stream.CachedInfo().Created)
		}
		return 0, errors.New("database away")
	})
	if err == nil || !strings.Contains(err.Error(), "database away") {
		t.Errorf("got %v, want the database's error", err)
	}
}

// After a restore the database is behind what NATS holds for acknowledged.
func TestEnsureIntake_DeliversAgainWhatARestoredDatabaseLacks(t *testing.T) {
	b := start(t)
	ensure(t, b)
	const published = InFlight + 500
	publish(t, b, published)
	consumer := intake(t, b, 0)
	for range published / 500 {
		work(t, consumer, 500)
	}
	for high, want := range map[uint64]uint64{
		InFlight + 100: 101, // less what may have been in flight
		40:             1,
		0:              1,
	} {
		if first := work(t, intake(t, b, high), 100); first != want {
			t.Errorf("database has up to %d: began at %d, want %d", high, first, want)
		}
	}
}

// After a power loss the stream may end before what the consumer delivered;
// left alone it would pass over as many new postings.
func TestEnsureIntake_IsMadeAnewWhenItLiesBeyondTheStream(t *testing.T) {
	b := start(t)
	ensure(t, b)
	publish(t, b, 5)
	// A consumer that starts beyond the end reports just that.
	config := intakeConfig()
	config.DeliverPolicy, config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, 5000
	ahead, err := b.JetStream().CreateConsumer(t.Context(), Postings, config)
	if err != nil {
		t.Fatal(err)
	}
	if got := ahead.CachedInfo().Delivered.Stream; got <= 5 {
		t.Fatalf("the consumer is at %d, not beyond the stream", got)
	}
	if first := work(t, intake(t, b, 5), 5); first != 1 {
		t.Errorf("began at %d, want 1", first)
	}
}

func TestEnsureIntake_RefusesAStreamBehindTheDatabase(t *testing.T) {
	b := start(t)
	ensure(t, b)
	publish(t, b, 5)
	_, err := EnsureIntake(t.Context(), b.JetStream(), false, func(time.Time) (uint64, error) { return 6, nil })
	if !errors.Is(err, ErrStreamBehind) || !strings.Contains(err.Error(), "ends at 5, the database is at 6") {
		t.Errorf("got %v, want ErrStreamBehind with both ends", err)
	}
	// Purging what is applied and old does not move the end.
	stream, err := b.JetStream().Stream(t.Context(), Postings)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	intake(t, b, 5)
}

func TestEnsureIntake_NamesWhatIsInTheWay(t *testing.T) {
	for want, change := range map[string]func(*jetstream.ConsumerConfig){
		"filter subject is postings.published.acme": func(c *jetstream.ConsumerConfig) { c.FilterSubject = "postings.published.acme" },
		"max deliver is 3":                          func(c *jetstream.ConsumerConfig) { c.MaxDeliver = 3 },
		"ack policy is AckNone": func(c *jetstream.ConsumerConfig) {
			c.AckPolicy, c.AckWait, c.MaxAckPending = jetstream.AckNonePolicy, 0, 0
		},
		"headers only is true": func(c *jetstream.ConsumerConfig) { c.HeadersOnly = true },
	} {
		t.Run(want, func(t *testing.T) {
			b := start(t)
			ensure(t, b)
			theirs := intakeConfig()
			change(&theirs)
			if _, err := b.JetStream().CreateConsumer(t.Context(), Postings, theirs); err != nil {
				t.Fatal(err)
			}
			_, err := EnsureIntake(t.Context(), b.JetStream(), false, func(time.Time) (uint64, error) { return 0, nil })
			if !errors.Is(err, ErrForeignStream) || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want ErrForeignStream that says %q", err, want)
			}
		})
	}
}

// While one replica asks, another takes postings, stores and acknowledges them.
func TestEnsureIntake_LeavesTheConsumerToAReplicaAtWork(t *testing.T) {
	b := start(t)
	ensure(t, b)
	publish(t, b, 10)
	busy := intake(t, b, 0)
	work(t, busy, 4)
	_, err := EnsureIntake(t.Context(), b.JetStream(), false, func(time.Time) (uint64, error) {
		// As read from the database a moment ago; then the other goes on.
		work(t, busy, 3)
		publish(t, b, 5)
		return 4, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if first := work(t, busy, 1); first != 8 {
		t.Errorf("the other replica's consumer went on at %d, want 8: it was made anew under its hands", first)
	}
	// The database may even know of postings that came after the stream was asked.
	_, err = EnsureIntake(t.Context(), b.JetStream(), false, func(time.Time) (uint64, error) {
		publish(t, b, 5)
		return 20, nil
	})
	if err != nil {
		t.Errorf("a stream that grew meanwhile: %v", err)
	}
}

func TestEnsureIntake_DeliversAtOnceWhatADeadProcessHadInHand(t *testing.T) {
	b := start(t)
	ensure(t, b)
	publish(t, b, 10)
	consumer := intake(t, b, 0)
	work(t, consumer, 4)
	taken, err := consumer.FetchNoWait(3)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range taken.Messages() {
		n++
	}
	if n != 3 {
		t.Fatalf("took %d, want 3", n)
	}
	again, err := EnsureIntake(t.Context(), b.JetStream(), true, func(time.Time) (uint64, error) { return 4, nil })
	if err != nil {
		t.Fatal(err)
	}
	if first := work(t, again, 6); first != 5 {
		t.Errorf("went on at %d, want 5", first)
	}
	// With nothing in hand it stays as it is.
	same, err := EnsureIntake(t.Context(), b.JetStream(), true, func(time.Time) (uint64, error) { return 10, nil })
	if err != nil {
		t.Fatal(err)
	}
	if made := same.CachedInfo().Created; !made.Equal(again.CachedInfo().Created) {
		t.Errorf("was made anew at %v though nothing was in hand", made)
	}
}

// refusing is a stream whose server is still removing a consumer's folder.
type refusing struct {
	jetstream.Stream
	times int
}

func (r *refusing) CreateConsumer(ctx context.Context, c jetstream.ConsumerConfig) (jetstream.Consumer, error) {
	if r.times--; r.times >= 0 {
		return nil, &jetstream.APIError{Code: 500, ErrorCode: jetstream.JSErrCodeConsumerCreate, Description: "rename o.dat.tmp: no such file or directory"}
	}
	return r.Stream.CreateConsumer(ctx, c)
}

func TestCreateIntake_WaitsForTheFolderOfTheOneBefore(t *testing.T) {
	b := start(t)
	ensure(t, b)
	stream, err := b.JetStream().Stream(t.Context(), Postings)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := createIntake(t.Context(), &refusing{stream, 2}, 0); err != nil {
		t.Errorf("refused twice: %v", err)
	}
	if _, err := createIntake(t.Context(), &refusing{stream, 100}, 0); err == nil {
		t.Error("refused for good, it was made")
	}
}
