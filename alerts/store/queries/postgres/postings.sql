-- name: postings-by-key
-- What is stored under the keys of one batch, source and identifier side by side in two arrays. Each is looked up
-- for itself, whatever the planner believes of the table: of one that has just begun to fill it knows nothing, and
-- would read all of a source to find the identifiers, batch after batch.
SELECT p.number, p.source, p.identifier, p.content_hash, p.position, p.first_position, p.withdrawn, p.stream_created_ms, p.stream_sequence,
       p.published_ms, p.expires_ms, p.changed_ms, p.title, p.employer, p.body, p.receipt
  FROM unnest(CAST(:sources AS text[]), CAST(:identifiers AS text[])) AS k (source, identifier)
 CROSS JOIN LATERAL (SELECT number, source, identifier, content_hash, position, first_position, withdrawn, stream_created_ms, stream_sequence,
                            published_ms, expires_ms, changed_ms, title, employer, body, receipt
                       FROM postings
                      WHERE source = k.source AND identifier = k.identifier
                     OFFSET 0) AS p
 ORDER BY p.number;

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
