package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/mailer/suppression"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// outboxCmd shows envelopes.
type outboxCmd struct {
	List  outboxListCmd  `cmd:"" help:"List envelopes."`
	Retry outboxRetryCmd `cmd:"" help:"Make deferred and unknown envelopes due at once."`
}

type outboxListCmd struct {
	State   string `help:"waiting, claimed or done." enum:",waiting,claimed,done" default:""`
	Outcome string `help:"accepted, deferred, refused, unknown, suppressed, expired or empty." enum:",accepted,deferred,refused,unknown,suppressed,expired,empty" default:""`
	OfRun   int64  `help:"Of one digest run." name:"run"`
	After   int64  `help:"Begin after this number."`
	Limit   int    `help:"At most so many." default:"100"`
	JSON    bool   `help:"One JSON object an envelope." name:"json"`
}

func (outboxListCmd) Help() string { return "Example:\n  jobalertd outbox list --outcome deferred" }

// listedEnvelope is an envelope without an address.
type listedEnvelope struct {
	ID         int64          `json:"id"`
	Kind       mailer.Kind    `json:"kind"`
	Subscriber int64          `json:"subscriber"`
	Run        int64          `json:"run,omitempty"`
	State      mailer.State   `json:"state"`
	Outcome    mailer.Outcome `json:"outcome"`
	Attempts   int            `json:"attempts"`
	DueAt      time.Time      `json:"due_at"`
	MessageID  string         `json:"message_id"`
	Reply      string         `json:"reply,omitempty"`
	QueueID    string         `json:"queue_id,omitempty"`
}

func (c outboxListCmd) Run(ctx context.Context, s *session) error {
	st, err := s.stores(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	list, err := st.outbox.List(ctx, outbox.Filter{State: mailer.State(c.State), Outcome: mailer.Outcome(c.Outcome), Run: c.OfRun, After: c.After, Limit: c.Limit})
	if err != nil {
		return err
	}
	for _, e := range list {
		l := listedEnvelope{e.ID, e.Kind, e.Subscriber, e.Run, e.State, e.Outcome, e.Attempts, e.DueAt, e.MessageID, e.Reply, e.QueueID}
		if c.JSON {
			err = s.printJSON(l)
		} else {
			s.printf("%8d  %-12s  subscriber %-8d  %-8s %-10s  tries %d  %s\n", l.ID, l.Kind, l.Subscriber, l.State, l.Outcome, l.Attempts, l.Reply)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

type outboxRetryCmd struct {
	All bool `help:"Refused and expired ones too."`
}

func (outboxRetryCmd) Help() string { return "Example:\n  jobalertd outbox retry" }

func (c outboxRetryCmd) Run(ctx context.Context, s *session) error {
	st, err := s.stores(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	n, err := st.outbox.Retry(ctx, c.All)
	if err != nil {
		return err
	}
	s.printf("%d envelopes are due now\n", n)
	return nil
}

// suppressionsCmd manages whom nothing is sent to.
type suppressionsCmd struct {
	List   suppressionsListCmd   `cmd:"" help:"List suppressions; addresses are kept as keyed hashes only."`
	Add    suppressionsAddCmd    `cmd:"" help:"Write to an address no more."`
	Remove suppressionsRemoveCmd `cmd:"" help:"Allow an address again."`
}

type suppressionsListCmd struct {
	Email string `help:"Of one address alone."`
	Limit int    `help:"At most so many." default:"1000"`
	JSON  bool   `help:"One JSON object a suppression." name:"json"`
}

func (suppressionsListCmd) Help() string {
	return "Example:\n  jobalertd suppressions list --email a@example.org"
}

func (c suppressionsListCmd) Run(ctx context.Context, s *session) error {
	st, err := s.stores(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	if c.Email != "" {
		reason, err := st.suppressions.Reason(ctx, st.db.Reader, c.Email)
		if err != nil {
			return err
		}
		if reason == "" {
			s.printf("not suppressed\n")
			return nil
		}
		s.printf("%s\n", reason)
		return nil
	}
	list, err := st.suppressions.Records(ctx, "", c.Limit)
	if err != nil {
		return err
	}
	for _, r := range list {
		if c.JSON {
			err = s.printJSON(r)
		} else {
			s.printf("%s  %-13s  %s  %s\n", r.AddressHash[:16], r.Reason, time.UnixMilli(r.AtMS).Format(time.DateOnly), r.Detail)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

type suppressionsAddCmd struct {
	Email  string `arg:"" help:"Address."`
	Reason string `help:"manual, hard-bounce, complaint or unsubscribed." enum:"manual,hard-bounce,complaint,unsubscribed" default:"manual"`
	Detail string `help:"A note for later."`
}

func (suppressionsAddCmd) Help() string {
	return "Example:\n  jobalertd suppressions add a@example.org --detail \"asked by phone\""
}

func (c suppressionsAddCmd) Run(ctx context.Context, s *session) error {
	address, err := subscriptions.ParseAddress(c.Email)
	if err != nil {
		return usagef("%q: %v", c.Email, err)
	}
	st, err := s.stores(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	return st.db.Tx(ctx, func(tx *sqlx.Tx) error {
		return st.suppressions.Add(ctx, tx, address, suppression.Reason(c.Reason), c.Detail)
	})
}

type suppressionsRemoveCmd struct {
	Email string `arg:"" help:"Address."`
}

func (suppressionsRemoveCmd) Help() string {
	return "Example:\n  jobalertd suppressions remove a@example.org"
}

func (c suppressionsRemoveCmd) Run(ctx context.Context, s *session) error {
	st, err := s.stores(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	removed, err := st.suppressions.Remove(ctx, c.Email)
	if err != nil {
		return err
	}
	if !removed {
		return fmt.Errorf("%s is not suppressed", c.Email)
	}
	return nil
}
