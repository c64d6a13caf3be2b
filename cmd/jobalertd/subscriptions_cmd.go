package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/mailer/digest"
	"github.com/jobalertd/jobalertd/subscriptions"
	substore "github.com/jobalertd/jobalertd/subscriptions/store"
)

// subscriptionsCmd is what operators do with subscriptions.
type subscriptionsCmd struct {
	Add    subscriptionsAddCmd    `cmd:"" help:"Add one; without --confirmed its owner is asked by mail."`
	Import subscriptionsImportCmd `cmd:"" help:"Import a JSONL file, keeping its consent facts."`
	List   subscriptionsListCmd   `cmd:"" help:"List subscriptions."`
	Export subscriptionsExportCmd `cmd:"" help:"What is stored of one address, as JSON: alerts, consents, what was hidden or set apart, the latest 1,000 mails."`
	Erase  subscriptionsEraseCmd  `cmd:"" help:"End all of an address's subscriptions and forget who it was."`
}

type subscriptionsAddCmd struct {
	Email string `help:"Address." required:""`
	criteriaFlags
	scheduleFlags
	Label     string `help:"Her own name for the alert."`
	Confirmed bool   `help:"She has agreed already, and you can prove it."`
	JSON      bool   `help:"One JSON object." name:"json"`
}

func (subscriptionsAddCmd) Help() string {
	return "Example:\n  jobalertd subscriptions add --email a@example.org --query Medizininformatiker --place Gelsenkirchen --salary \"3500 EUR/month\""
}

func (c subscriptionsAddCmd) Run(ctx context.Context, s *session) error {
	st, err := s.stores(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	address, err := subscriptions.ParseAddress(c.Email)
	if err != nil {
		return usagef("--email %q: %v", c.Email, err)
	}
	criteria, err := c.criteria(st.meaning)
	if err != nil {
		return err
	}
	schedule, err := c.schedule(st.config.Digest.Timezone, subscriptions.Cadences(st.config.Digest.Cadences))
	if err != nil {
		return err
	}
	up := subscriptions.SignUp{Address: address, Locale: c.Locale,
		Wish: subscriptions.Wish{Criteria: criteria, Label: c.Label, Schedule: schedule},
		How:  subscriptions.Circumstances{Source: "command line", TextVersion: "operator"}}
	id, answer, err := st.signUp(ctx, up, c.Confirmed)
	if err != nil {
		return err
	}
	if c.JSON {
		return s.printJSON(map[string]any{"subscription": id, "answer": answer})
	}
	switch {
	case answer == subscriptions.StaySilent:
		return errors.New("this address was written to often enough today, or has too many subscriptions; nothing was stored")
	case answer == subscriptions.SayAlreadyHere:
		s.printf("this subscription stands already\n")
	case c.Confirmed:
		s.printf("subscription %d stands: %s\n", id, describe(st.meaning, &criteria, c.Locale))
	default:
		s.printf("subscription %d waits for confirmation by mail: %s\n", id, describe(st.meaning, &criteria, c.Locale))
	}
	return nil
}

// signUp stores a sign-up with the mail it asks for, in one transaction, and
// confirms it at once where consent was given elsewhere.
func (s *stores) signUp(ctx context.Context, up subscriptions.SignUp, confirmed bool) (id uint32, answer subscriptions.Answer, err error) {
	err = s.db.Tx(ctx, func(tx *sqlx.Tx) error {
		now := s.now()
		e, err := s.subscriptions.SignUp(ctx, tx, up, now)
		if err != nil {
			return err
		}
		id, answer = e.Subscription, e.Answer
		if answer != subscriptions.AskConfirmation || confirmed {
			return nil
		}
		how := up.How
		how.MessageID, err = s.outbox.Confirmation(ctx, tx, e.Subscriber, e.Subscription, e.Confirmation)
		if err != nil {
			return err
		}
		return s.subscriptions.ConfirmationSent(ctx, tx, e.Subscriber, e.Subscription, how, now)
	})
	if err != nil || !confirmed || answer != subscriptions.AskConfirmation {
		return id, answer, err
	}
	return id, answer, s.db.Tx(ctx, func(tx *sqlx.Tx) error {
		_, err := s.subscriptions.Confirm(ctx, tx, id, up.How, s.now())
		return err
	})
}

type subscriptionsImportCmd struct {
	File string `arg:"" help:"JSONL file, - for standard input."`
	JSON bool   `help:"One JSON object a refused line, and one with the counts at the end." name:"json"`
}

func (subscriptionsImportCmd) Help() string {
	return "Example:\n  jobalertd subscriptions import subscribers.jsonl\n\nLines that cannot be taken are refused one by one, with their numbers; the others are stored.\nImporting a file again changes nothing. Status 1 if a line was refused."
}

// refusedLine is a line that was not imported.
type refusedLine struct {
	Line   int            `json:"line"`
	Faults []alerts.Fault `json:"errors"`
}

func (c subscriptionsImportCmd) Run(ctx context.Context, s *session) error {
	st, err := s.stores(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	in := s.stdin
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	bar := s.progress("importing")
	refused := 0
	counts, err := st.importLines(ctx, in, func(r refusedLine) error {
		refused++
		if c.JSON {
			return s.printJSON(r)
		}
		for _, f := range r.Faults {
			s.printf("line %d: %s: %s\n", r.Line, fieldName(f.Field), f.Message)
		}
		return nil
	}, func(n int) { _ = bar.Add(n) })
	_ = bar.Finish()
	if err != nil {
		return err
	}
	if c.JSON {
		err = s.printJSON(counts)
	} else {
		s.printf("%d stored, %d stood already, %d refused\n", counts.Stored, counts.Known, counts.Refused)
	}
	if err != nil {
		return err
	}
	if refused > 0 {
		return errFailed
	}
	return nil
}

// importCounts are what became of an import's lines.
type importCounts struct {
	Stored  int `json:"stored"`
	Known   int `json:"known"`
	Refused int `json:"refused"`
}

// importLines reads and stores lines in batches, each in a transaction of its
// own. Addresses that must not be written to are refused: an import cannot bring
// one back.
func (s *stores) importLines(ctx context.Context, in io.Reader, refuse func(refusedLine) error, progress func(int)) (importCounts, error) {
	rules := subscriptions.ImportRules{Meaning: s.meaning, Calendar: subscriptions.NewCalendar(subscriptions.Cadences(s.config.Digest.Cadences)),
		Timezone: s.config.Digest.Timezone, Now: s.now()}
	var counts importCounts
	batch, numbers := make([]subscriptions.Import, 0, substore.ImportBatch), make([]int, 0, substore.ImportBatch)
	flush := func() error {
		read := len(batch)
		kept, err := s.withoutThoseWhoLeft(ctx, batch, func(i int, f alerts.Fault) error {
			counts.Refused++
			return refuse(refusedLine{Line: numbers[i], Faults: []alerts.Fault{f}})
		})
		batch, numbers = kept, numbers[:0]
		if err != nil || len(batch) == 0 {
			return err
		}
		ids, err := s.subscriptions.Import(ctx, batch, s.now())
		if err != nil {
			return err
		}
		for i, id := range ids {
			switch {
			case id == 0:
				counts.Known++
				continue
			case batch[i].ConfirmedAt.IsZero():
				if err := s.askConfirmation(ctx, id, batch[i].How); err != nil {
					return err
				}
			}
			counts.Stored++
		}
		progress(read)
		batch = batch[:0]
		return nil
	}
	r := bufio.NewReaderSize(in, 1<<20)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			one, faults, ferr := s.importLine(ctx, line, rules)
			switch {
			case ferr != nil:
				return counts, ferr
			case len(faults) > 0:
				counts.Refused++
				if err := refuse(refusedLine{Line: n, Faults: faults}); err != nil {
					return counts, err
				}
			default:
				batch, numbers = append(batch, one), append(numbers, n)
			}
		}
		if len(batch) == substore.ImportBatch || err != nil {
			if ferr := flush(); ferr != nil {
				return counts, fmt.Errorf("import up to line %d: %w; importing the file again changes nothing that is stored", n, ferr)
			}
		}
		if errors.Is(err, io.EOF) {
			return counts, nil
		}
		if err != nil {
			return counts, fmt.Errorf("read line %d: %w", n, err)
		}
	}
}

// withoutThoseWhoLeft keeps the imports whose owners have not ended all they had
// here; refuse is told of the others, by their place.
func (s *stores) withoutThoseWhoLeft(ctx context.Context, batch []subscriptions.Import, refuse func(int, alerts.Fault) error) ([]subscriptions.Import, error) {
	if len(batch) == 0 {
		return batch, nil
	}
	addresses := make([]string, len(batch))
	for i := range batch {
		addresses[i] = batch[i].Email
	}
	left, err := s.subscriptions.Left(ctx, addresses)
	if err != nil {
		return nil, err
	}
	kept := batch[:0]
	for i := range left {
		if !left[i] {
			kept = append(kept, batch[i])
			continue
		}
		if err := refuse(i, alerts.Fault{Field: "email", Code: subscriptions.FaultAddress, Message: "has left here; an import does not bring it back, a new sign-up does"}); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// askConfirmation sends the owner of an imported, unconfirmed subscription the
// mail that asks for consent.
func (s *stores) askConfirmation(ctx context.Context, id uint32, how subscriptions.Circumstances) error {
	sub, err := s.subscriptions.Get(ctx, s.db.Reader, id)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *sqlx.Tx) error {
		how.MessageID, err = s.outbox.Confirmation(ctx, tx, sub.Subscriber, id, 1)
		if err != nil {
			return err
		}
		return s.subscriptions.ConfirmationSent(ctx, tx, sub.Subscriber, id, how, s.now())
	})
}

func (s *stores) importLine(ctx context.Context, line []byte, rules subscriptions.ImportRules) (subscriptions.Import, []alerts.Fault, error) {
	one, err := subscriptions.DecodeImportLine(line, rules)
	var bad *alerts.CriteriaError
	if errors.As(err, &bad) {
		return one, bad.Faults, nil
	}
	if err != nil {
		return one, nil, err
	}
	reason, err := s.suppressions.Reason(ctx, s.db.Reader, one.Email)
	if err != nil {
		return one, nil, err
	}
	if reason != "" {
		return one, []alerts.Fault{{Field: "email", Code: subscriptions.FaultAddress,
			Message: "must not be written to (" + reason + "); see jobalertd suppressions list"}}, nil
	}
	return one, nil, nil
}

type subscriptionsListCmd struct {
	After uint32 `help:"Begin after this number."`
	Limit int    `help:"At most so many." default:"100"`
	JSON  bool   `help:"One JSON object a subscription." name:"json"`
}

func (subscriptionsListCmd) Help() string {
	return "Example:\n  jobalertd subscriptions list --limit 20"
}

// listedSubscription is a subscription without its owner's address: logs and
// lists name numbers.
type listedSubscription struct {
	ID         uint32              `json:"id"`
	Subscriber int64               `json:"subscriber"`
	State      subscriptions.State `json:"state"`
	Frequency  string              `json:"frequency"`
	Criteria   string              `json:"criteria"`
	DueAt      *time.Time          `json:"due_at,omitempty"`
	Through    int64               `json:"delivered_through"`
}

func (c subscriptionsListCmd) Run(ctx context.Context, s *session) error {
	st, err := s.storesToRead(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	for c.Limit > 0 {
		page, err := st.subscriptions.Page(ctx, st.db.Reader, c.After, min(c.Limit, 1000))
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return nil
		}
		for i := range page {
			if err := s.printSubscription(st.meaning, &page[i], c.JSON); err != nil {
				return err
			}
		}
		c.After, c.Limit = page[len(page)-1].ID, c.Limit-len(page)
	}
	return nil
}

func (s *session) printSubscription(m *alerts.Meaning, sub *subscriptions.Subscription, asJSON bool) error {
	l := listedSubscription{ID: sub.ID, Subscriber: sub.Subscriber, State: sub.State, Frequency: sub.Schedule.Describe("en"),
		Criteria: sub.Name(m, "en"), Through: sub.DeliveredThrough}
	if !sub.DueAt.IsZero() {
		l.DueAt = &sub.DueAt
	}
	if asJSON {
		return s.printJSON(l)
	}
	s.printf("%8d  %-11s  %-18s  %s\n", l.ID, l.State, l.Frequency, l.Criteria)
	return nil
}

type subscriptionsExportCmd struct {
	Email string `arg:"" help:"Address."`
}

func (subscriptionsExportCmd) Help() string {
	return "Example:\n  jobalertd subscriptions export a@example.org > a.json"
}

func (c subscriptionsExportCmd) Run(ctx context.Context, s *session) error {
	st, who, err := s.subscriber(ctx, openToRead, c.Email)
	if err != nil {
		return err
	}
	defer st.close()
	out := exportedSubscriber{}
	if out.Export, err = st.subscriptions.Export(ctx, st.db.Reader, who.ID); err != nil {
		return err
	}
	if out.Separated, err = st.digests.Separated(ctx, who.ID); err != nil {
		return err
	}
	if out.Mails, err = st.digests.History(ctx, who.ID); err != nil {
		return err
	}
	return s.printJSON(out)
}

// exportedSubscriber is what the stores keep of one subscriber.
type exportedSubscriber struct {
	subscriptions.Export
	Separated []subscriptions.Separation
	Mails     []digest.Told
}

type subscriptionsEraseCmd struct {
	Email string `arg:"" help:"Address."`
}

func (subscriptionsEraseCmd) Help() string {
	return "Example:\n  jobalertd subscriptions erase a@example.org\n\nThe record of consent stays under a keyed hash for retention.consents, and that she left, so that no import brings her back."
}

func (c subscriptionsEraseCmd) Run(ctx context.Context, s *session) error {
	st, who, err := s.subscriber(ctx, openExisting, c.Email)
	if err != nil {
		return err
	}
	defer st.close()
	how := subscriptions.Circumstances{Source: "command line", TextVersion: "operator"}
	if err := st.db.Tx(ctx, func(tx *sqlx.Tx) error {
		if err := st.subscriptions.Erase(ctx, tx, who.ID, how, st.now()); err != nil {
			return err
		}
		if err := st.outbox.Forget(ctx, tx, who.ID); err != nil {
			return err
		}
		return st.suppressions.Left(ctx, tx, who.Email)
	}); err != nil {
		return err
	}
	s.printf("subscriber %d is erased\n", who.ID)
	return nil
}

// subscriber opens the stores and finds who has an address.
func (s *session) subscriber(ctx context.Context, open opener, email string) (*stores, subscriptions.Subscriber, error) {
	st, err := s.open(ctx, open)
	if err != nil {
		return nil, subscriptions.Subscriber{}, err
	}
	who, err := st.subscriptions.SubscriberByAddress(ctx, st.db.Reader, email)
	if err != nil {
		_ = st.close()
		if errors.Is(err, subscriptions.ErrNotFound) {
			err = errors.New("nobody has this address")
		}
		return nil, who, err
	}
	return st, who, nil
}
