-- name: postings-by-key
-- What is stored under the keys of one batch. A key is source and identifier; the arrays hold the sources
-- and identifiers of the batch, so a few rows more than asked for may come back, and the caller looks by key.
-- One text for batches of any size: it is planned once.
SELECT number, source, identifier, content_hash, position, first_position, withdrawn, stream_created_ms, stream_sequence,
       published_ms, expires_ms, changed_ms, title, employer, body, receipt
  FROM postings
 WHERE source = ANY(:sources) AND identifier = ANY(:identifiers)
 ORDER BY number;

-- name: put-posting
-- Stores postings' present states, new or changed, each column as an array. Runs under the clock.
INSERT INTO postings (number, source, identifier, content_hash, position, first_position, withdrawn, stream_created_ms, stream_sequence,
                      published_ms, expires_ms, changed_ms, title, employer, body, receipt)
SELECT number, source, identifier, content_hash, position, first_position, withdrawn, stream_created_ms, stream_sequence,
       published_ms, expires_ms, changed_ms, title, employer, body, receipt
  FROM unnest(CAST(:number AS bigint[]), CAST(:source AS text[]), CAST(:identifier AS text[]), CAST(:content_hash AS text[]),
              CAST(:position AS bigint[]), CAST(:first_position AS bigint[]), CAST(:withdrawn AS boolean[]),
              CAST(:stream_created_ms AS bigint[]), CAST(:stream_sequence AS bigint[]), CAST(:published_ms AS bigint[]),
              CAST(:expires_ms AS bigint[]), CAST(:changed_ms AS bigint[]), CAST(:title AS text[]),
              CAST(:employer AS text[]), CAST(:body AS text[]), CAST(:receipt AS text[]))
    AS p (number, source, identifier, content_hash, position, first_position, withdrawn, stream_created_ms, stream_sequence,
          published_ms, expires_ms, changed_ms, title, employer, body, receipt)
ON CONFLICT (source, identifier) DO UPDATE
   SET content_hash = excluded.content_hash, position = excluded.position, first_position = excluded.first_position,
       withdrawn = excluded.withdrawn, stream_created_ms = excluded.stream_created_ms, stream_sequence = excluded.stream_sequence,
       published_ms = excluded.published_ms, expires_ms = excluded.expires_ms, changed_ms = excluded.changed_ms,
       title = excluded.title, employer = excluded.employer, body = excluded.body, receipt = excluded.receipt;

-- name: standing-numbers
-- Those of numbers, given as one value, that are stored and not withdrawn, with the position of their content.
SELECT number, position
  FROM postings
 WHERE number = ANY(:numbers) AND NOT withdrawn AND body <> ''
 ORDER BY number;
