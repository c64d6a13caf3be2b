-- name: put-digest
-- Given as columns, of one run. One that was built on a history that has grown since is not recorded, and not returned.
INSERT INTO digests (run_id, subscriber_id, after_id, created_ms, subscriptions, delivered, deferred, counted, content)
SELECT :run_id, r.subscriber_id, r.after_id, :created_ms, r.subscriptions, r.delivered, r.deferred, r.counted, r.content
  FROM unnest(CAST(:subscribers AS BIGINT[]), CAST(:afters AS BIGINT[]), CAST(:subscriptions AS TEXT[]), CAST(:delivered AS BYTEA[]),
              CAST(:deferred AS BYTEA[]), CAST(:counted AS BYTEA[]), CAST(:contents AS TEXT[]))
       AS r(subscriber_id, after_id, subscriptions, delivered, deferred, counted, content)
ON CONFLICT DO NOTHING
RETURNING subscriber_id;

-- name: digests-by-envelope
-- The digests of some envelopes. The bitmaps are for building; a mail needs the content.
SELECT d.id, d.run_id, d.subscriber_id, d.after_id, d.created_ms, d.content
  FROM unnest(CAST(:runs AS BIGINT[]), CAST(:subscribers AS BIGINT[])) AS w(run_id, subscriber_id)
  JOIN digests d ON d.run_id = w.run_id AND d.subscriber_id = w.subscriber_id;

-- name: digests-created
SELECT id, created_ms FROM digests WHERE id = ANY(:ids);

-- name: digests-with-twins
-- What those of some digests show that fold postings; deferred ones may be among them.
SELECT subscriber_id, content FROM digests WHERE id = ANY(:ids) AND content LIKE '%"twins"%';

-- name: delivered-before
-- What subscribers got before a place in the chain of their digests, latest first.
SELECT id, subscriber_id, before_id, delivered
  FROM (SELECT d.id, w.subscriber_id, w.after_id AS before_id, d.after_id, d.delivered,
               ROW_NUMBER() OVER (PARTITION BY w.subscriber_id, w.after_id ORDER BY d.after_id DESC) AS place
          FROM unnest(CAST(:subscribers AS BIGINT[]), CAST(:afters AS BIGINT[])) AS w(subscriber_id, after_id)
          JOIN digests d ON d.subscriber_id = w.subscriber_id AND d.after_id < w.after_id) AS earlier
 WHERE place <= :page
 ORDER BY subscriber_id, before_id, after_id DESC;
