-- name: subscriber-get
-- One subscriber, erased ones included.
SELECT id, email, locale, rotation, created_ms, erased_ms
  FROM subscribers
 WHERE id = :id;

-- name: subscriber-by-address
-- Whoever has this address.
SELECT id, email, locale, rotation, created_ms, erased_ms
  FROM subscribers
 WHERE address_key = :address_key;

-- name: subscriber-enter
-- The subscriber with this address, made if need be. The update that changes nothing locks the row, so that two
-- sign-ups for one address come one after the other, and writes as much as the insert does.
INSERT INTO subscribers (email, address_key, locale, created_ms)
VALUES (:email, :address_key, :locale, :created_ms)
ON CONFLICT (address_key) DO UPDATE SET address_key = excluded.address_key
RETURNING id;

-- name: subscribers-import
-- Many at once; those that are here already stay as they are.
INSERT INTO subscribers (email, address_key, locale, created_ms)
VALUES (:email, :address_key, :locale, :created_ms)
ON CONFLICT (address_key) DO NOTHING;

-- name: subscriber-speak
-- The language of her mails and pages.
UPDATE subscribers SET locale = :locale WHERE id = :id;

-- name: subscriber-rotate
-- Voids every link signed so far, but those to unsubscribe.
UPDATE subscribers SET rotation = rotation + 1 WHERE id = :id RETURNING rotation;

-- name: subscriber-move
-- Another address. Links that went to the old one are void.
UPDATE subscribers
   SET email = :email, address_key = :address_key, rotation = rotation + 1
 WHERE id = :id AND erased_ms IS NULL;

-- name: subscriber-erase
-- Forgets who it was.
UPDATE subscribers
   SET email = NULL, address_key = NULL, rotation = rotation + 1, erased_ms = :now_ms
 WHERE id = :id AND erased_ms IS NULL;

-- name: subscribers-drop-empty
-- Of these, those who never had a subscription that lasted.
DELETE FROM subscribers
 WHERE id IN (:ids)
   AND NOT EXISTS (SELECT 1 FROM subscriptions WHERE subscriptions.subscriber_id = subscribers.id);

-- name: subscribers-reclaim
-- Ends what a builder that died still leases.
UPDATE subscribers SET lease_until_ms = 0 WHERE leased_by = :leased_by AND lease_until_ms > :now_ms;

-- name: subscribers-leased
-- Somebody whom this builder leases, if there is one.
SELECT id FROM subscribers WHERE leased_by = :leased_by AND lease_until_ms > :now_ms LIMIT 1;

-- name: subscribers-due
-- Who has something due and is free, those due longest first. Of two alerts of one subscriber both are listed.
SELECT p.id
  FROM subscriptions s JOIN subscribers p ON p.id = s.subscriber_id
 WHERE s.state = 'confirmed' AND s.due_at_ms IS NOT NULL AND s.due_at_ms <= :due_by_ms AND p.lease_until_ms <= :now_ms
 ORDER BY s.due_at_ms, s.id
 LIMIT :limit;
