-- name: subscriptions-hold
-- Those about to be changed, by a transaction that holds the clock. The one writer needs no lock.
SELECT id, subscriber_id, criteria, label, frequency, hour, weekday, timezone, max_postings, overflow, state, ended_reason,
       position, logged_from, delivered_through, due_at_ms, last_local_date, paused_until_ms, on_return, created_ms, confirmed_ms, ended_ms
  FROM subscriptions
 WHERE id IN (SELECT value FROM json_each(:ids))
 ORDER BY id;

-- name: subscriptions-confirmed
-- Those of these that are confirmed.
SELECT id, subscriber_id, criteria, label, frequency, hour, weekday, timezone, max_postings, overflow, state, ended_reason,
       position, logged_from, delivered_through, due_at_ms, last_local_date, paused_until_ms, on_return, created_ms, confirmed_ms, ended_ms
  FROM subscriptions
 WHERE id IN (SELECT value FROM json_each(:ids)) AND state = 'confirmed'
 ORDER BY id;

-- name: subscriptions-due
-- What a mail to these subscribers is about: due by then, and instant ones with anything waiting. SQLite takes the
-- list as JSON, PostgreSQL as an array; a page of subscribers is longer than a statement may have parameters.
SELECT id, subscriber_id, criteria, frequency, hour, weekday, timezone, max_postings, overflow, position, logged_from, delivered_through,
       due_at_ms, last_local_date, on_return
  FROM subscriptions
 WHERE subscriber_id IN (SELECT value FROM json_each(:subscribers))
   AND state = 'confirmed' AND due_at_ms IS NOT NULL AND (due_at_ms <= :due_by_ms OR frequency = 'instant')
 ORDER BY subscriber_id, id;

-- name: subscriptions-advance
-- Past a digest's window, for each row that is as the digest saw it.
UPDATE subscriptions
   SET delivered_through = a.through, due_at_ms = NULLIF(a.due, 0), last_local_date = a.served, on_return = 'catch-up'
  FROM (SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS through, json_extract(value, '$[2]') AS due,
               json_extract(value, '$[3]') AS served, json_extract(value, '$[4]') AS seen_through, json_extract(value, '$[5]') AS seen_position
          FROM json_each(:rows)) AS a
 WHERE subscriptions.id = a.id AND state = 'confirmed' AND delivered_through = a.seen_through AND position = a.seen_position
RETURNING id;

-- name: subscriptions-wake
-- Instant ones with nothing waiting, for which the match log has a row just after :before.
UPDATE subscriptions
   SET due_at_ms = :due_at_ms, delivered_through = :before
 WHERE id IN (SELECT value FROM json_each(:ids))
   AND state = 'confirmed' AND frequency = 'instant' AND due_at_ms IS NULL AND delivered_through <= :before;

-- name: subscription-numbers
-- The next numbers, for rows inserted under their own. SQLite's writer is alone, and inserting moves the sequence.
SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'subscriptions'), 0) + 1 + value AS id
  FROM (SELECT key AS value FROM json_each(:slots))
 ORDER BY id;

-- name: subscriptions-known
-- What these subscribers have or have asked for, so that an import repeats nothing.
SELECT subscriber_id, criteria
  FROM subscriptions
 WHERE subscriber_id IN (SELECT value FROM json_each(:subscribers)) AND state <> 'ended';

-- name: subscribers-with-several
-- Of these, those who have, or had, more than one subscription.
SELECT subscriber_id
  FROM subscriptions
 WHERE subscriber_id IN (SELECT value FROM json_each(:subscribers)) AND confirmed_ms IS NOT NULL
 GROUP BY subscriber_id
HAVING COUNT(*) > 1
 ORDER BY subscriber_id;
