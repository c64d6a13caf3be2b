-- name: enqueue
-- An envelope for the same purpose is the same envelope.
INSERT INTO outbox (kind, purpose, priority, subscriber_id, run_id, subscription_id, payload, message_id, state, due_at_ms, created_ms)
VALUES (:kind, :purpose, :priority, :subscriber_id, :run_id, :subscription_id, :payload, :message_id, 'waiting', :due_at_ms, :created_ms)
ON CONFLICT (purpose) DO NOTHING;

-- name: finish
-- Records an attempt, or why none was made, for an envelope that this relay holds.
UPDATE outbox
   SET state = :state, outcome = :outcome, due_at_ms = :due_at_ms, lease_until_ms = 0, claimed_by = '',
       attempts = :attempts, reply = :reply, queue_id = :queue_id, done_ms = :done_ms
 WHERE id = :id AND state = 'claimed' AND claimed_by = :claimed_by;

-- name: release
-- Gives back what was claimed and not tried.
UPDATE outbox
   SET state = 'waiting', lease_until_ms = 0, claimed_by = '', attempts = attempts - 1
 WHERE id IN (:ids) AND state = 'claimed' AND claimed_by = :claimed_by;

-- name: reclaim
-- What a relay of this name held when it died is due again: its data folder's lock says that it is dead.
UPDATE outbox
   SET state = 'waiting', lease_until_ms = 0, claimed_by = ''
 WHERE state = 'claimed' AND claimed_by = :claimed_by;

-- name: list
SELECT id, kind, purpose, subscriber_id, run_id, subscription_id, payload, message_id, state, outcome, attempts, due_at_ms,
       created_ms, done_ms, reply, queue_id
  FROM outbox
 WHERE (:state = '' OR state = :state) AND (:outcome = '' OR outcome = :outcome) AND (:run_id = 0 OR run_id = :run_id) AND id > :after
 ORDER BY id
 LIMIT :page;

-- name: retry
-- Makes deferred and unknown envelopes due at once; with all, refused and expired ones too.
UPDATE outbox
   SET state = 'waiting', due_at_ms = :now_ms, done_ms = NULL
 WHERE (state = 'waiting' AND outcome IN ('deferred', 'unknown'))
    OR (:all_of = 1 AND state = 'done' AND outcome IN ('refused', 'expired'));

-- name: tally
-- What became of a run's envelopes.
SELECT state, outcome, COUNT(*) AS n, COALESCE(MIN(due_at_ms), 0) AS next_ms
  FROM outbox
 WHERE run_id = :run_id
 GROUP BY state, outcome
 ORDER BY state, outcome;

-- name: oldest-due
SELECT COALESCE(MIN(due_at_ms), 0) FROM outbox WHERE state <> 'done';

-- name: unfinished
SELECT COUNT(*) FROM outbox WHERE state <> 'done' AND (outcome = '' OR :with_deferred = 1);

-- name: purge-outbox
DELETE FROM outbox
 WHERE id IN (SELECT id FROM outbox WHERE state = 'done' AND done_ms < :before_ms ORDER BY id LIMIT :page);
