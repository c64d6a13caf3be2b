-- name: subscription-get
-- One subscription, whatever its state.
SELECT id, subscriber_id, criteria, label, frequency, hour, weekday, timezone, max_postings, overflow, state, ended_reason,
       position, logged_from, delivered_through, due_at_ms, last_local_date, paused_until_ms, on_return, created_ms, confirmed_ms, ended_ms
  FROM subscriptions
 WHERE id = :id;

-- name: subscriptions-of
-- All of one subscriber's subscriptions, oldest first. She has few: ended ones count towards nothing else.
SELECT id, subscriber_id, criteria, label, frequency, hour, weekday, timezone, max_postings, overflow, state, ended_reason,
       position, logged_from, delivered_through, due_at_ms, last_local_date, paused_until_ms, on_return, created_ms, confirmed_ms, ended_ms
  FROM subscriptions
 WHERE subscriber_id = :subscriber_id
 ORDER BY id;

-- name: subscriptions-page
-- Subscriptions by number, a page at a time, for lists and exports.
SELECT id, subscriber_id, criteria, label, frequency, hour, weekday, timezone, max_postings, overflow, state, ended_reason,
       position, logged_from, delivered_through, due_at_ms, last_local_date, paused_until_ms, on_return, created_ms, confirmed_ms, ended_ms
  FROM subscriptions
 WHERE id > :after
 ORDER BY id
 LIMIT :limit;

-- name: subscriptions-kept
-- Those that have not ended before a time; an ended one may still be taken up again.
SELECT id FROM subscriptions WHERE id IN (:ids) AND (state <> 'ended' OR ended_ms >= :before_ms) ORDER BY id;

-- name: criteria-standing
-- What the index holds: everything confirmed, paused included, a page at a time.
SELECT id, position, state, criteria
  FROM subscriptions
 WHERE id > :after AND state IN ('confirmed', 'paused')
 ORDER BY id
 LIMIT :limit;

-- name: criteria-about
-- What two partial indexes tell: counting the others that stand would read every row.
SELECT (SELECT COUNT(*) FROM subscriptions WHERE state = 'confirmed' AND due_at_ms IS NOT NULL)
     + (SELECT COUNT(*) FROM subscriptions WHERE state = 'paused');

-- name: criteria-changes
-- What changed after a position, up to the position of the row that fills the page: a page may run over, but
-- cuts no position in two. Unconfirmed ones are at position 0.
SELECT id, position, state, criteria
  FROM subscriptions
 WHERE position > :after
   AND position <= COALESCE((SELECT position FROM subscriptions
                              WHERE position > :after
                              ORDER BY position
                              LIMIT 1 OFFSET :before_last), 9223372036854775807)
 ORDER BY position, id;

-- name: instant-changes
-- The same for the follower that wakes instant subscriptions.
SELECT id, position, state, frequency
  FROM subscriptions
 WHERE position > :after
   AND position <= COALESCE((SELECT position FROM subscriptions
                              WHERE position > :after
                              ORDER BY position
                              LIMIT 1 OFFSET :before_last), 9223372036854775807)
 ORDER BY position, id;

-- name: subscription-insert
-- One new subscription, unconfirmed or (added by a subscriber whose address is proved) confirmed.
INSERT INTO subscriptions (subscriber_id, criteria, label, frequency, hour, weekday, timezone, max_postings, overflow,
                           state, position, logged_from, delivered_through, due_at_ms, created_ms, confirmed_ms)
VALUES (:subscriber_id, :criteria, :label, :frequency, :hour, :weekday, :timezone, :max_postings, :overflow,
        :state, :position, :position, :position, :due_at_ms, :created_ms, :confirmed_ms)
RETURNING id;

-- name: subscriptions-import
-- Many at once, under numbers reserved before.
INSERT INTO subscriptions (id, subscriber_id, criteria, label, frequency, hour, weekday, timezone, max_postings, overflow,
                           state, position, logged_from, delivered_through, due_at_ms, created_ms, confirmed_ms)
VALUES (:id, :subscriber_id, :criteria, :label, :frequency, :hour, :weekday, :timezone, :max_postings, :overflow,
        :state, :position, :position, :position, :due_at_ms, :created_ms, :confirmed_ms);

-- name: subscription-wish-again
-- The same sign-up once more, not yet confirmed: how often is what she said last.
UPDATE subscriptions
   SET label = :label, frequency = :frequency, hour = :hour, weekday = :weekday, timezone = :timezone,
       max_postings = :max_postings, overflow = :overflow
 WHERE id = :id AND state = 'unconfirmed';

-- name: subscription-confirm
-- From here on it stands. Nothing published before counts, so all three positions are its own.
UPDATE subscriptions
   SET state = 'confirmed', position = :position, logged_from = :position, delivered_through = :position,
       due_at_ms = :due_at_ms, confirmed_ms = :now_ms
 WHERE id = :id AND state = 'unconfirmed';

-- name: subscription-edit
-- New wishes. The match log covers changed criteria from here; what was delivered stays delivered.
UPDATE subscriptions
   SET criteria = :criteria, label = :label, frequency = :frequency, hour = :hour, weekday = :weekday, timezone = :timezone,
       max_postings = :max_postings, overflow = :overflow, position = :position, logged_from = :logged_from, due_at_ms = :due_at_ms
 WHERE id = :id AND state IN ('confirmed', 'paused');

-- name: subscription-pause
-- It stays in the index and gets no mail. A pause under way can be given another end.
UPDATE subscriptions
   SET state = 'paused', position = :position, due_at_ms = NULL, paused_until_ms = :paused_until_ms, on_return = :on_return
 WHERE id = :id AND state IN ('confirmed', 'paused');

-- name: subscription-resume
-- The log covered it throughout, so logged_from stays; a fresh start moves delivered_through.
UPDATE subscriptions
   SET state = 'confirmed', position = :position, delivered_through = :delivered_through, due_at_ms = :due_at_ms,
       paused_until_ms = NULL, on_return = :on_return
 WHERE id = :id AND state = 'paused';

-- name: subscription-end
-- It leaves the index.
UPDATE subscriptions
   SET state = 'ended', ended_reason = :reason, position = :position, due_at_ms = NULL, paused_until_ms = NULL, ended_ms = :now_ms
 WHERE id = :id AND state IN ('confirmed', 'paused');

-- name: subscription-undo
-- Back again: the index did not hold it meanwhile, so the log covers it from here and the rest is searched.
UPDATE subscriptions
   SET state = 'confirmed', ended_reason = '', position = :position, logged_from = :position, due_at_ms = :due_at_ms,
       on_return = 'catch-up', ended_ms = NULL
 WHERE id = :id AND state = 'ended' AND confirmed_ms IS NOT NULL;

-- name: subscription-erase
-- The number stays, since the match log names it; nothing personal does.
UPDATE subscriptions
   SET criteria = '{}', label = '', timezone = 'UTC', hour = 0, weekday = 0, last_local_date = '',
       state = 'ended', ended_reason = 'erased', position = :position, due_at_ms = NULL, paused_until_ms = NULL,
       ended_ms = COALESCE(ended_ms, :now_ms)
 WHERE id = :id;

-- name: subscriptions-drop-unconfirmed
-- What a subscriber never confirmed needs no end: it never began.
DELETE FROM subscriptions
 WHERE subscriber_id = :subscriber_id AND state = 'unconfirmed';

-- name: subscriptions-purge-unconfirmed
-- Sign-ups whose link has expired, some at a time.
DELETE FROM subscriptions
 WHERE id IN (SELECT id FROM subscriptions
               WHERE state = 'unconfirmed' AND created_ms < :before_ms
               ORDER BY id
               LIMIT :limit)
   AND state = 'unconfirmed'
RETURNING subscriber_id;

-- name: pauses-ended
-- Paused subscriptions whose time has come.
SELECT id
  FROM subscriptions
 WHERE state = 'paused' AND paused_until_ms <= :now_ms
 ORDER BY id
 LIMIT :limit;
