-- name: highest-number
-- Numbers are handed out above it. Retention keeps the highest row, so that none is handed out twice.
-- Not MAX(number): PostgreSQL would look at all of a table that it takes for a small one.
SELECT COALESCE((SELECT number FROM postings ORDER BY number DESC LIMIT 1), 0);

-- name: highest-applied
-- The highest sequence of the given stream that was applied to a posting, or rejected.
SELECT COALESCE(MAX(s), 0)
  FROM (SELECT MAX(stream_sequence) AS s FROM postings WHERE stream_created_ms = :stream_created_ms
         UNION ALL
        SELECT stream_sequence AS s FROM rejected WHERE stream_created_ms = :stream_created_ms) AS judged;

-- name: put-rejected
-- Remembers that a message was rejected, so that a restart need not judge it again.
INSERT INTO rejected (stream_created_ms, stream_sequence) VALUES (:stream_created_ms, :stream_sequence)
ON CONFLICT (stream_created_ms) DO UPDATE SET stream_sequence = excluded.stream_sequence
 WHERE rejected.stream_sequence < excluded.stream_sequence;

-- name: posting-by-number
SELECT number, source, identifier, content_hash, position, first_position, withdrawn, body
  FROM postings
 WHERE number = :number AND body <> '';

-- name: postings-by-number
SELECT number, source, identifier, content_hash, position, first_position, withdrawn, body
  FROM postings
 WHERE number IN (:numbers) AND body <> ''
 ORDER BY number;

-- name: closed-between
-- What ended within a span, and when: withdrawn in it, or expired in it while it stood. Each half has an index.
SELECT number, changed_ms AS at_ms FROM postings WHERE withdrawn AND changed_ms > :since_ms AND changed_ms <= :until_ms
UNION ALL
SELECT number, expires_ms AS at_ms FROM postings WHERE NOT withdrawn AND expires_ms > :since_ms AND expires_ms <= :until_ms;

-- name: posting-by-identifier
SELECT number, source, identifier, content_hash, position, first_position, withdrawn, body
  FROM postings
 WHERE source = :source AND identifier = :identifier AND body <> '';

-- name: postings-between
-- Open postings whose present content lies in (after, through], a page at a time.
SELECT number, source, identifier, content_hash, position, first_position, withdrawn, body
  FROM postings
 WHERE position > :after AND position <= :through AND NOT withdrawn AND expires_ms > :now_ms AND body <> ''
 ORDER BY position
 LIMIT :page;

-- name: newest-postings
-- Newest first, by position, for lists and the archive; before 0 starts at the newest.
SELECT number, source, identifier, content_hash, position, first_position, withdrawn, body
  FROM postings
 WHERE (:before = 0 OR position < :before) AND body <> '' AND (source = :source OR :source = '')
 ORDER BY position DESC
 LIMIT :page;

-- name: postings-of-source
-- One source's postings by identifier, from behind one on, a page at a time; tombstones have no content.
SELECT number, source, identifier, content_hash, position, first_position, withdrawn, body
  FROM postings
 WHERE source = :source AND identifier > :after AND body <> ''
 ORDER BY identifier
 LIMIT :page;

-- name: contents-between
-- Postings whose present content lies in (after, through], whatever has become of them, a page at a time.
SELECT number, source, identifier, content_hash, position, first_position, withdrawn, body
  FROM postings
 WHERE position > :after AND position <= :through AND body <> ''
 ORDER BY position
 LIMIT :page;

-- name: open-before
-- Open postings before a position, the newest first.
SELECT number, source, identifier, content_hash, position, first_position, withdrawn, body
  FROM postings
 WHERE position < :before AND position > 0 AND NOT withdrawn AND expires_ms > :now_ms AND body <> ''
 ORDER BY position DESC
 LIMIT :page;

-- name: last-applied
-- The newest message applied to any posting.
SELECT stream_created_ms, stream_sequence
  FROM postings
 ORDER BY stream_created_ms DESC, stream_sequence DESC
 LIMIT 1;

-- name: withdrawn-since
-- What messages behind a given one have withdrawn, in their order: a withdrawal keeps its posting's position.
SELECT number, stream_created_ms, stream_sequence
  FROM postings
 WHERE (stream_created_ms, stream_sequence) > (:stream_created_ms, :stream_sequence) AND withdrawn
 ORDER BY stream_created_ms, stream_sequence
 LIMIT :page;

-- name: count-postings
SELECT COUNT(*) FROM postings WHERE NOT withdrawn AND expires_ms > :now_ms AND body <> '';

-- name: purge-postings
-- Retention: postings that ended before a time, but never the highest number.
DELETE FROM postings
 WHERE number IN (SELECT number FROM postings
                   WHERE expires_ms < :before_ms AND changed_ms < :before_ms
                     AND number < (SELECT MAX(number) FROM postings)
                   ORDER BY number
                   LIMIT :page);
