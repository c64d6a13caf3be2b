-- name: consent-record
-- One step, or several. Rows are only ever added.
INSERT INTO consents (subscriber_id, subscription_id, address, address_hash, event, at_ms, text_version, wording, source, ip, message_id)
VALUES (:subscriber_id, :subscription_id, :address, :address_hash, :event, :at_ms, :text_version, :wording, :source, :ip, :message_id);

-- name: consents-of
-- A subscriber's record, in order.
SELECT id, subscriber_id, subscription_id, address, address_hash, event, at_ms, text_version, wording, source, ip, message_id
  FROM consents
 WHERE subscriber_id = :subscriber_id
 ORDER BY id;

-- name: consents-signed-up-since
-- How often somebody signed this address up.
SELECT COUNT(*)
  FROM consents
 WHERE address_hash = :address_hash AND event = 'signed-up' AND at_ms > :since_ms;

-- name: consents-confirmations
-- How many confirmation mails a subscription has had, and when the last.
SELECT COUNT(*) AS n, COALESCE(MAX(at_ms), 0) AS last_ms
  FROM consents
 WHERE subscriber_id = :subscriber_id AND subscription_id = :subscription_id AND event = 'confirmation-sent';

-- name: consents-erase
-- The record stays under the keyed hash; what is personal in it goes.
UPDATE consents SET address = '', ip = '' WHERE subscriber_id = :subscriber_id;

-- name: consents-forget-unconfirmed
-- The same for sign-ups that were never confirmed and whose subscriber is gone.
UPDATE consents SET address = '', ip = ''
 WHERE subscriber_id IN (:ids)
   AND NOT EXISTS (SELECT 1 FROM subscribers WHERE subscribers.id = consents.subscriber_id);

-- name: consents-purge
-- Records of those who have left, once nothing in them is recent enough to be asked for.
DELETE FROM consents
 WHERE at_ms < :before_ms
   AND NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.subscriber_id = consents.subscriber_id AND s.state <> 'ended')
   AND NOT EXISTS (SELECT 1 FROM consents c WHERE c.subscriber_id = consents.subscriber_id AND c.at_ms >= :before_ms);
