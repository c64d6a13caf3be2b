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
