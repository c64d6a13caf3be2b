-- name: claim
-- Leases the most urgent due envelopes to one relay; a lease that runs out is due again. RETURNING has no
-- order. SQLite has a single writer, so nobody else can pick the same rows.
UPDATE outbox
   SET state = 'claimed', attempts = attempts + 1, lease_until_ms = :lease_until_ms, claimed_by = :claimed_by
 WHERE id IN (SELECT id FROM outbox
               WHERE state <> 'done' AND due_at_ms <= :now_ms AND lease_until_ms <= :now_ms
               ORDER BY priority, due_at_ms, id
               LIMIT :batch)
RETURNING id, kind, purpose, subscriber_id, run_id, subscription_id, payload, message_id, state, outcome, attempts, due_at_ms,
          created_ms, done_ms, reply, queue_id;
