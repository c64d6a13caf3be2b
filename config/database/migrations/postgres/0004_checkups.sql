-- +goose Up

-- What each alert has shown, counted from its digests once they are recorded: owner mailer/digest.
CREATE TABLE vitals (
    subscription_id BIGINT NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL,         -- of its last change that was seen; 0 before that
    heard_ms BIGINT NOT NULL,         -- of the last digest that showed anything for it, or when a change was seen
    mails BIGINT NOT NULL,            -- since its owner was last asked whether she still wants it
    postings BIGINT NOT NULL
);

-- The canary's mails that came back: owner mailer/canary.
CREATE TABLE canary_arrivals (
    message_id TEXT NOT NULL PRIMARY KEY,
    at_ms BIGINT NOT NULL
);

-- Whom a finding was told, since nobody is told of two alerts in one week.
ALTER TABLE checkups ADD COLUMN subscriber_id BIGINT NOT NULL DEFAULT 0;
CREATE INDEX checkups_by_subscriber ON checkups (subscriber_id);

-- A kind of mail more: 'checkup'.
ALTER TABLE outbox DROP CONSTRAINT outbox_kind_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_kind_check CHECK (kind IN ('confirmation', 'account', 'instant', 'digest', 'checkup'));

-- +goose Down
DELETE FROM outbox WHERE kind = 'checkup';
ALTER TABLE outbox DROP CONSTRAINT outbox_kind_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_kind_check CHECK (kind IN ('confirmation', 'account', 'instant', 'digest'));
DROP INDEX checkups_by_subscriber;
ALTER TABLE checkups DROP COLUMN subscriber_id;
DROP TABLE canary_arrivals;
DROP TABLE vitals;
