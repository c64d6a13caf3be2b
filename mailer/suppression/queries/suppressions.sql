-- name: suppression
SELECT address_hash, reason, detail, at_ms FROM suppressions WHERE address_hash = :address_hash;

-- name: suppress
-- Only a graver reason takes the place of another; the operator's word is the last and may be given anew.
INSERT INTO suppressions (address_hash, reason, detail, at_ms) VALUES (:address_hash, :reason, :detail, :at_ms)
ON CONFLICT (address_hash) DO UPDATE SET reason = excluded.reason, detail = excluded.detail, at_ms = excluded.at_ms
 WHERE excluded.reason = 'manual'
    OR suppressions.reason = 'unsubscribed'
    OR (suppressions.reason = 'soft-bounce' AND excluded.reason IN ('hard-bounce', 'complaint'))
    OR (suppressions.reason = 'hard-bounce' AND excluded.reason = 'complaint');

-- name: lift
-- A new sign-up lifts what says nothing final about the address.
DELETE FROM suppressions WHERE address_hash = :address_hash AND reason IN ('unsubscribed', 'soft-bounce');

-- name: forgive
-- With it the count of soft bounces begins anew.
DELETE FROM bounces WHERE address_hash = :address_hash AND kind = 'soft';

-- name: unsuppress
DELETE FROM suppressions WHERE address_hash = :address_hash;

-- name: list-suppressions
SELECT address_hash, reason, detail, at_ms FROM suppressions WHERE address_hash > :after ORDER BY address_hash LIMIT :page;

-- name: add-bounce
INSERT INTO bounces (address_hash, kind, status, at_ms) VALUES (:address_hash, :kind, :status, :at_ms);

-- name: bounce-days
-- When it bounced softly since a time, for counting on how many days.
SELECT at_ms FROM bounces WHERE address_hash = :address_hash AND kind = 'soft' AND at_ms >= :since_ms ORDER BY at_ms LIMIT 1000;

-- name: purge-bounces
DELETE FROM bounces WHERE at_ms < :before_ms;
