-- +goose Up

-- Postings that a subscriber does not want to see again: owner subscriptions/store.
CREATE TABLE dismissals (
    subscriber_id INTEGER NOT NULL REFERENCES subscribers (id),
    posting INTEGER NOT NULL CHECK (posting BETWEEN 1 AND 4294967295),
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (subscriber_id, posting)
) STRICT;

-- +goose Down
DROP TABLE dismissals;
