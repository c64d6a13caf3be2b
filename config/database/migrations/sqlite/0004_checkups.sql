-- +goose Up

-- What each alert has shown, counted from its digests once they are recorded: owner mailer/digest.
CREATE TABLE vitals (
    subscription_id INTEGER NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL,         -- of its last change that was seen; 0 before that
    heard_ms INTEGER NOT NULL,         -- of the last digest that showed anything for it, or when a change was seen
    mails INTEGER NOT NULL,            -- since its owner was last asked whether she still wants it
    postings INTEGER NOT NULL
) STRICT;

-- The canary's mails that came back: owner mailer/canary.
CREATE TABLE canary_arrivals (
    message_id TEXT NOT NULL PRIMARY KEY,
    at_ms INTEGER NOT NULL
) STRICT;

-- Whom a finding was told, since nobody is told of two alerts in one week.
ALTER TABLE checkups ADD COLUMN subscriber_id INTEGER NOT NULL DEFAULT 0;
CREATE INDEX checkups_by_subscriber ON checkups (subscriber_id);

-- A kind of mail more: 'checkup'. SQLite changes no CHECK of a table that stands.
CREATE TABLE outbox_next (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('confirmation', 'account', 'instant', 'digest', 'checkup')),
    purpose TEXT NOT NULL,               -- unique key of what it is for: 'digest 12 345', 'confirmation 17 1'
    priority INTEGER NOT NULL,           -- smaller first
    subscriber_id INTEGER NOT NULL,
    run_id INTEGER,
    subscription_id INTEGER,             -- of a confirmation
    payload TEXT NOT NULL DEFAULT '',    -- JSON an account mail needs
    message_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'claimed', 'done')),
    outcome TEXT NOT NULL DEFAULT '' CHECK (outcome IN ('', 'accepted', 'deferred', 'refused', 'unknown', 'suppressed', 'expired', 'empty')),
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at_ms INTEGER NOT NULL,
    lease_until_ms INTEGER NOT NULL DEFAULT 0,
    claimed_by TEXT NOT NULL DEFAULT '',
    reply TEXT NOT NULL DEFAULT '',      -- the server's last reply, address removed
    queue_id TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL,
    done_ms INTEGER,
    CONSTRAINT outbox_purpose UNIQUE (purpose)
) STRICT;
INSERT INTO outbox_next (id, kind, purpose, priority, subscriber_id, run_id, subscription_id, payload, message_id, state, outcome, attempts, due_at_ms,
                         lease_until_ms, claimed_by, reply, queue_id, created_ms, done_ms)
SELECT id, kind, purpose, priority, subscriber_id, run_id, subscription_id, payload, message_id, state, outcome, attempts, due_at_ms,
       lease_until_ms, claimed_by, reply, queue_id, created_ms, done_ms
  FROM outbox WHERE true;
DROP TABLE outbox;
ALTER TABLE outbox_next RENAME TO outbox;
CREATE INDEX outbox_due ON outbox (priority, due_at_ms, id) WHERE state <> 'done';
CREATE INDEX outbox_by_run ON outbox (run_id);
CREATE INDEX outbox_by_subscriber ON outbox (subscriber_id);

-- +goose Down
DELETE FROM outbox WHERE kind = 'checkup';
CREATE TABLE outbox_next (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('confirmation', 'account', 'instant', 'digest')),
    purpose TEXT NOT NULL,               -- unique key of what it is for: 'digest 12 345', 'confirmation 17 1'
    priority INTEGER NOT NULL,           -- smaller first
    subscriber_id INTEGER NOT NULL,
    run_id INTEGER,
    subscription_id INTEGER,             -- of a confirmation
    payload TEXT NOT NULL DEFAULT '',    -- JSON an account mail needs
    message_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'claimed', 'done')),
    outcome TEXT NOT NULL DEFAULT '' CHECK (outcome IN ('', 'accepted', 'deferred', 'refused', 'unknown', 'suppressed', 'expired', 'empty')),
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at_ms INTEGER NOT NULL,
    lease_until_ms INTEGER NOT NULL DEFAULT 0,
    claimed_by TEXT NOT NULL DEFAULT '',
    reply TEXT NOT NULL DEFAULT '',      -- the server's last reply, address removed
    queue_id TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL,
    done_ms INTEGER,
    CONSTRAINT outbox_purpose UNIQUE (purpose)
) STRICT;
INSERT INTO outbox_next (id, kind, purpose, priority, subscriber_id, run_id, subscription_id, payload, message_id, state, outcome, attempts, due_at_ms,
                         lease_until_ms, claimed_by, reply, queue_id, created_ms, done_ms)
SELECT id, kind, purpose, priority, subscriber_id, run_id, subscription_id, payload, message_id, state, outcome, attempts, due_at_ms,
       lease_until_ms, claimed_by, reply, queue_id, created_ms, done_ms
  FROM outbox WHERE true;
DROP TABLE outbox;
ALTER TABLE outbox_next RENAME TO outbox;
CREATE INDEX outbox_due ON outbox (priority, due_at_ms, id) WHERE state <> 'done';
CREATE INDEX outbox_by_run ON outbox (run_id);
CREATE INDEX outbox_by_subscriber ON outbox (subscriber_id);
DROP INDEX checkups_by_subscriber;
ALTER TABLE checkups DROP COLUMN subscriber_id;
DROP TABLE canary_arrivals;
DROP TABLE vitals;
