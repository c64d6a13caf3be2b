-- name: add-recruiter
-- A revoked source may be added again, with new secrets; one that is in use is left alone.
INSERT INTO recruiters (source, name, agency, token_hash, nats_password_hash, created_ms, revoked_ms)
VALUES (:source, :name, :agency, :token_hash, :nats_password_hash, :created_ms, NULL)
ON CONFLICT (source) DO UPDATE
   SET name = excluded.name, agency = excluded.agency, token_hash = excluded.token_hash,
       nats_password_hash = excluded.nats_password_hash, created_ms = excluded.created_ms, revoked_ms = NULL
 WHERE recruiters.revoked_ms IS NOT NULL;

-- name: revoke-recruiter
UPDATE recruiters SET revoked_ms = :revoked_ms WHERE source = :source AND revoked_ms IS NULL;

-- name: list-recruiters
SELECT source, name, agency, token_hash, nats_password_hash, created_ms, revoked_ms
  FROM recruiters
 ORDER BY source
 LIMIT 10000;

-- name: recruiter-by-token
SELECT source, name, agency, token_hash, nats_password_hash, created_ms, revoked_ms
  FROM recruiters
 WHERE token_hash = :token_hash AND revoked_ms IS NULL;
