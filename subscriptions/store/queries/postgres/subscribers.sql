-- name: subscribers-lease
-- Leases to one builder those of a page who are still due and free, passing over those another is leasing. A row leased
-- since the snapshot fails the condition when it is looked at again under the lock. What is due is looked for among hers:
-- || '' hides the partial index of all that is due, through which a planner without statistics goes for each of the page.
WITH free AS MATERIALIZED (
    SELECT p.id
      FROM subscribers p
     WHERE p.id = ANY(CAST(:subscribers AS BIGINT[])) AND p.lease_until_ms <= :now_ms
       AND EXISTS (SELECT 1 FROM subscriptions s WHERE s.subscriber_id = p.id AND s.state || '' = 'confirmed' AND s.due_at_ms <= :due_by_ms)
       FOR NO KEY UPDATE OF p SKIP LOCKED
)
UPDATE subscribers
   SET lease_until_ms = :lease_until_ms, leased_by = :leased_by
  FROM free
 WHERE subscribers.id = free.id
RETURNING subscribers.id;

-- name: subscribers-release
-- Ends leases, in ascending order: the index is gone through like that.
UPDATE subscribers SET lease_until_ms = 0 WHERE id = ANY(:ids);

-- name: subscribers-get
-- Several subscribers.
SELECT id, email, locale, rotation, created_ms, erased_ms
  FROM subscribers
 WHERE id = ANY(:ids);

-- name: subscribers-by-address
-- Those with one of these addresses.
SELECT id, address_key FROM subscribers WHERE address_key = ANY(:keys);

-- name: subscribers-who-left
-- Of these addresses, those whose owners had subscriptions and ended the last of them.
SELECT address_key FROM subscribers p
 WHERE address_key = ANY(:keys)
   AND EXISTS (SELECT 1 FROM subscriptions s WHERE s.subscriber_id = p.id AND s.state = 'ended')
   AND NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.subscriber_id = p.id AND s.state IN ('confirmed', 'paused'));
