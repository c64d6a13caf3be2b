-- name: dismissal-put
-- She does not want to see this posting again. Said twice it is said once.
INSERT INTO dismissals (subscriber_id, posting, at_ms)
VALUES (:subscriber_id, :posting, :at_ms)
ON CONFLICT (subscriber_id, posting) DO NOTHING;

-- name: dismissal-drop
-- She does after all.
DELETE FROM dismissals WHERE subscriber_id = :subscriber_id AND posting = :posting;

-- name: dismissals-of
-- What these subscribers do not want to see again.
SELECT subscriber_id, posting, at_ms
  FROM dismissals
 WHERE subscriber_id IN (:subscribers)
 ORDER BY subscriber_id, posting;

-- name: dismissals-erase
-- Everything she dismissed.
DELETE FROM dismissals WHERE subscriber_id = :subscriber_id;

-- name: dismissals-purge
-- Those of postings that have long gone.
DELETE FROM dismissals WHERE at_ms < :before_ms;
