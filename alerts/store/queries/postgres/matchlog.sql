-- name: log-matches
-- Records which subscriptions a posting met at the position at which it was stored. Runs under the clock.
INSERT INTO match_log (position, posting, subscriptions)
SELECT position, posting, subscriptions
  FROM unnest(CAST(:positions AS bigint[]), CAST(:postings AS bigint[]), CAST(:bitmaps AS bytea[])) AS m (position, posting, subscriptions);

-- name: relog-matches
-- Replaces what was logged for a posting, after the vocabulary has changed.
INSERT INTO match_log (position, posting, subscriptions)
SELECT position, posting, subscriptions
  FROM unnest(CAST(:positions AS bigint[]), CAST(:postings AS bigint[]), CAST(:bitmaps AS bytea[])) AS m (position, posting, subscriptions)
ON CONFLICT (position) DO UPDATE SET subscriptions = excluded.subscriptions;
