package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/jobalertd/jobalertd/config/database"
)

// scheduler runs the daemon's own jobs. Nothing is scheduled per subscriber: when
// she is due is a column.
type scheduler struct{ cron *cron.Cron }

// job is one of the daemon's own.
type job struct {
	name  string
	every string // robfig/cron descriptor or line
	run   func(ctx context.Context) error
}

// schedule registers the jobs. A job that is still running is not started again,
// and one that panics does not end the process; the order of the two wrappers
// matters: the other way round a panic would leave the job skipped for ever.
func (d *daemon) schedule(ctx context.Context) (*scheduler, error) {
	log := cronLog{d.log}
	c := cron.New(cron.WithLocation(time.UTC), cron.WithLogger(log), cron.WithChain(cron.SkipIfStillRunning(log), cron.Recover(log)))
	s := &scheduler{cron: c}
	for _, j := range d.jobs() {
		if err := s.add(ctx, j, d.log); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// jobs are what the daemon does by the clock.
func (d *daemon) jobs() []job {
	jobs := []job{
		{"due tick", "@every 5s", d.digestTick},
		{"recruiters", "@every 1s", d.refreshRecruiters},
		{"pauses that end", "@every 1m", func(ctx context.Context) error { _, err := d.subscriptions.ResumeDue(ctx, d.now()); return err }},
		{"unconfirmed sign-ups", "17 * * * *", func(ctx context.Context) error { _, err := d.subscriptions.PurgeUnconfirmed(ctx, d.now()); return err }},
		{"checkups", "23 8 * * *", d.checkups},
		{"retention", "43 3 * * *", d.retention},
	}
	if d.canary != nil {
		jobs = append(jobs, job{"canary", d.config.Canary.Schedule, d.fly}, job{"canary watch", "@every 15s", d.canary.watch})
	}
	return jobs
}

// digestTick builds what is due.
func (d *daemon) digestTick(ctx context.Context) error {
	sum, err := d.digests.Run(ctx, d.now())
	if sum.Envelopes > 0 {
		d.relay.Wake()
	}
	return err
}

// checkups looks at every alert's health, and tells its owner what is found.
func (d *daemon) checkups(ctx context.Context) error {
	told, err := d.digests.Checkups(ctx, d.archive)
	if told > 0 {
		d.log.InfoContext(ctx, "told subscribers of their alerts' health", "mails", told)
		d.relay.Wake()
	}
	return err
}

// refreshRecruiters brings the embedded server's users up with the table.
func (d *daemon) refreshRecruiters(ctx context.Context) error {
	if !d.broker.Embedded() {
		return nil
	}
	users, err := d.natsUsers(ctx)
	if err != nil {
		return err
	}
	return d.broker.SetUsers(users)
}

// run starts the jobs and waits, once ctx has ended, for those under way. Their
// context ends with ctx: a digest run stops after its page.
func (s *scheduler) run(ctx context.Context) {
	s.cron.Start()
	<-ctx.Done()
	<-s.cron.Stop().Done()
}

// add registers one job under ctx.
func (s *scheduler) add(ctx context.Context, j job, log *slog.Logger) error {
	_, err := s.cron.AddFunc(j.every, func() {
		if ctx.Err() != nil {
			return
		}
		err := j.run(ctx)
		switch {
		case err == nil || ctx.Err() != nil:
		case database.IsAway(err) || database.IsBusy(err):
			log.WarnContext(ctx, "scheduled job; it comes again", "job", j.name, "err", err)
		default:
			log.ErrorContext(ctx, "scheduled job", "job", j.name, "err", err)
		}
	})
	if err != nil {
		return fmt.Errorf("schedule %s: %w", j.name, err)
	}
	return nil
}

// cronLog gives the library's reports to our log.
type cronLog struct{ log *slog.Logger }

func (l cronLog) Info(msg string, kv ...any) { l.log.Debug("cron: "+msg, kv...) }
func (l cronLog) Error(err error, msg string, kv ...any) {
	l.log.Error("cron: "+msg, append(kv, "err", err)...)
}
