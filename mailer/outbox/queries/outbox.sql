-- name: due-priorities
-- The priorities at which something is due, most urgent first: each a look at the beginning of outbox_due, so
-- that a look at an outbox full of what is due later costs nothing.
SELECT p.priority
  FROM (SELECT 0 AS priority UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3) AS p
 WHERE p.priority < :below
   AND EXISTS (SELECT 1 FROM outbox
                WHERE outbox.state <> 'done' AND outbox.priority = p.priority AND outbox.due_at_ms <= :now_ms
                  AND outbox.lease_until_ms <= :now_ms)
 ORDER BY p.priority;

-- name: begin
-- Marks what may be on the wire from now on, where such envelopes must not go out twice after a crash.
UPDATE outbox SET outcome = 'unknown' WHERE id IN (:ids) AND state = 'claimed' AND claimed_by = :claimed_by;

-- name: renew
-- Lengthens the leases of one relay.
UPDATE outbox SET lease_until_ms = :lease_until_ms WHERE id IN (:ids) AND state = 'claimed' AND claimed_by = :claimed_by
RETURNING id;

-- name: release
-- Gives back what was claimed and not tried; deferred says that it could not be, for lack of a connection.
UPDATE outbox
   SET state = 'waiting', lease_until_ms = 0, claimed_by = '', attempts = attempts - 1,
       outcome = CASE WHEN outcome = '' AND :deferred = 1 THEN 'deferred' ELSE outcome END
 WHERE id IN (:ids) AND state = 'claimed' AND claimed_by = :claimed_by;

-- name: reclaim
-- What a relay of this name held when it died is due again: its data folder's lock says that it is dead. What may
-- have been on its wire waits for an operator where it must not go out twice.
UPDATE outbox
   SET state = 'waiting', lease_until_ms = 0, claimed_by = '',
       due_at_ms = CASE WHEN outcome = 'unknown' AND :hold = 1 THEN :held_until_ms ELSE due_at_ms END
 WHERE state = 'claimed' AND claimed_by = :claimed_by;

-- name: list
SELECT id, kind, purpose, subscriber_id, run_id, subscription_id, payload, message_id, state, outcome, attempts, due_at_ms,
       created_ms, done_ms, reply, queue_id
  FROM outbox
 WHERE (:state = '' OR state = :state) AND (:outcome = '' OR outcome = :outcome) AND (:run_id = 0 OR run_id = :run_id) AND id > :after
 ORDER BY id
 LIMIT :page;

-- name: latest
SELECT id, kind, purpose, subscriber_id, run_id, subscription_id, payload, message_id, state, outcome, attempts, due_at_ms,
       created_ms, done_ms, reply, queue_id
  FROM outbox
 WHERE subscriber_id = :subscriber_id
 ORDER BY id DESC
 LIMIT :page;

-- name: retry
-- Makes deferred and unknown envelopes due at once, those included that a dead relay may have had on its wire. With
-- all, refused and expired ones too; their lifetime begins anew, but for confirmations, whose link does not live on.
UPDATE outbox
   SET state = 'waiting', due_at_ms = :now_ms, done_ms = NULL, claimed_by = '', lease_until_ms = 0,
       created_ms = CASE WHEN state = 'done' AND kind <> 'confirmation' THEN :now_ms ELSE created_ms END
 WHERE (state = 'waiting' AND outcome IN ('deferred', 'unknown'))
    OR (state = 'claimed' AND outcome = 'unknown' AND lease_until_ms <= :now_ms)
    OR (:all_of = 1 AND state = 'done' AND (outcome = 'refused' OR (outcome = 'expired' AND kind <> 'confirmation')));

-- name: tally
-- What became of a run's envelopes.
SELECT state, outcome, COUNT(*) AS n, COALESCE(MIN(due_at_ms), 0) AS next_ms
  FROM outbox
 WHERE run_id = :run_id
 GROUP BY state, outcome
 ORDER BY state, outcome;

-- name: oldest-due
-- The earliest time at which anything unfinished was or is due: one look at outbox_due a priority.
SELECT COALESCE(MIN(first_ms), 0)
  FROM (SELECT (SELECT MIN(due_at_ms) FROM outbox WHERE state <> 'done' AND priority = 0) AS first_ms
        UNION ALL SELECT (SELECT MIN(due_at_ms) FROM outbox WHERE state <> 'done' AND priority = 1)
        UNION ALL SELECT (SELECT MIN(due_at_ms) FROM outbox WHERE state <> 'done' AND priority = 2)
        UNION ALL SELECT (SELECT MIN(due_at_ms) FROM outbox WHERE state <> 'done' AND priority = 3)) AS each;

-- name: putoffs
-- What the server said of those it put off, the next to be tried first: outbox_deferred.
SELECT reply, due_at_ms FROM outbox WHERE state = 'waiting' AND outcome = 'deferred' ORDER BY due_at_ms LIMIT :page;

-- name: unfinished
SELECT COUNT(*) FROM outbox WHERE state <> 'done' AND (outcome = '' OR :with_deferred = 1);

-- name: forget
-- What mails to somebody would say that is hers: addresses, and links made of them.
UPDATE outbox SET payload = '' WHERE subscriber_id = :subscriber_id AND payload <> '';

-- name: purge-outbox
DELETE FROM outbox
 WHERE id IN (SELECT id FROM outbox WHERE state = 'done' AND done_ms < :before_ms ORDER BY id LIMIT :page);
