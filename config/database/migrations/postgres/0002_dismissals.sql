-- +goose Up

-- Postings that a subscriber does not want to see again: owner subscriptions/store.
CREATE TABLE dismissals (
    subscriber_id BIGINT NOT NULL REFERENCES subscribers (id),
    posting BIGINT NOT NULL CHECK (posting BETWEEN 1 AND 4294967295),
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (subscriber_id, posting)
);

-- +goose Down
DROP TABLE dismissals;
