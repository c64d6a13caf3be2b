-- name: start-run
INSERT INTO digest_runs (cutoff, due_by_ms, started_ms) VALUES (:cutoff, :due_by_ms, :started_ms) RETURNING id;

-- name: count-run
-- Adds what one committed page built.
UPDATE digest_runs
   SET subscribers = subscribers + :subscribers, subscriptions = subscriptions + :subscriptions, envelopes = envelopes + :envelopes,
       empty = empty + :empty, postings = postings + :postings
 WHERE id = :id;

-- name: finish-run
UPDATE digest_runs SET finished_ms = :finished_ms, stopped_by = :stopped_by WHERE id = :id;

-- name: list-runs
SELECT id, cutoff, due_by_ms, started_ms, finished_ms, stopped_by, subscribers, subscriptions, envelopes, empty, postings
  FROM digest_runs
 WHERE (id < :before OR :before = 0)
 ORDER BY id DESC
 LIMIT :page;

-- name: run-by-id
SELECT id, cutoff, due_by_ms, started_ms, finished_ms, stopped_by, subscribers, subscriptions, envelopes, empty, postings
  FROM digest_runs
 WHERE id = :id;

-- name: put-digest
INSERT INTO digests (run_id, subscriber_id, created_ms, subscriptions, delivered, deferred, counted, content)
VALUES (:run_id, :subscriber_id, :created_ms, :subscriptions, :delivered, :deferred, :counted, :content);

-- name: latest-digests
-- Each subscriber's last digest, which carries what was deferred.
SELECT id, run_id, subscriber_id, created_ms, subscriptions, delivered, deferred, counted, content
  FROM digests
 WHERE id IN (SELECT MAX(id) FROM digests WHERE subscriber_id IN (:subscribers) GROUP BY subscriber_id)
 ORDER BY subscriber_id;

-- name: earlier-digests
-- Everything the subscribers got within retention, to keep a posting from coming twice.
SELECT subscriber_id, delivered, counted
  FROM digests
 WHERE subscriber_id IN (:subscribers)
 ORDER BY subscriber_id, id;

-- name: digest-by-envelope
SELECT id, run_id, subscriber_id, created_ms, subscriptions, delivered, deferred, counted, content
  FROM digests
 WHERE run_id = :run_id AND subscriber_id = :subscriber_id;

-- name: digests-of-subscriber
SELECT id, run_id, subscriber_id, created_ms, subscriptions, delivered, deferred, counted, content
  FROM digests
 WHERE subscriber_id = :subscriber_id
 ORDER BY id DESC
 LIMIT :page;

-- name: purge-digests
-- Retention; a subscriber's last digest stays, since it carries what was deferred.
DELETE FROM digests
 WHERE id IN (SELECT d.id FROM digests d
               WHERE d.created_ms < :before_ms
                 AND d.id < (SELECT MAX(l.id) FROM digests l WHERE l.subscriber_id = d.subscriber_id)
               ORDER BY d.id
               LIMIT :page);

-- name: start-follower
INSERT INTO followers (name, position) VALUES (:name, :position) ON CONFLICT (name) DO NOTHING;

-- name: follower-position
SELECT position FROM followers WHERE name = :name;

-- name: move-follower
-- Only one replica moves it from where it was seen. The row stays locked until the transaction ends, which
-- keeps a digest's page and the follower apart.
UPDATE followers SET position = :position WHERE name = :name AND position = :seen;
