-- name: enqueue
-- Adds envelopes, given as rows. An envelope for the same purpose is the same envelope.
INSERT INTO outbox (kind, purpose, priority, subscriber_id, run_id, subscription_id, payload, message_id, state, due_at_ms, created_ms)
VALUES (:kind, :purpose, :priority, :subscriber, NULLIF(:run, 0), NULLIF(:subscription, 0), :payload, :message_id, 'waiting', :due_at_ms, :created_ms)
ON CONFLICT (purpose) DO NOTHING;

-- name: claim
-- Leases the due envelopes of one priority to one relay; a lease that runs out is due again, unless (hold) it may
-- have been on a wire. RETURNING has no order. SQLite has a single writer, so nobody else can pick the same rows.
UPDATE outbox
   SET state = 'claimed', attempts = attempts + 1, lease_until_ms = :lease_until_ms, claimed_by = :claimed_by
 WHERE id IN (SELECT id FROM outbox
               WHERE state <> 'done' AND priority = :priority AND due_at_ms <= :now_ms AND lease_until_ms <= :now_ms
                 AND (:hold = 0 OR state = 'waiting' OR outcome <> 'unknown')
               ORDER BY due_at_ms, id
               LIMIT :batch)
RETURNING id, kind, purpose, subscriber_id, run_id, subscription_id, payload, message_id, state, outcome, attempts, due_at_ms,
          created_ms, done_ms, reply, queue_id;

-- name: finish
-- Records what came of envelopes that this relay holds, given as one JSON array, and returns those it did hold.
UPDATE outbox
   SET state = r.state, outcome = r.outcome, due_at_ms = r.due_at_ms, lease_until_ms = 0, claimed_by = '',
       attempts = r.attempts, reply = r.reply, queue_id = r.queue_id, done_ms = NULLIF(r.done_ms, 0)
  FROM (SELECT value ->> '$.id' AS id, value ->> '$.state' AS state, value ->> '$.outcome' AS outcome,
               value ->> '$.due_at_ms' AS due_at_ms, value ->> '$.attempts' AS attempts, value ->> '$.reply' AS reply,
               value ->> '$.queue_id' AS queue_id, value ->> '$.done_ms' AS done_ms
          FROM json_each(:results)) AS r
 WHERE outbox.id = r.id AND outbox.state = 'claimed' AND outbox.claimed_by = :claimed_by
RETURNING id;
