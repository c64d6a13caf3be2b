-- name: subscriptions-hold
-- Those about to be changed, locked in ascending order against digests that advance them.
SELECT id, subscriber_id, criteria, label, frequency, hour, weekday, timezone, max_postings, overflow, state, ended_reason,
       position, logged_from, delivered_through, due_at_ms, last_local_date, paused_until_ms, on_return, created_ms, confirmed_ms, ended_ms
  FROM subscriptions
 WHERE id = ANY(:ids)
 ORDER BY id
   FOR NO KEY UPDATE;

-- name: subscriptions-confirmed
-- Those of these that are confirmed.
SELECT id, subscriber_id, criteria, label, frequency, hour, weekday, timezone, max_postings, overflow, state, ended_reason,
       position, logged_from, delivered_through, due_at_ms, last_local_date, paused_until_ms, on_return, created_ms, confirmed_ms, ended_ms
  FROM subscriptions
 WHERE id = ANY(:ids) AND state = 'confirmed'
 ORDER BY id;

-- name: subscriptions-due
-- What a mail to these subscribers is about: due by then, and instant ones with anything waiting.
SELECT id, subscriber_id, criteria, frequency, hour, weekday, timezone, max_postings, overflow, position, logged_from, delivered_through,
       due_at_ms, last_local_date, on_return
  FROM subscriptions
 WHERE subscriber_id = ANY(:subscribers)
   AND state = 'confirmed' AND due_at_ms IS NOT NULL AND (due_at_ms <= :due_by_ms OR frequency = 'instant')
 ORDER BY subscriber_id, id;

-- name: subscriptions-advance
-- Past a digest's window, for each row that is as the digest saw it. The ids ascend, and so do the locks, row by row of
-- the array: locking in a statement of its own first took a third more time. Should a plan ever do otherwise and meet
-- another's locks, one of the two transactions is told of the deadlock and begins again.
UPDATE subscriptions s
   SET delivered_through = a.through, due_at_ms = NULLIF(a.due, 0), last_local_date = a.served, on_return = 'catch-up'
  FROM unnest(CAST(:ids AS BIGINT[]), CAST(:through AS BIGINT[]), CAST(:due AS BIGINT[]), CAST(:served AS TEXT[]),
              CAST(:seen_through AS BIGINT[]), CAST(:seen_position AS BIGINT[])) AS a (id, through, due, served, seen_through, seen_position)
 WHERE s.id = a.id AND s.state = 'confirmed' AND s.delivered_through = a.seen_through AND s.position = a.seen_position
RETURNING s.id;

-- name: subscriptions-wake
-- Instant ones with nothing waiting, for which the match log has a row just after :before.
UPDATE subscriptions
   SET due_at_ms = :due_at_ms, delivered_through = :before
 WHERE id IN (SELECT id FROM subscriptions
               WHERE id = ANY(:ids) AND state = 'confirmed' AND frequency = 'instant' AND due_at_ms IS NULL
               ORDER BY id FOR NO KEY UPDATE)
   AND state = 'confirmed' AND frequency = 'instant' AND due_at_ms IS NULL AND delivered_through <= :before;

-- name: subscription-numbers
-- The next numbers, for rows inserted under their own.
SELECT nextval(pg_get_serial_sequence('subscriptions', 'id')) AS id
  FROM unnest(CAST(:slots AS BIGINT[]));

-- name: subscriptions-known
-- What these subscribers have or have asked for, so that an import repeats nothing.
SELECT subscriber_id, criteria
  FROM subscriptions
 WHERE subscriber_id = ANY(:subscribers) AND state <> 'ended';

-- name: subscribers-with-several
-- Of these, those who have, or had, more than one subscription.
SELECT subscriber_id
  FROM subscriptions
 WHERE subscriber_id = ANY(:subscribers) AND confirmed_ms IS NOT NULL
 GROUP BY subscriber_id
HAVING COUNT(*) > 1
 ORDER BY subscriber_id;
