-- name: start-run
INSERT INTO digest_runs (cutoff, due_by_ms, started_ms, active_ms) VALUES (:cutoff, :due_by_ms, :started_ms, :started_ms) RETURNING id;

-- name: count-run
-- Adds what one committed page built.
UPDATE digest_runs
   SET subscribers = subscribers + :subscribers, subscriptions = subscriptions + :subscriptions, envelopes = envelopes + :envelopes,
       empty = empty + :empty, postings = postings + :postings, folded = folded + :folded, counted = counted + :counted,
       deferred = deferred + :deferred, active_ms = :active_ms,
       after_position = CASE WHEN after_position = 0 OR :after_position < after_position THEN :after_position ELSE after_position END
 WHERE id = :id;

-- name: finish-run
UPDATE digest_runs SET finished_ms = :finished_ms, stopped_by = :stopped_by WHERE id = :id;

-- name: close-crashed-runs
-- Runs of processes that died: nothing recorded for so long that no pass can still be under way.
UPDATE digest_runs SET finished_ms = active_ms, stopped_by = 'crash' WHERE finished_ms IS NULL AND active_ms < :before_ms;

-- name: list-runs
SELECT id, cutoff, due_by_ms, started_ms, active_ms, finished_ms, stopped_by, after_position, subscribers, subscriptions, envelopes, empty,
       postings, folded, counted, deferred
  FROM digest_runs
 WHERE (id < :before OR :before = 0)
 ORDER BY id DESC
 LIMIT :page;

-- name: run-by-id
SELECT id, cutoff, due_by_ms, started_ms, active_ms, finished_ms, stopped_by, after_position, subscribers, subscriptions, envelopes, empty,
       postings, folded, counted, deferred
  FROM digest_runs
 WHERE id = :id;

-- name: latest-digests
-- Each subscriber's last digest, with its content if it put anything off. Numbers of the digest before ascend with
-- the digests, so the last one has the highest.
SELECT d.id, d.subscriber_id, CASE WHEN d.deferred = :nothing THEN '' ELSE d.content END AS content
  FROM digests d
 WHERE d.subscriber_id IN (:subscribers)
   AND d.after_id = (SELECT MAX(l.after_id) FROM digests l WHERE l.subscriber_id = d.subscriber_id)
 ORDER BY d.subscriber_id;

-- name: earlier-digests
-- Everything the subscribers got within retention, to keep a posting from coming twice.
SELECT id, subscriber_id, delivered, counted
  FROM digests
 WHERE subscriber_id IN (:subscribers)
 ORDER BY subscriber_id, after_id;

-- name: folding-digests
-- What those of the subscribers' digests show that fold postings; deferred ones may be among them.
SELECT id, subscriber_id, content
  FROM digests
 WHERE subscriber_id IN (:subscribers) AND content LIKE '%"twins"%'
 ORDER BY subscriber_id, after_id;

-- name: digests-of-subscriber
SELECT id, run_id, subscriber_id, after_id, created_ms, subscriptions, delivered, deferred, counted, content
  FROM digests
 WHERE subscriber_id = :subscriber_id
 ORDER BY after_id DESC
 LIMIT :page;

-- name: purge-digests
-- Retention; a subscriber's last digest stays, since it carries what was deferred.
DELETE FROM digests
 WHERE id IN (SELECT d.id FROM digests d
               WHERE d.created_ms < :before_ms
                 AND d.after_id < (SELECT MAX(l.after_id) FROM digests l WHERE l.subscriber_id = d.subscriber_id)
               ORDER BY d.id
               LIMIT :page);

-- name: put-separations
INSERT INTO separations (subscriber_id, low, high, at_ms) VALUES (:subscriber_id, :low, :high, :at_ms)
ON CONFLICT (subscriber_id, low, high) DO NOTHING;

-- name: separations-of
SELECT subscriber_id, low, high, at_ms FROM separations WHERE subscriber_id IN (:subscribers) ORDER BY subscriber_id, low, high;

-- name: purge-separations
-- Postings do not outlive their retention, nor does what was said of them.
DELETE FROM separations
 WHERE (subscriber_id, low, high) IN (SELECT subscriber_id, low, high FROM separations WHERE at_ms < :before_ms ORDER BY at_ms LIMIT :page);

-- name: digests-after
-- Digests in the order of their numbers, for counting what alerts have shown.
SELECT id, created_ms, content FROM digests WHERE id > :after ORDER BY id LIMIT :page;

-- name: count-shown
-- Adds what digests showed of alerts.
INSERT INTO vitals (subscription_id, position, heard_ms, mails, postings) VALUES (:subscription_id, 0, :heard_ms, :mails, :postings)
ON CONFLICT (subscription_id) DO UPDATE
   SET heard_ms = CASE WHEN excluded.heard_ms > vitals.heard_ms THEN excluded.heard_ms ELSE vitals.heard_ms END,
       mails = vitals.mails + excluded.mails, postings = vitals.postings + excluded.postings;

-- name: see-change
-- Silence begins anew when an alert is changed, paused or resumed.
INSERT INTO vitals (subscription_id, position, heard_ms, mails, postings) VALUES (:subscription_id, :position, :heard_ms, 0, 0)
ON CONFLICT (subscription_id) DO UPDATE SET position = excluded.position, heard_ms = excluded.heard_ms;

-- name: count-anew
UPDATE vitals SET mails = 0, postings = 0 WHERE subscription_id = :subscription_id;

-- name: vitals-of
SELECT subscription_id, position, heard_ms, mails, postings FROM vitals WHERE subscription_id IN (:ids) ORDER BY subscription_id;

-- name: told-of
SELECT subscription_id, finding, told_ms FROM checkups WHERE subscription_id IN (:ids) ORDER BY subscription_id, finding;

-- name: told-whom
-- When each of some people was last told anything.
SELECT subscriber_id, MAX(told_ms) AS told_ms FROM checkups WHERE subscriber_id IN (:subscribers) GROUP BY subscriber_id ORDER BY subscriber_id;

-- name: vitals-after
SELECT subscription_id FROM vitals WHERE subscription_id > :after ORDER BY subscription_id LIMIT :page;

-- name: checkups-after
SELECT DISTINCT subscription_id FROM checkups WHERE subscription_id > :after ORDER BY subscription_id LIMIT :page;

-- name: purge-vitals
DELETE FROM vitals WHERE subscription_id IN (:ids);

-- name: purge-checkups
DELETE FROM checkups WHERE subscription_id IN (:ids);

-- name: tell
-- Only one replica tells: the row moves from what was seen.
INSERT INTO checkups (subscription_id, finding, told_ms, subscriber_id) VALUES (:subscription_id, :finding, :told_ms, :subscriber_id)
ON CONFLICT (subscription_id, finding) DO UPDATE SET told_ms = excluded.told_ms
 WHERE checkups.told_ms = :seen_ms;

-- name: start-follower
INSERT INTO followers (name, position) VALUES (:name, 0) ON CONFLICT (name) DO NOTHING;

-- name: follower-position
SELECT position FROM followers WHERE name = :name;

-- name: move-follower
-- Only one replica moves it from where it was seen. The row stays locked until the transaction ends, which
-- keeps a digest's page and the follower apart.
UPDATE followers SET position = :position WHERE name = :name AND position = :seen;
