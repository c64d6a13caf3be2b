-- name: positions-beyond-clock
-- What claims a position that the clock has not handed out.
SELECT 'posting' AS kind, p.number AS number FROM postings p, clock c WHERE p.position > c.position OR p.first_position > p.position
UNION ALL
SELECT 'subscription', s.id FROM subscriptions s, clock c WHERE s.position > c.position OR s.delivered_through > c.position OR s.logged_from > c.position
UNION ALL
SELECT 'match log', l.position FROM match_log l, clock c WHERE l.position > c.position
 LIMIT :page;

-- name: positions-shared
-- A position belongs to one posting, or to one change of subscriptions.
SELECT 'posting' AS kind, MAX(number) AS number FROM postings WHERE position > 0 GROUP BY position HAVING COUNT(*) > 1
UNION ALL
SELECT 'subscription', s.id FROM subscriptions s JOIN postings p ON p.position = s.position WHERE s.position > 0
 LIMIT :page;

-- name: count-positions
SELECT (SELECT COUNT(*) FROM postings) + (SELECT COUNT(*) FROM subscriptions) + (SELECT COUNT(*) FROM match_log) AS n;

-- name: counted-off-digests
-- Digests young enough for their envelopes to be kept.
SELECT COUNT(*) FROM digests WHERE created_ms >= :since_ms;

-- name: digests-without-envelope
-- One statement sees one instant, so a digest that is being recorded is seen with its envelope or not at all.
SELECT d.run_id AS run, d.subscriber_id AS subscriber
  FROM digests d
  LEFT JOIN outbox o ON o.run_id = d.run_id AND o.subscriber_id = d.subscriber_id AND o.kind IN ('digest', 'instant')
 WHERE o.id IS NULL AND d.created_ms >= :since_ms
 ORDER BY d.id
 LIMIT :page;

-- name: envelopes-without-digest
SELECT o.id AS envelope, o.run_id AS run, o.subscriber_id AS subscriber
  FROM outbox o
  LEFT JOIN digests d ON d.run_id = o.run_id AND d.subscriber_id = o.subscriber_id
 WHERE d.id IS NULL AND o.kind IN ('digest', 'instant') AND o.created_ms >= :since_ms
 ORDER BY o.id
 LIMIT :page;

-- name: envelopes-lost
-- Done though nothing final came of them, or claimed by a relay whose lease ran out and never taken over.
SELECT id AS envelope, COALESCE(run_id, 0) AS run, subscriber_id AS subscriber, state
  FROM outbox
 WHERE (state = 'done' AND outcome IN ('', 'deferred', 'unknown'))
    OR (state = 'claimed' AND outcome <> 'unknown' AND lease_until_ms < :stuck_ms)
 ORDER BY id
 LIMIT :page;

-- name: envelopes-waiting
SELECT COUNT(*) AS n, COALESCE(MIN(due_at_ms), 0) AS oldest_ms FROM outbox WHERE state <> 'done' AND due_at_ms <= :now_ms;

-- name: count-envelopes
SELECT COUNT(*) FROM outbox;

-- name: digests-of-range
-- What a range of subscribers got, each in order; with what it shows where that folds postings.
SELECT id, run_id, subscriber_id, subscriptions, delivered, deferred, counted, CASE WHEN content LIKE '%"twins"%' THEN content ELSE '' END AS content
  FROM digests
 WHERE subscriber_id IN (:subscribers)
 ORDER BY subscriber_id, id;

-- name: separations-of-range
SELECT subscriber_id, low, high FROM separations WHERE subscriber_id IN (:subscribers) ORDER BY subscriber_id, low, high;

-- name: forgotten-through
-- Up to here digests may have been purged.
SELECT COALESCE(MAX(cutoff), 0) FROM digest_runs WHERE started_ms < :before_ms;
