-- name: unlog-matches
-- A posting that meets nobody any more.
DELETE FROM match_log WHERE position IN (:positions);

-- name: cover-analysis
-- The log is made with the analysis in force throughout, unless another came into force meanwhile.
UPDATE analysis SET position = 0 WHERE id = 1 AND hash = :hash AND position = :position;

-- name: matches-between
-- The log of a window (after, through], in order, a page at a time.
SELECT position, posting, subscriptions
  FROM match_log
 WHERE position > :after AND position <= :through
 ORDER BY position
 LIMIT :page;

-- name: logged-since
-- The log is whole after this position; nothing was ever purged where there is no row.
SELECT COALESCE(MAX(position), 0) FROM match_log_start;

-- name: move-log-start
INSERT INTO match_log_start (id, position) VALUES (1, :position)
ON CONFLICT (id) DO UPDATE SET position = excluded.position
 WHERE match_log_start.position < excluded.position;

-- name: purge-matches
DELETE FROM match_log
 WHERE position IN (SELECT position FROM match_log WHERE position <= :before ORDER BY position LIMIT :page);

-- name: position-before
-- The highest position of a posting stored before a time, so that retention can turn days into a position.
SELECT COALESCE(MAX(position), 0) FROM postings WHERE changed_ms < :before_ms;

-- name: analysis-in-force
SELECT hash, position FROM analysis WHERE id = 1;

-- name: set-analysis
INSERT INTO analysis (id, hash, position, changed_ms) VALUES (1, :hash, :position, :changed_ms)
ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, position = excluded.position, changed_ms = excluded.changed_ms;
