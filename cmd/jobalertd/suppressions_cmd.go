package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/mailer/suppression"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// suppressionsCmd manages whom nothing is sent to.
type suppressionsCmd struct {
	List   suppressionsListCmd   `cmd:"" help:"List suppressions; addresses are kept as keyed hashes only."`
	Add    suppressionsAddCmd    `cmd:"" help:"Write to an address no more."`
	Remove suppressionsRemoveCmd `cmd:"" help:"Allow an address again."`
}

type suppressionsListCmd struct {
	Email  string `help:"Of one address alone."`
	Reason string `help:"With one reason: unsubscribed, soft-bounce, hard-bounce, complaint or manual." enum:",unsubscribed,soft-bounce,hard-bounce,complaint,manual" default:""`
	Limit  int    `help:"At most so many; 0: all." default:"1000"`
	JSON   bool   `help:"One JSON object a suppression." name:"json"`
}

func (suppressionsListCmd) Help() string {
	return "Examples:\n  jobalertd suppressions list --reason complaint\n  jobalertd suppressions list --email a@example.org"
}

func (c suppressionsListCmd) Run(ctx context.Context, s *session) error {
	st, err := s.storesToRead(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	if c.Email != "" {
		r, err := st.suppressions.Lookup(ctx, st.db.Reader, c.Email)
		if err != nil {
			return err
		}
		r.AddressHash = st.suppressions.Hash(c.Email)
		return c.print(s, r)
	}
	listed := 0
	for after := ""; ; {
		page, err := st.suppressions.Records(ctx, after, suppressionsPage)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, r := range page {
			if c.Reason != "" && c.Reason != string(r.Reason) {
				continue
			}
			if c.Limit > 0 && listed == c.Limit {
				return nil
			}
			listed++
			if err := c.print(s, r); err != nil {
				return err
			}
		}
		after = page[len(page)-1].AddressHash
	}
}

// suppressionsPage is how many are read at once.
const suppressionsPage = 1000

func (c suppressionsListCmd) print(s *session, r suppression.Record) error {
	switch {
	case c.JSON:
		return s.printJSON(r)
	case r.Reason == "":
		s.printf("not suppressed\n")
	default:
		s.printf("%s  %-13s  %s  %s\n", r.AddressHash[:16], r.Reason, time.UnixMilli(r.AtMS).Format(time.DateOnly), r.Detail)
	}
	return nil
}

type suppressionsAddCmd struct {
	Email  string `arg:"" help:"Address."`
	Reason string `help:"manual, hard-bounce, complaint or unsubscribed; a new sign-up lifts the last alone." enum:"manual,hard-bounce,complaint,unsubscribed" default:"manual"`
	Detail string `help:"A note for later."`
}

func (suppressionsAddCmd) Help() string {
	return "Example:\n  jobalertd suppressions add a@example.org --detail \"asked by phone\"\n\nA graver reason that stands already stays."
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
	var now suppression.Record
	err = st.db.Tx(ctx, func(tx *sqlx.Tx) error {
		if err := st.suppressions.Add(ctx, tx, address, suppression.Reason(c.Reason), c.Detail); err != nil {
			return err
		}
		now, err = st.suppressions.Lookup(ctx, tx, address)
		return err
	})
	if err != nil {
		return err
	}
	s.printf("suppressed: %s\n", now.Reason)
	return nil
}

type suppressionsRemoveCmd struct {
	Email string `arg:"" help:"Address."`
}

func (suppressionsRemoveCmd) Help() string {
	return "Example:\n  jobalertd suppressions remove a@example.org\n\nWhatever the reason was: ask yourself whether she wants mail again. Soft bounces are counted anew."
}

func (c suppressionsRemoveCmd) Run(ctx context.Context, s *session) error {
	st, err := s.stores(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	was, err := st.suppressions.Lookup(ctx, st.db.Reader, c.Email)
	if err != nil {
		return err
	}
	removed, err := st.suppressions.Remove(ctx, c.Email)
	if err != nil {
		return err
	}
	if !removed {
		return fmt.Errorf("%s is not suppressed", c.Email)
	}
	s.printf("no longer suppressed: %s\n", was.Reason)
	return nil
}
