package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/database"
)

// relogPage is how many postings one transaction of a re-analysis logs anew.
const relogPage = 200

// reportEvery is how often a re-analysis says how far it has come.
const reportEvery = 10 * time.Second

// reanalyse matches stored postings anew after the vocabulary has changed. Until
// it is done, digests search what the match log does not cover with the analysis
// in force (docs/adr/0010); afterwards the log covers everything again. It may be
// broken off and begun again, and run by several replicas: each row is written
// for the posting's own position, from the index as it stands. Whoever changes
// criteria meanwhile is not served from the rows before that change.
func (in *Intake) reanalyse(ctx context.Context) error {
	a, err := in.Store.Analysis(ctx, in.DB.Reader)
	if err != nil {
		return err
	}
	if a.Position == 0 || a.Hash != in.Meaning.Text.Hash() {
		return nil
	}
	in.Log.InfoContext(ctx, "matching stored postings with the new vocabulary", "position", a.Position)
	started := time.Now()
	reported := started
	done := 0
	page := make([]alerts.Match, 0, relogPage)
	flush := func() error {
		if err := in.relog(ctx, page); err != nil {
			return err
		}
		done += len(page)
		page = page[:0]
		if time.Since(reported) > reportEvery {
			reported = time.Now()
			in.Log.InfoContext(ctx, "matching stored postings with the new vocabulary", "postings", done)
		}
		return nil
	}
	err = in.Store.OpenBetween(ctx, in.DB.Reader, 0, a.Position, in.Now(), func(p alerts.Stored) error {
		reached := in.Index.Percolate(nil, in.Meaning.Document(&p.Posting))
		page = append(page, alerts.Match{Position: p.Position, Posting: p.Number, Subscriptions: reached})
		if len(page) < relogPage {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return fmt.Errorf("match stored postings anew: %w", err)
	}
	err = in.DB.Tx(ctx, func(tx *sqlx.Tx) error { return in.Store.CoverAnalysis(ctx, tx, a) })
	if err != nil {
		return err
	}
	in.Log.InfoContext(ctx, "stored postings are matched with the new vocabulary", "postings", done, "took", time.Since(started))
	return nil
}

func (in *Intake) relog(ctx context.Context, page []alerts.Match) error {
	if len(page) == 0 {
		return nil
	}
	return database.Retry(ctx, func(ctx context.Context) error {
		return in.DB.Tx(ctx, func(tx *sqlx.Tx) error { return in.Store.Relog(ctx, tx, page) })
	})
}

// reanalyseUntilDone tries again for as long as the database is away.
func (in *Intake) reanalyseUntilDone(ctx context.Context) error {
	for {
		err := in.reanalyse(ctx)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		in.Log.WarnContext(ctx, "re-analysis; it begins again", "err", err)
		if !sleep(ctx, lastPause) {
			return nil
		}
	}
}
