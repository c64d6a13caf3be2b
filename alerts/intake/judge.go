package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/jobposting"
)

// message is one message of the stream on its way into the database.
type message struct {
	msg        jetstream.Msg
	judged     chan struct{} // closes when what follows is known
	source     string
	identifier string
	sequence   uint64
	sent       time.Time

	withdrawal bool
	reading    *jobposting.Reading // of a posting
	body       string              // of the row
	document   *alerts.Document
	stamp      int64    // where the index stood before the posting was percolated, or lower
	matched    []uint32 // by the index, at the batch's stamp or later
	rejected   *jobposting.Rejected

	receipt alerts.Receipt // what became of it, once stored
}

// read judges one message. A decoder that panics on some input must not take the
// stream down with it: that input is rejected.
func (in *Intake) read(ctx context.Context, m *message, now time.Time) {
	msg := m.msg
	if meta, err := msg.Metadata(); err == nil {
		m.sequence, m.sent = meta.Sequence.Stream, meta.Timestamp
	}
	defer func() {
		if r := recover(); r != nil {
			in.Log.ErrorContext(ctx, "reading a posting panicked", "sequence", m.sequence, "panic", fmt.Sprint(r))
			m.rejected = &jobposting.Rejected{Errors: []jobposting.Error{{Field: "", Message: "cannot be read by this version; the operator has been told"}}}
		}
	}()
	kind, source, ok := parseSubject(msg.Subject())
	m.source = source
	if !ok {
		m.rejected = &jobposting.Rejected{Errors: []jobposting.Error{{Message: fmt.Sprintf(
			"subject %q is not postings.published.SOURCE or postings.withdrawn.SOURCE with SOURCE of a-z, 0-9 and -", msg.Subject())}}}
		return
	}
	if kind == "withdrawn" {
		m.withdrawal = true
		m.identifier, m.rejected = in.readWithdrawal(msg.Data())
		return
	}
	reading, err := in.Reader.Read(source, msg.Data(), now)
	if err != nil {
		m.rejected = asRejected(err)
		m.identifier = m.rejected.Identifier
		return
	}
	m.reading, m.identifier = reading, reading.Posting.Identifier
	if in.agencies.has(source) {
		reading.Posting.Agency = true
	}
	if m.body, err = reading.Posting.Body(); err != nil {
		m.rejected = asRejected(err)
		return
	}
	m.document = in.Meaning.DocumentOf(&reading.Posting, reading.Plain)
}

func (in *Intake) readWithdrawal(raw []byte) (string, *jobposting.Rejected) {
	identifier, err := in.Reader.Withdrawal(raw)
	if err != nil {
		return "", asRejected(err)
	}
	return identifier, nil
}

func asRejected(err error) *jobposting.Rejected {
	var r *jobposting.Rejected
	if errors.As(err, &r) {
		return r
	}
	return &jobposting.Rejected{Errors: []jobposting.Error{{Message: err.Error()}}}
}

// parseSubject splits postings.KIND.SOURCE.
func parseSubject(subject string) (kind, source string, ok bool) {
	parts := strings.Split(subject, ".")
	if len(parts) != 3 || parts[0] != "postings" {
		return "", "", false
	}
	kind, source = parts[1], parts[2]
	return kind, source, (kind == "published" || kind == "withdrawn") && alerts.ValidSource(source)
}

// percolate finds whom a posting reaches.
func (in *Intake) percolate(m *message) {
	if m.document == nil {
		return
	}
	started := time.Now()
	// Into room that is used again: a list that grows by itself takes three times
	// its size, and a batch waits with its lists.
	room, _ := in.rooms.Get().(*[]uint32)
	if room == nil {
		room = new([]uint32)
	}
	*room = in.Index.Percolate((*room)[:0], m.document)
	m.matched = slices.Clone(*room)
	in.rooms.Put(room)
	in.Metrics.percolate.Observe(time.Since(started).Seconds())
}

// reject publishes what cannot be stored, with the reason and the original
// bytes, ends its delivery, and returns the rest. What cannot be published at
// present is left for the stream to deliver again.
func (in *Intake) reject(ctx context.Context, batch []*message) []*message {
	kept := batch[:0]
	var rejected []*message
	var highest uint64
	for _, m := range batch {
		if m.rejected == nil {
			kept = append(kept, m)
			continue
		}
		if err := in.publishRejection(ctx, m); err != nil {
			in.Log.WarnContext(ctx, "publish rejection", "source", m.source, "sequence", m.sequence, "err", err)
			_ = m.msg.NakWithDelay(firstPause * 50)
			continue
		}
		rejected = append(rejected, m)
		highest = max(highest, m.sequence)
	}
	if len(rejected) == 0 {
		return kept
	}
	// Before their delivery ends: a restart must not find more acknowledged than
	// the database knows of, or it would have everything judged again.
	err := in.DB.Tx(ctx, func(tx *sqlx.Tx) error { return in.Store.Rejected(ctx, tx, in.StreamCreated, highest) })
	if err != nil && ctx.Err() == nil {
		in.Log.WarnContext(ctx, "remember rejections", "err", err)
	}
	for _, m := range rejected {
		in.Metrics.received.WithLabelValues(string(alerts.StatusRejected)).Inc()
		if err := m.msg.TermWithReason("rejected: " + firstLine(m.rejected.Error())); err != nil {
			in.Log.WarnContext(ctx, "end delivery of a rejected posting", "sequence", m.sequence, "err", err)
		}
	}
	return kept
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s[:min(len(s), 200)]
}

// unknownSource stands for a subject that names none.
const unknownSource = "unknown"

func (in *Intake) publishRejection(ctx context.Context, m *message) error {
	source := m.source
	if !alerts.ValidSource(source) {
		source = unknownSource
	}
	receipt := alerts.Receipt{Identifier: m.identifier, Status: alerts.StatusRejected, StreamSequence: m.sequence, Errors: fieldErrors(m.rejected.Errors)}
	out := nats.NewMsg("rejections." + source)
	out.Data = m.msg.Data()
	out.Header.Set("Jobalert-Reason", firstLine(strings.ReplaceAll(m.rejected.Error(), "\r", " ")))
	out.Header.Set("Jobalert-Errors", encodeReceipt(receipt))
	out.Header.Set("Jobalert-Subject", m.msg.Subject())
	out.Header.Set("Jobalert-Sequence", fmt.Sprint(m.sequence))
	// The same rejection after a lost acknowledgement is one rejection.
	id := fmt.Sprintf("%d-%d", in.StreamCreated.UnixMilli(), m.sequence)
	if _, err := in.JetStream.PublishMsg(ctx, out, jetstream.WithMsgID(id)); err != nil {
		return err
	}
	in.publishReceipt(source, receipt)
	return nil
}

func fieldErrors(errs []jobposting.Error) []alerts.FieldError {
	out := make([]alerts.FieldError, len(errs))
	for i, e := range errs {
		out[i] = alerts.FieldError{Field: e.Field, Message: e.Message}
	}
	return out
}
