-- name: postings-by-key
-- What is stored under the keys of one batch, source and identifier side by side in two arrays. Rows of which only
-- the halves were asked for, in different keys, may come back too, and the caller looks by key.
-- One text for batches of any size: it is planned once.
SELECT number, source, identifier, content_hash, position, first_position, withdrawn, stream_created_ms, stream_sequence,
       published_ms, expires_ms, changed_ms, title, employer, body, receipt
  FROM postings
 WHERE source IN (SELECT value FROM json_each(:sources)) AND identifier IN (SELECT value FROM json_each(:identifiers))
 ORDER BY number;

-- name: put-posting
-- Stores a posting's present state, new or changed. Runs under the clock.
INSERT INTO postings (number, source, identifier, content_hash, position, first_position, withdrawn, stream_created_ms, stream_sequence,
                      published_ms, expires_ms, changed_ms, title, employer, body, receipt)
VALUES (:number, :source, :identifier, :content_hash, :position, :first_position, :withdrawn, :stream_created_ms, :stream_sequence,
        :published_ms, :expires_ms, :changed_ms, :title, :employer, :body, :receipt)
ON CONFLICT (source, identifier) DO UPDATE
   SET content_hash = excluded.content_hash, position = excluded.position, first_position = excluded.first_position,
       withdrawn = excluded.withdrawn, stream_created_ms = excluded.stream_created_ms, stream_sequence = excluded.stream_sequence,
       published_ms = excluded.published_ms, expires_ms = excluded.expires_ms, changed_ms = excluded.changed_ms,
       title = excluded.title, employer = excluded.employer, body = excluded.body, receipt = excluded.receipt;

-- name: standing-numbers
-- Those of numbers, given as one value, that are stored and not withdrawn, with the position of their content.
SELECT number, position
  FROM postings
 WHERE number IN (SELECT value FROM json_each(:numbers)) AND NOT withdrawn AND body <> ''
 ORDER BY number;
