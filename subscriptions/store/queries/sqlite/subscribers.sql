-- name: subscribers-lease
-- Leases subscribers who have something due to one builder. In order of due time, which is the index's, so that a
-- page costs what it holds and not what is due in all; of two alerts of one subscriber the second counts for nothing.
UPDATE subscribers
   SET lease_until_ms = :lease_until_ms, leased_by = :leased_by
 WHERE id IN (SELECT s.subscriber_id
                FROM subscriptions s JOIN subscribers p ON p.id = s.subscriber_id
               WHERE s.state = 'confirmed' AND s.due_at_ms IS NOT NULL AND s.due_at_ms <= :due_by_ms AND p.lease_until_ms <= :now_ms
               ORDER BY s.due_at_ms, s.id
               LIMIT :limit)
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
