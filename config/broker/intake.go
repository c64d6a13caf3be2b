package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/sethvargo/go-retry"
)

// IntakeConsumer is the durable pull consumer on POSTINGS that all replicas
// share.
const IntakeConsumer = "intake"

const (
	// InFlight is how many messages may be delivered and not yet acknowledged.
	InFlight = 2000
	// AckWait is how long a message may be worked on before it is delivered
	// again; report progress at half of it.
	AckWait = time.Minute
)

// ErrStreamBehind means that the database has applied postings beyond the
// stream's end: the stream lost its end or was put back from a copy. It would
// give out those sequences again, and what comes under them would pass for old.
var ErrStreamBehind = errors.New("stream ends before what the database has applied")

// EnsureIntake returns consumer intake of stream POSTINGS, created if it is
// missing and compared if not.
//
// Neither its word nor the server's is taken for what has been stored. It is
// made anew if what it delivered lies beyond the stream's end, as after a
// power loss that cost messages, since it would pass over the next ones; and
// if what it holds for acknowledged lies beyond the highest sequence that the
// database has applied, as after a restore. It then starts behind that
// sequence, less InFlight, and repeats are for intake to pass over.
//
// alone says that nobody else uses the consumer. What was delivered and not
// acknowledged then belongs to a process that has died: the consumer is made
// anew behind what is acknowledged, so that it comes at once and not only after
// AckWait.
//
// appliedHigh returns the highest sequence of the stream created at
// streamCreated whose outcome, rejections included, the database has; 0 if
// none. If it lies beyond the stream's end, that is ErrStreamBehind, with what
// to do about it.
func EnsureIntake(ctx context.Context, js jetstream.JetStream, alone bool, appliedHigh func(streamCreated time.Time) (uint64, error)) (jetstream.Consumer, error) {
	stream, err := js.Stream(ctx, Postings)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", Postings, err)
	}
	// Other replicas may be at work: consumer, database and stream are asked in
	// this order, so that each can only be further on than the one before.
	consumer, err := stream.Consumer(ctx, IntakeConsumer)
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil, fmt.Errorf("consumer %s: %w", IntakeConsumer, err)
	}
	high, err := appliedHigh(stream.CachedInfo().Created)
	if err != nil {
		return nil, fmt.Errorf("ask for the highest applied posting: %w", err)
	}
	info, err := stream.Info(ctx)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", Postings, err)
	}
	if last := info.State.LastSeq; high > last {
		return nil, fmt.Errorf("%w: %s ends at %d, the database is at %d; remove the stream, for an embedded server by moving the folder nats "+
			"in data_dir away, start again, and have recruiters publish again what they sent since the copy was made", ErrStreamBehind, Postings, last, high)
	}
	first := uint64(1)
	if high > InFlight {
		first = high + 1 - InFlight
	}
	if consumer != nil {
		state := consumer.CachedInfo()
		if err := differences("consumer "+IntakeConsumer, compareIntake(state.Config)); err != nil {
			return nil, err
		}
		trusted := state.Delivered.Stream <= info.State.LastSeq && state.AckFloor.Stream <= high
		if trusted && (!alone || state.NumAckPending == 0) {
			return consumer, nil
		}
		if trusted {
			first = state.AckFloor.Stream + 1
		}
		// Another replica may have deleted it first.
		if err := stream.DeleteConsumer(ctx, IntakeConsumer); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return nil, fmt.Errorf("consumer %s: %w", IntakeConsumer, err)
		}
	}
	return createIntake(ctx, stream, first)
}

// createRetries is for how often: after 1.3 s at most it is something else.
const createRetries = 6

// createIntake makes the consumer, which begins at sequence first.
func createIntake(ctx context.Context, stream jetstream.Stream, first uint64) (jetstream.Consumer, error) {
	config := intakeConfig()
	if first > 1 {
		config.DeliverPolicy, config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, first
	}
	var consumer jetstream.Consumer
	err := retry.Do(ctx, retry.WithMaxRetries(createRetries, retry.NewExponential(20*time.Millisecond)), func(ctx context.Context) (err error) {
		consumer, err = stream.CreateConsumer(ctx, config)
		if errors.Is(err, jetstream.ErrConsumerExists) { // another replica was first
			consumer, err = stream.Consumer(ctx, IntakeConsumer)
		}
		// The server may still be removing the folder of the one just deleted.
		if api := (*jetstream.APIError)(nil); errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeConsumerCreate {
			return retry.RetryableError(err)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("create consumer %s: %w", IntakeConsumer, err)
	}
	return consumer, nil
}

func intakeConfig() jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable:       IntakeConsumer,
		Description:   "stores postings; shared by all replicas",
		DeliverPolicy: jetstream.DeliverAllPolicy,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       AckWait,
		MaxDeliver:    -1, // what may recover is tried without limit
		MaxAckPending: InFlight,
		MaxWaiting:    512,
		ReplayPolicy:  jetstream.ReplayInstantPolicy,
	}
}

// compareIntake lists what decides whether every message arrives and is
// tried until it is acknowledged.
func compareIntake(got jetstream.ConsumerConfig) []field {
	want := intakeConfig()
	return []field{
		same("ack policy", got.AckPolicy, want.AckPolicy),
		same("ack wait", got.AckWait, want.AckWait),
		same("max deliver", got.MaxDeliver, want.MaxDeliver),
		same("max ack pending", got.MaxAckPending, want.MaxAckPending),
		same("filter subject", got.FilterSubject, ""),
		same("filter subjects", len(got.FilterSubjects), 0),
		same("back-off", len(got.BackOff), 0),
		same("deliver subject", got.DeliverSubject, ""),
		same("headers only", got.HeadersOnly, false),
		same("inactive threshold", got.InactiveThreshold, 0),
		same("replay policy", got.ReplayPolicy, want.ReplayPolicy),
	}
}
