package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jobalertd/jobalertd/alerts"
	alertstore "github.com/jobalertd/jobalertd/alerts/store"
)

// recruitersCmd manages the accounts of sources.
type recruitersCmd struct {
	Add    recruitersAddCmd    `cmd:"" help:"Give a source its NATS user and HTTP token; printed once."`
	List   recruitersListCmd   `cmd:"" help:"List sources."`
	Revoke recruitersRevokeCmd `cmd:"" help:"End a source's account; its postings stay."`
}

type recruitersAddCmd struct {
	Source string `arg:"" help:"Source: a-z, 0-9 and -."`
	Name   string `help:"Name shown to operators."`
	Agency bool   `help:"Everything it publishes counts as an agency's."`
	JSON   bool   `help:"One JSON object." name:"json"`
}

func (recruitersAddCmd) Help() string {
	return "Example:\n  jobalertd recruiters add city-hospital --name \"City hospital\"\n\nA running daemon knows the account within a second."
}

func (c recruitersAddCmd) Run(ctx context.Context, s *session) error {
	if !alerts.ValidSource(c.Source) {
		return usagef("source %q must consist of a-z, 0-9 and -", c.Source)
	}
	if c.Source == alerts.CanarySource {
		return usagef("source %q is reserved", c.Source)
	}
	st, err := s.stores(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	secrets, err := st.postings.AddRecruiter(ctx, c.Source, c.Name, c.Agency, s.now())
	if errors.Is(err, alertstore.ErrSourceTaken) {
		return fmt.Errorf("%s: %w", c.Source, err)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return s.printJSON(secrets)
	}
	s.printf("source         %s\nNATS user      %s\nNATS password  %s\nHTTP token     %s\n\nKeep them now: only hashes are stored.\n",
		c.Source, secrets.NATSUser, secrets.NATSPassword, secrets.Token)
	return nil
}

type recruitersListCmd struct {
	JSON bool `help:"One JSON object a source." name:"json"`
}

func (recruitersListCmd) Help() string { return "Example:\n  jobalertd recruiters list" }

func (c recruitersListCmd) Run(ctx context.Context, s *session) error {
	st, err := s.storesToRead(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	rs, err := st.postings.Recruiters(ctx, st.db.Reader)
	if err != nil {
		return err
	}
	for _, r := range rs {
		if c.JSON {
			err = s.printJSON(r)
		} else {
			state := "active"
			if r.Revoked {
				state = "revoked"
			}
			s.printf("%-20s  %-8s  %s\n", r.Source, state, r.Name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

type recruitersRevokeCmd struct {
	Source string `arg:"" help:"Source."`
}

func (recruitersRevokeCmd) Help() string {
	return "Example:\n  jobalertd recruiters revoke city-hospital"
}

func (c recruitersRevokeCmd) Run(ctx context.Context, s *session) error {
	st, err := s.stores(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	err = st.postings.RevokeRecruiter(ctx, c.Source, s.now())
	if errors.Is(err, alerts.ErrNotFound) {
		return fmt.Errorf("no source %q is active; see jobalertd recruiters list", c.Source)
	}
	return err
}
