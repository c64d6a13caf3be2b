-- name: put-digest
-- Given as rows. One that was built on a history that has grown since is not recorded, and not returned.
INSERT INTO digests (run_id, subscriber_id, after_id, created_ms, subscriptions, delivered, deferred, counted, content)
VALUES (:run_id, :subscriber_id, :after_id, :created_ms, :subscriptions, :delivered, :deferred, :counted, :content)
ON CONFLICT DO NOTHING
RETURNING subscriber_id;

-- name: digests-by-envelope
-- The digests of some envelopes, given as a list of pairs. The bitmaps are for building; a mail needs the content.
SELECT d.id, d.run_id, d.subscriber_id, d.after_id, d.created_ms, d.content
  FROM json_each(:pairs) AS w
  JOIN digests d ON d.run_id = w.value ->> '$[0]' AND d.subscriber_id = w.value ->> '$[1]';

-- name: digests-created
SELECT id, created_ms FROM digests WHERE id IN (SELECT value FROM json_each(:ids));

-- name: digests-with-twins
-- What those of some digests show that fold postings; deferred ones may be among them.
SELECT subscriber_id, content FROM digests WHERE id IN (SELECT value FROM json_each(:ids)) AND content LIKE '%"twins"%';

-- name: delivered-before
-- What subscribers got before a place in the chain of their digests, latest first.
SELECT id, subscriber_id, before_id, delivered
  FROM (SELECT d.id, d.subscriber_id, w.value ->> '$[1]' AS before_id, d.after_id, d.delivered,
               ROW_NUMBER() OVER (PARTITION BY w.value ->> '$[0]', w.value ->> '$[1]' ORDER BY d.after_id DESC) AS place
          FROM json_each(:pairs) AS w
          JOIN digests d ON d.subscriber_id = w.value ->> '$[0]' AND d.after_id < w.value ->> '$[1]') AS earlier
 WHERE place <= :page
 ORDER BY subscriber_id, before_id, after_id DESC;
