package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/schollz/progressbar/v3"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/broker"
)

type postingsPushCmd struct {
	Files  []string      `arg:"" name:"file" help:"Postings (JSON, JSONL or HTML with JSON-LD), - for standard input."`
	Source string        `help:"Source to publish as." default:"local"`
	Format string        `help:"auto, json, jsonl or html." default:"auto"`
	Wait   time.Duration `help:"How long to wait for a receipt." default:"30s"`
	JSON   bool          `help:"One JSON object a posting." name:"json"`
}

func (postingsPushCmd) Help() string {
	return "Example:\n  jobalertd postings push --source city-hospital postings.jsonl\n\nStatus 1 if any was rejected or got no receipt."
}

// inFlight bounds the postings published and not yet answered.
const inFlight = 256

// Run publishes each document, waits for its receipt, and prints what became of it.
func (c postingsPushCmd) Run(ctx context.Context, s *session) error {
	p, err := s.publisher(ctx, c.Source)
	if err != nil {
		return err
	}
	defer p.close()
	answers := make(chan postingAnswer)
	go func() {
		defer close(answers)
		c.publish(ctx, s, p, answers)
	}()
	bar := s.progress("publishing")
	failed := false
	for a := range answers {
		failed = failed || a.Status == alerts.StatusRejected || a.Status == noReceipt
		_ = bar.Add(1) // a bar that cannot draw loses nothing
		if err := s.printAnswer(a, c.JSON); err != nil {
			return err
		}
	}
	_ = bar.Finish()
	if failed {
		return errFailed
	}
	return ctx.Err()
}

// noReceipt is the status of a posting that NATS has and whose receipt did not come in time.
const noReceipt alerts.Status = "no-receipt"

// publish keeps up to inFlight postings on their way and answers in any order.
func (c postingsPushCmd) publish(ctx context.Context, s *session, p *publisher, answers chan<- postingAnswer) {
	slots := make(chan struct{}, inFlight)
	var wg sync.WaitGroup
	for doc, err := range s.readPostings(c.Files, c.Format, c.Source, nil) {
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			answers <- judged(doc, err)
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			a := p.send(ctx, doc.raw, c.Wait)
			a.File = doc.file
			answers <- a
		})
	}
	wg.Wait()
}

// publisher publishes one source's messages and hands out their receipts.
type publisher struct {
	source string
	js     jetstream.JetStream
	sub    *nats.Subscription
	ended  func() // ends a connection of its own; nil for one that is shared

	mu      sync.Mutex
	waiting map[uint64]chan alerts.Receipt // by stream sequence
	early   map[uint64]alerts.Receipt      // that came before their acknowledgement
}

// publisher reaches the daemon that runs on the configured folder or server;
// closing what it returns ends the connection too.
func (s *session) publisher(ctx context.Context, source string) (*publisher, error) {
	if !alerts.ValidSource(source) {
		return nil, usagef("--source %q must consist of a-z, 0-9 and -", source)
	}
	if source == alerts.CanarySource {
		return nil, usagef("--source %q is reserved", source)
	}
	cfg, err := s.config()
	if err != nil {
		return nil, err
	}
	b, err := broker.Connect(ctx, brokerOptions(cfg, nil, s.quiet()))
	if err != nil {
		return nil, noDaemon(err)
	}
	p, err := newPublisher(b, source)
	if err != nil {
		_ = b.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	p.ended = func() { _ = b.Close(context.WithoutCancel(ctx)) }
	return p, nil
}

func newPublisher(b *broker.Broker, source string) (*publisher, error) {
	p := &publisher{source: source, js: b.JetStream(), waiting: map[uint64]chan alerts.Receipt{}, early: map[uint64]alerts.Receipt{}}
	var err error
	p.sub, err = b.Conn().Subscribe("receipts."+source, p.receipt)
	if err == nil {
		err = b.Conn().Flush() // the server knows of us before the first receipt
	}
	if err != nil {
		return nil, fmt.Errorf("listen for receipts: %w", err)
	}
	return p, nil
}

func (p *publisher) close() {
	_ = p.sub.Unsubscribe()
	if p.ended != nil {
		p.ended()
	}
}

func (p *publisher) receipt(m *nats.Msg) {
	var r alerts.Receipt
	if json.Unmarshal(m.Data, &r) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.waiting[r.StreamSequence]; ok {
		delete(p.waiting, r.StreamSequence)
		c <- r
		return
	}
	p.early[r.StreamSequence] = r
}

// expect registers for the receipt of a sequence.
func (p *publisher) expect(sequence uint64) chan alerts.Receipt {
	c := make(chan alerts.Receipt, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	if r, ok := p.early[sequence]; ok {
		delete(p.early, sequence)
		c <- r
		return c
	}
	p.waiting[sequence] = c
	return c
}

// send publishes a document and waits for what becomes of it.
func (p *publisher) send(ctx context.Context, raw []byte, wait time.Duration) postingAnswer {
	return p.publish(ctx, "postings.published."+p.source, raw, wait)
}

func (p *publisher) publish(ctx context.Context, subject string, raw []byte, wait time.Duration) postingAnswer {
	rejected := func(format string, args ...any) postingAnswer {
		return postingAnswer{Status: alerts.StatusRejected, Errors: []alerts.FieldError{{Message: fmt.Sprintf(format, args...)}}}
	}
	if len(raw) > broker.MaxPosting-4096 {
		return rejected("is %d bytes; at most 1 MiB with headers can be published. Shorten the description", len(raw))
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	ack, err := p.js.Publish(ctx, subject, raw)
	if err != nil {
		return rejected("NATS did not take it: %v; publish it again", err)
	}
	c := p.expect(ack.Sequence)
	select {
	case r := <-c:
		return postingAnswer{Identifier: r.Identifier, Status: r.Status, Errors: r.Errors, Warnings: r.Warnings, Reached: r.Reached}
	case <-ctx.Done():
		return postingAnswer{Status: noReceipt, Errors: []alerts.FieldError{{
			Message: fmt.Sprintf("NATS has it as message %d, but no receipt came within %s; it will be judged when the daemon is back", ack.Sequence, wait)}}}
	}
}

// noDaemon says how to start one.
func noDaemon(err error) error {
	if errors.Is(err, broker.ErrNoDaemon) {
		return fmt.Errorf("%w; start one with: jobalertd serve", err)
	}
	return err
}

// progress is a bar on a terminal, and nothing elsewhere. The bar's own spinner is
// off: it would draw from a goroutine of its own without taking the bar's lock.
func (s *session) progress(what string) *progressbar.ProgressBar {
	o := []progressbar.Option{progressbar.OptionSetDescription(what), progressbar.OptionSetWriter(s.stderr), progressbar.OptionShowCount(),
		progressbar.OptionShowIts(), progressbar.OptionThrottle(100 * time.Millisecond), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetSpinnerChangeInterval(0), progressbar.OptionSetVisibility(isTerminal(s.stderr))}
	return progressbar.NewOptions(-1, o...)
}

type postingsWithdrawCmd struct {
	Source string        `help:"Source whose postings they are." required:""`
	ID     []string      `arg:"" help:"Identifiers."`
	Wait   time.Duration `help:"How long to wait for a receipt." default:"30s"`
	JSON   bool          `help:"One JSON object a posting." name:"json"`
}

func (postingsWithdrawCmd) Help() string {
	return "Example:\n  jobalertd postings withdraw --source city-hospital 4711 4712"
}

func (c postingsWithdrawCmd) Run(ctx context.Context, s *session) error {
	p, err := s.publisher(ctx, c.Source)
	if err != nil {
		return err
	}
	defer p.close()
	failed := false
	for _, id := range c.ID {
		raw, err := json.Marshal(map[string]string{"identifier": id})
		if err != nil {
			return err
		}
		a := p.publish(ctx, "postings.withdrawn."+c.Source, raw, c.Wait)
		failed = failed || a.Status != alerts.StatusWithdrawn
		if err := s.printAnswer(a, c.JSON); err != nil {
			return err
		}
	}
	if failed {
		return errFailed
	}
	return nil
}
