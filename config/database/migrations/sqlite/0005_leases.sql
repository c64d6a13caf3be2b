-- +goose Up

-- Who leases a subscriber, so that a replica that died takes back its own at once: owner subscriptions/store.
ALTER TABLE subscribers ADD COLUMN leased_by TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE subscribers DROP COLUMN leased_by;
