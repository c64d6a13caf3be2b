package main

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/archive"
	"github.com/jobalertd/jobalertd/subscriptions/web"
)

// newArchive builds the search over recent postings; runArchive fills it.
func (s *stores) newArchive() *archive.Archive {
	return archive.New(archive.Options{Store: s.postings, Reader: s.db.Reader, Meaning: s.meaning,
		MaxPostings: s.config.Archive.MaxPostings, Log: s.log, Now: s.now})
}

// runArchive follows the database until ctx ends. A receipt, which follows every
// commit of intake on any replica, wakes it early; losing one loses nothing.
func (d *daemon) runArchive(ctx context.Context) error {
	wake := make(chan struct{}, 1)
	sub, err := d.broker.Conn().Subscribe("receipts.*", func(*nats.Msg) {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return fmt.Errorf("listen for receipts: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	return d.archive.Run(ctx, wake)
}

// pageSearch is the archive in the words of the pages.
type pageSearch struct{ *archive.Archive }

func (s pageSearch) Outlook(ctx context.Context, c *alerts.Criteria, since time.Time) (web.Outlook, error) {
	p, err := s.Preview(ctx, c, since)
	if err != nil {
		return web.Outlook{}, err
	}
	o := web.Outlook{Days: p.Days}
	for _, cost := range p.Without {
		o.Without = append(o.Without, web.Cost{Criterion: cost.Criterion, Found: cost.Found})
	}
	return o, nil
}

func (s pageSearch) Period() web.Period {
	p := s.Archive.Period()
	return web.Period{All: p.All, Since: p.Since}
}
