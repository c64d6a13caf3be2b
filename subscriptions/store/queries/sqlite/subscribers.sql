-- name: subscribers-lease
-- Leases to one builder those of a page who are still due and free.
UPDATE subscribers
   SET lease_until_ms = :lease_until_ms, leased_by = :leased_by
 WHERE id IN (SELECT value FROM json_each(:subscribers)) AND lease_until_ms <= :now_ms
   AND EXISTS (SELECT 1 FROM subscriptions s
                WHERE s.subscriber_id = subscribers.id AND s.state = 'confirmed' AND s.due_at_ms <= :due_by_ms)
RETURNING id;

-- name: subscribers-release
-- Ends leases.
UPDATE subscribers SET lease_until_ms = 0 WHERE id IN (SELECT value FROM json_each(:ids));

-- name: subscribers-get
-- Several subscribers.
SELECT id, email, locale, rotation, created_ms, erased_ms
  FROM subscribers
 WHERE id IN (SELECT value FROM json_each(:ids));

-- name: subscribers-by-address
-- Those with one of these addresses.
SELECT id, address_key FROM subscribers WHERE address_key IN (SELECT value FROM json_each(:keys));

-- name: subscribers-who-left
-- Of these addresses, those whose owners had subscriptions and ended the last of them.
SELECT address_key FROM subscribers p
 WHERE address_key IN (SELECT value FROM json_each(:keys))
   AND EXISTS (SELECT 1 FROM subscriptions s WHERE s.subscriber_id = p.id AND s.state = 'ended')
   AND NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.subscriber_id = p.id AND s.state IN ('confirmed', 'paused'));
