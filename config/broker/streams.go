package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The streams.
const (
	Postings   = "POSTINGS"   // what recruiters publish: postings.VERB.SOURCE
	Rejections = "REJECTIONS" // what intake will not store: rejections.SOURCE
	Receipts   = "RECEIPTS"   // what became of each message: receipts.SOURCE
	Advisories = "ADVISORIES" // the server's own notes about messages given up
)

// ErrForeignStream means that a stream or consumer of one of our names is
// configured for something else. It is never changed; the error names each
// field with what it is and what it must be.
var ErrForeignStream = errors.New("configured for something else")

// keep is how long a convenience outlives its message.
const keep = 30 * 24 * time.Hour

// dedupe is the shortest window that the server allows. Its duplicates are told
// by Nats-Msg-Id within the whole stream, so one recruiter could suppress
// another's posting; repeats are made harmless in the database instead.
const dedupe = 100 * time.Millisecond

// StreamOptions are the operator's choices.
type StreamOptions struct {
	// MaxBytes bounds the disk of all streams together; at it, publishers of
	// postings are refused. Zero leaves existing streams as they are
	// and takes DefaultMaxBytes for new ones.
	MaxBytes int64
	// Replicas of each stream in a cluster, 1 to 5. Zero means 1 for new
	// streams.
	Replicas int
}

// DefaultMaxBytes is 8 GiB: some two million postings of 3 KB.
const DefaultMaxBytes = 8 << 30

// EnsureStreams creates the streams that are missing and compares those that
// exist in all that the daemon's promises rest on; ErrForeignStream if one
// differs. Bounds and replicas are the operator's: they are brought in line
// with opts where it gives them.
func EnsureStreams(ctx context.Context, js jetstream.JetStream, opts StreamOptions) error {
	var faults []error
	for _, want := range streamConfigs(opts) {
		faults = append(faults, ensureStream(ctx, js, want, opts))
	}
	return errors.Join(faults...)
}

func streamConfigs(opts StreamOptions) []jetstream.StreamConfig {
	total, replicas := opts.MaxBytes, max(opts.Replicas, 1)
	if total <= 0 {
		total = DefaultMaxBytes
	}
	receipts := jetstream.StreamConfig{
		Name: Receipts, Description: "what became of each posting; the database has the truth",
		Subjects: []string{"receipts.*"}, MaxAge: keep, MaxBytes: total / 16,
	}
	if replicas == 1 {
		// A synced receipt a posting would halve intake.
		receipts.PersistMode = jetstream.AsyncPersistMode
	}
	configs := []jetstream.StreamConfig{
		{
			Name: Postings, Description: "postings as recruiters published them",
			// Every verb, so that a mistaken one is rejected with a reason.
			Subjects: []string{"postings.*.*"}, MaxBytes: total / 4 * 3, MaxMsgSize: MaxPosting,
			Discard:    jetstream.DiscardNew, // an acknowledged posting never leaves unread
			DenyDelete: true, Compression: jetstream.S2Compression,
		},
		{
			Name: Rejections, Description: "postings not stored, with the reason in headers",
			Subjects: []string{"rejections.*"}, MaxAge: keep, MaxBytes: total / 8, Compression: jetstream.S2Compression,
		},
		receipts,
		{
			Name: Advisories, Description: "messages of POSTINGS that were given up",
			Subjects: []string{
				"$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES." + Postings + ".*",
				"$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED." + Postings + ".*",
			},
			MaxAge: keep, MaxBytes: total / 64,
		},
	}
	for i := range configs {
		c := &configs[i]
		c.Retention, c.Storage, c.Replicas = jetstream.LimitsPolicy, jetstream.FileStorage, replicas
		c.MaxMsgs, c.MaxMsgsPerSubject, c.MaxConsumers = -1, -1, -1
		if c.MaxMsgSize == 0 {
			c.MaxMsgSize = -1
		}
		c.Duplicates, c.AllowDirect = dedupe, true
	}
	return configs
}

func ensureStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig, opts StreamOptions) error {
	stream, err := js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		stream, err = js.CreateStream(ctx, want)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another replica was first
			stream, err = js.Stream(ctx, want.Name)
		}
	}
	if err != nil {
		return fmt.Errorf("stream %s: %w", want.Name, err)
	}
	got := stream.CachedInfo().Config
	if err := differences("stream "+want.Name, compareStream(got, want)); err != nil {
		return err
	}
	changed := got
	if opts.MaxBytes > 0 {
		changed.MaxBytes = want.MaxBytes
	}
	if opts.Replicas > 0 && got.PersistMode == jetstream.DefaultPersistMode {
		changed.Replicas = want.Replicas // asynchronous persistence is for one replica alone, and cannot be changed
	}
	if changed.MaxBytes == got.MaxBytes && changed.Replicas == got.Replicas {
		return nil
	}
	if _, err := js.UpdateStream(ctx, changed); err != nil {
		return fmt.Errorf("stream %s: set its bounds: %w", want.Name, err)
	}
	return nil
}

// field is one setting as it is and as it must be.
type field struct {
	name      string
	got, want any
	fits      bool
}

// same is a setting that must be exactly want.
func same[T comparable](name string, got, want T) field {
	return field{name, got, want, got == want}
}

// compareStream lists what the promises rest on. Left out are description,
// bounds, replicas, placement, compression and metadata: theirs who runs the
// server.
func compareStream(got, want jetstream.StreamConfig) []field {
	subjects := slices.Sorted(slices.Values(got.Subjects))
	sorted := slices.Sorted(slices.Values(want.Subjects))
	fields := []field{
		{"subjects", subjects, sorted, slices.Equal(subjects, sorted)},
		same("retention", got.Retention, want.Retention),
		same("discard", got.Discard, want.Discard),
		same("discard new per subject", got.DiscardNewPerSubject, false),
		same("storage", got.Storage, want.Storage),
		same("max age", got.MaxAge, want.MaxAge),
		same("max messages", unlimited(got.MaxMsgs), -1),
		same("max messages per subject", unlimited(got.MaxMsgsPerSubject), -1),
		{"max message size", got.MaxMsgSize, want.MaxMsgSize,
			unlimited(int64(got.MaxMsgSize)) == -1 || want.MaxMsgSize > 0 && got.MaxMsgSize >= want.MaxMsgSize},
		{"duplicates window", got.Duplicates, dedupe, got.Duplicates <= time.Second},
		same("no ack", got.NoAck, false),
		same("sealed", got.Sealed, false),
		same("deny purge", got.DenyPurge, false),
		same("allow rollup", got.AllowRollup, false),
		same("mirror", got.Mirror != nil, false),
		same("sources", len(got.Sources), 0),
		same("subject transform", got.SubjectTransform != nil, false),
	}
	if want.PersistMode == jetstream.DefaultPersistMode && want.Name != Receipts {
		fields = append(fields, same("persist mode", got.PersistMode.String(), want.PersistMode.String()))
	}
	return fields
}

// unlimited reads the server's two ways of saying so as one.
func unlimited(n int64) int {
	if n <= 0 {
		return -1
	}
	return int(n)
}

// differences is nil if all fields fit, else ErrForeignStream with each one.
func differences(what string, fields []field) error {
	var words []string
	for _, f := range fields {
		if !f.fits {
			words = append(words, fmt.Sprintf("%s is %v, must be %v", f.name, f.got, f.want))
		}
	}
	if len(words) == 0 {
		return nil
	}
	return fmt.Errorf("%s is %w: %s; rename or remove it, or set these fields, then start again",
		what, ErrForeignStream, strings.Join(words, "; "))
}
