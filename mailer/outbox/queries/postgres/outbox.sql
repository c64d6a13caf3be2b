-- name: enqueue
-- Adds envelopes, given as columns. An envelope for the same purpose is the same envelope.
INSERT INTO outbox (kind, purpose, priority, subscriber_id, run_id, subscription_id, payload, message_id, state, due_at_ms, created_ms)
SELECT r.kind, r.purpose, r.priority, r.subscriber_id, NULLIF(r.run_id, 0), NULLIF(r.subscription_id, 0), r.payload, r.message_id, 'waiting',
       r.due_at_ms, r.created_ms
  FROM unnest(CAST(:kinds AS TEXT[]), CAST(:purposes AS TEXT[]), CAST(:priorities AS BIGINT[]), CAST(:subscribers AS BIGINT[]),
              CAST(:runs AS BIGINT[]), CAST(:subscriptions AS BIGINT[]), CAST(:payloads AS TEXT[]), CAST(:message_ids AS TEXT[]),
              CAST(:due AS BIGINT[]), CAST(:created AS BIGINT[]))
       AS r(kind, purpose, priority, subscriber_id, run_id, subscription_id, payload, message_id, due_at_ms, created_ms)
ON CONFLICT (purpose) DO NOTHING;

-- name: claim
-- As on SQLite, but rows that another relay is claiming at this moment are passed over. The CTE is
-- materialized so that the planner cannot run the locking SELECT more than once.
WITH due AS MATERIALIZED (
    SELECT id FROM outbox
     WHERE state <> 'done' AND priority = :priority AND due_at_ms <= :now_ms AND lease_until_ms <= :now_ms
       AND (:hold = 0 OR state = 'waiting' OR outcome <> 'unknown')
     ORDER BY due_at_ms, id
     LIMIT :batch
       FOR UPDATE SKIP LOCKED
)
UPDATE outbox
   SET state = 'claimed', attempts = attempts + 1, lease_until_ms = :lease_until_ms, claimed_by = :claimed_by
 WHERE id IN (SELECT id FROM due)
RETURNING id, kind, purpose, subscriber_id, run_id, subscription_id, payload, message_id, state, outcome, attempts, due_at_ms,
          created_ms, done_ms, reply, queue_id;

-- name: finish
-- Records what came of envelopes that this relay holds, given as columns, and returns those it did hold.
UPDATE outbox
   SET state = r.state, outcome = r.outcome, due_at_ms = r.due_at_ms, lease_until_ms = 0, claimed_by = '',
       attempts = r.attempts, reply = r.reply, queue_id = r.queue_id, done_ms = NULLIF(r.done_ms, 0)
  FROM unnest(CAST(:ids AS BIGINT[]), CAST(:states AS TEXT[]), CAST(:outcomes AS TEXT[]), CAST(:due AS BIGINT[]),
              CAST(:attempts AS BIGINT[]), CAST(:replies AS TEXT[]), CAST(:queue_ids AS TEXT[]), CAST(:done AS BIGINT[]))
       AS r(id, state, outcome, due_at_ms, attempts, reply, queue_id, done_ms)
 WHERE outbox.id = r.id AND outbox.state = 'claimed' AND outbox.claimed_by = :claimed_by
RETURNING outbox.id;
