-- name: suppressions
-- Which of these addresses are suppressed, all given as one value.
SELECT address_hash, reason, detail, at_ms FROM suppressions WHERE address_hash = ANY(:hashes);
