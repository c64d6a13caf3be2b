package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/outbox"
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
	st, err := s.storesToRead(ctx)
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
			next := ""
			if l.State == mailer.Waiting {
				next = "next try " + l.DueAt.Local().Format("01-02 15:04") + "  "
			}
			s.printf("%8d  %-12s  subscriber %-8d  %-8s %-10s  tries %d  %s%s\n", l.ID, l.Kind, l.Subscriber, l.State, l.Outcome, l.Attempts, next, l.Reply)
		}
		if err != nil {
			return err
		}
	}
	g, err := grievanceOf(ctx, st.outbox)
	if err == nil && g.envelopes > 0 {
		fmt.Fprintf(s.stderr, "%s; see jobalertd doctor\n", g.String())
	}
	return err
}

type outboxRetryCmd struct {
	All bool `help:"Refused and expired ones too, but no expired confirmations."`
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
