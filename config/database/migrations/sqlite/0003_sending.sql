-- +goose Up

-- What was withdrawn within a span, for telling subscribers.
CREATE INDEX postings_withdrawn ON postings (changed_ms) WHERE withdrawn;

-- A run's envelopes. The outcome changes with every mail that is sent, and the index need not.
DROP INDEX outbox_by_run;
CREATE INDEX outbox_by_run ON outbox (run_id);

-- What the mail server put off, for telling why.
CREATE INDEX outbox_deferred ON outbox (due_at_ms) WHERE state = 'waiting' AND outcome = 'deferred';

-- +goose Down
DROP INDEX outbox_deferred;
DROP INDEX outbox_by_run;
CREATE INDEX outbox_by_run ON outbox (run_id, outcome);
DROP INDEX postings_withdrawn;
