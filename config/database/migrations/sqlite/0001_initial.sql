-- +goose Up

-- The one order of postings and subscription changes (docs/adr/0002). One row.
CREATE TABLE clock (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    position INTEGER NOT NULL CHECK (position >= 0)
) STRICT;
INSERT INTO clock (id, position) VALUES (1, 0);

-- Postings: owner alerts/store.
CREATE TABLE postings (
    number INTEGER NOT NULL PRIMARY KEY CHECK (number BETWEEN 1 AND 4294967295),
    source TEXT NOT NULL,
    identifier TEXT NOT NULL,
    content_hash TEXT NOT NULL,          -- '' for a tombstone that never had content
    position INTEGER NOT NULL,           -- of its present content; 0 for such a tombstone
    first_position INTEGER NOT NULL,
    withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)),
    stream_created_ms INTEGER NOT NULL,  -- creation of the stream and sequence in it of
    stream_sequence INTEGER NOT NULL,    -- the last message applied
    published_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,         -- when the last message was applied
    title TEXT NOT NULL,
    employer TEXT NOT NULL,
    body TEXT NOT NULL,                  -- the normalised posting as JSON
    receipt TEXT NOT NULL,               -- the last receipt as JSON, repeated for a redelivery
    CONSTRAINT postings_key UNIQUE (source, identifier)
) STRICT;
CREATE INDEX postings_by_position ON postings (position);
CREATE INDEX postings_by_stream ON postings (stream_created_ms, stream_sequence);
CREATE INDEX postings_by_expiry ON postings (expires_ms);

-- One row for each position at which a posting was stored: owner alerts/store.
CREATE TABLE match_log (
    position INTEGER NOT NULL PRIMARY KEY,
    posting INTEGER NOT NULL,
    subscriptions BLOB NOT NULL          -- Roaring bitmap of subscription numbers, portable format
) STRICT;

-- What retention has taken from the match log: it is whole after this position: owner alerts/store.
CREATE TABLE match_log_start (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    position INTEGER NOT NULL
) STRICT;

-- How far a stream was judged where the message was rejected and so left no posting: owner alerts/store.
CREATE TABLE rejected (
    stream_created_ms INTEGER NOT NULL PRIMARY KEY,
    stream_sequence INTEGER NOT NULL
) STRICT;

-- The analysis in force (hash of vocabulary and rules): owner alerts/store.
CREATE TABLE analysis (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    hash TEXT NOT NULL,
    position INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL
) STRICT;

-- Sources that may publish: owner alerts/store.
CREATE TABLE recruiters (
    source TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    agency INTEGER NOT NULL DEFAULT 0 CHECK (agency IN (0, 1)),
    token_hash TEXT NOT NULL,            -- SHA-256 of the HTTP token, hex
    nats_password_hash TEXT NOT NULL,    -- bcrypt
    created_ms INTEGER NOT NULL,
    revoked_ms INTEGER
) STRICT;

-- People: owner subscriptions/store.
CREATE TABLE subscribers (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    email TEXT,                          -- as typed; NULL once erased
    address_key TEXT,                    -- canonical form for comparing; NULL once erased
    locale TEXT NOT NULL CHECK (locale IN ('de', 'en')),
    rotation INTEGER NOT NULL DEFAULT 0, -- links signed under an older rotation are void
    lease_until_ms INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL,
    erased_ms INTEGER,
    CONSTRAINT subscribers_address UNIQUE (address_key)
) STRICT;

-- Criteria and how often: owner subscriptions/store. id is the subscription number of the match log.
CREATE TABLE subscriptions (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT CHECK (id <= 4294967295),
    subscriber_id INTEGER NOT NULL REFERENCES subscribers (id),
    criteria TEXT NOT NULL,              -- prepared criteria as JSON; '{}' once erased
    label TEXT NOT NULL DEFAULT '',      -- her own name for the alert
    frequency TEXT NOT NULL,             -- instant, daily, weekly, or a cadence of the operator's
    hour INTEGER NOT NULL CHECK (hour BETWEEN 0 AND 23),
    weekday INTEGER NOT NULL CHECK (weekday BETWEEN 0 AND 6), -- 0 is Sunday
    timezone TEXT NOT NULL,
    max_postings INTEGER NOT NULL DEFAULT 0 CHECK (max_postings >= 0), -- 0: the operator's default
    overflow TEXT NOT NULL DEFAULT 'count' CHECK (overflow IN ('count', 'defer')),
    state TEXT NOT NULL CHECK (state IN ('unconfirmed', 'confirmed', 'paused', 'ended')),
    ended_reason TEXT NOT NULL DEFAULT '',
    position INTEGER NOT NULL,           -- of its last change; 0 while unconfirmed
    logged_from INTEGER NOT NULL,        -- the match log covers its present criteria from here
    delivered_through INTEGER NOT NULL,  -- what has been delivered, or judged, up to here
    due_at_ms INTEGER,                   -- NULL: nothing is due (instant with nothing waiting, paused, ended)
    last_local_date TEXT NOT NULL DEFAULT '', -- of the last occurrence served, YYYY-MM-DD in its zone
    paused_until_ms INTEGER,
    on_return TEXT NOT NULL DEFAULT 'catch-up' CHECK (on_return IN ('catch-up', 'best', 'fresh')),
    created_ms INTEGER NOT NULL,
    confirmed_ms INTEGER,
    ended_ms INTEGER
) STRICT;
CREATE INDEX subscriptions_by_subscriber ON subscriptions (subscriber_id);
CREATE INDEX subscriptions_by_position ON subscriptions (position);
CREATE INDEX subscriptions_paused ON subscriptions (paused_until_ms) WHERE state = 'paused';
CREATE INDEX subscriptions_unconfirmed ON subscriptions (created_ms) WHERE state = 'unconfirmed';
CREATE INDEX subscriptions_due ON subscriptions (due_at_ms) WHERE state = 'confirmed' AND due_at_ms IS NOT NULL;

-- What she agreed to and when; append only: owner subscriptions/store.
CREATE TABLE consents (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    subscriber_id INTEGER NOT NULL,
    subscription_id INTEGER NOT NULL,
    address TEXT NOT NULL,               -- '' once erased; address_hash stays
    address_hash TEXT NOT NULL,          -- keyed hash
    event TEXT NOT NULL CHECK (event IN ('signed-up', 'confirmation-sent', 'confirmed', 'imported', 'changed-address', 'ended', 'erased')),
    at_ms INTEGER NOT NULL,
    text_version TEXT NOT NULL,
    wording TEXT NOT NULL,               -- the words shown
    source TEXT NOT NULL,                -- page, import file, command line, mail
    ip TEXT NOT NULL,                    -- '' unless the operator allows it
    message_id TEXT NOT NULL             -- of the confirmation mail, where there is one
) STRICT;
CREATE INDEX consents_by_subscriber ON consents (subscriber_id);
CREATE INDEX consents_by_hash ON consents (address_hash, event, at_ms);

-- Random keys made at first start (link signing, address hashing): owner subscriptions/store.
CREATE TABLE secrets (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL                  -- hex
) STRICT;

-- Positions of followers that must survive a restart: owner mailer/digest.
CREATE TABLE followers (
    name TEXT NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT;

-- One scheduled batch: owner mailer/digest.
CREATE TABLE digest_runs (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    cutoff INTEGER NOT NULL,
    due_by_ms INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    finished_ms INTEGER,
    active_ms INTEGER NOT NULL,               -- when it last recorded anything
    stopped_by TEXT NOT NULL DEFAULT '', -- '' it went to its end; shutdown, error, crash
    after_position INTEGER NOT NULL DEFAULT 0, -- its windows begin here at the earliest
    subscribers INTEGER NOT NULL DEFAULT 0,
    subscriptions INTEGER NOT NULL DEFAULT 0,
    envelopes INTEGER NOT NULL DEFAULT 0,
    empty INTEGER NOT NULL DEFAULT 0,
    postings INTEGER NOT NULL DEFAULT 0,
    folded INTEGER NOT NULL DEFAULT 0,          -- shown with a twin
    counted INTEGER NOT NULL DEFAULT 0,         -- above a cap, told by number
    deferred INTEGER NOT NULL DEFAULT 0         -- above a cap, kept for the next digest
) STRICT;

-- What one subscriber got, by posting numbers: owner mailer/digest.
CREATE TABLE digests (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    run_id INTEGER NOT NULL REFERENCES digest_runs (id),
    subscriber_id INTEGER NOT NULL,
    after_id INTEGER NOT NULL,            -- her digest before, 0 for none: two cannot be built on one history
    created_ms INTEGER NOT NULL,
    subscriptions TEXT NOT NULL,         -- JSON: the alerts it was built for, with their windows
    delivered BLOB NOT NULL,             -- Roaring bitmap of posting numbers
    deferred BLOB NOT NULL,            -- come with the next digest
    counted BLOB NOT NULL,
    content TEXT NOT NULL,               -- JSON: postings in order, each with its alerts
    CONSTRAINT digests_once UNIQUE (run_id, subscriber_id),
    CONSTRAINT digests_chain UNIQUE (subscriber_id, after_id)
) STRICT;

-- "These are two jobs", said by a subscriber: owner mailer/digest.
CREATE TABLE separations (
    subscriber_id INTEGER NOT NULL,
    low INTEGER NOT NULL,                -- posting numbers, low < high
    high INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (subscriber_id, low, high)
) STRICT;

-- When an alert's owner was last told of its health: owner mailer/digest.
CREATE TABLE checkups (
    subscription_id INTEGER NOT NULL,
    finding TEXT NOT NULL CHECK (finding IN ('silent', 'wanted', 'never')),
    told_ms INTEGER NOT NULL,
    PRIMARY KEY (subscription_id, finding)
) STRICT;

-- Envelopes without bytes: owner mailer/outbox.
CREATE TABLE outbox (
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
CREATE INDEX outbox_due ON outbox (priority, due_at_ms, id) WHERE state <> 'done';
CREATE INDEX outbox_by_run ON outbox (run_id, outcome);
CREATE INDEX outbox_by_subscriber ON outbox (subscriber_id);

-- Until when each pace is taken, so that all replicas together keep to it: owner mailer/outbox.
CREATE TABLE paces (
    name TEXT NOT NULL PRIMARY KEY,      -- 'total', or 'domain' with a recipient's domain
    free_at_us INTEGER NOT NULL            -- Unix microseconds
) STRICT;

-- Addresses that must not be written to: owner mailer/suppression.
CREATE TABLE suppressions (
    address_hash TEXT NOT NULL PRIMARY KEY, -- keyed hash
    reason TEXT NOT NULL CHECK (reason IN ('hard-bounce', 'soft-bounce', 'complaint', 'unsubscribed', 'manual')),
    detail TEXT NOT NULL DEFAULT '',
    at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE bounces (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    address_hash TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('hard', 'soft', 'complaint')),
    status TEXT NOT NULL DEFAULT '',
    at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX bounces_by_address ON bounces (address_hash, at_ms);

-- +goose Down
DROP TABLE bounces;
DROP TABLE suppressions;
DROP TABLE paces;
DROP TABLE outbox;
DROP TABLE checkups;
DROP TABLE separations;
DROP TABLE digests;
DROP TABLE digest_runs;
DROP TABLE followers;
DROP TABLE secrets;
DROP TABLE consents;
DROP TABLE subscriptions;
DROP TABLE subscribers;
DROP TABLE recruiters;
DROP TABLE analysis;
DROP TABLE rejected;
DROP TABLE match_log_start;
DROP TABLE match_log;
DROP TABLE postings;
DROP TABLE clock;
