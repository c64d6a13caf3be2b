-- name: claim
-- As on SQLite, but rows that another relay is claiming at this moment are passed over. The CTE is
-- materialized so that the planner cannot run the locking SELECT more than once.
WITH due AS MATERIALIZED (
    SELECT id FROM outbox
     WHERE state <> 'done' AND due_at_ms <= :now_ms AND lease_until_ms <= :now_ms
     ORDER BY priority, due_at_ms, id
     LIMIT :batch
       FOR UPDATE SKIP LOCKED
)
UPDATE outbox
   SET state = 'claimed', attempts = attempts + 1, lease_until_ms = :lease_until_ms, claimed_by = :claimed_by
 WHERE id IN (SELECT id FROM due)
RETURNING id, kind, purpose, subscriber_id, run_id, subscription_id, payload, message_id, state, outcome, attempts, due_at_ms,
          created_ms, done_ms, reply, queue_id;
