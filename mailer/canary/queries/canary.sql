-- name: put-arrival
INSERT INTO canary_arrivals (message_id, at_ms) VALUES (:message_id, :at_ms)
ON CONFLICT (message_id) DO NOTHING;

-- name: purge-arrivals
DELETE FROM canary_arrivals WHERE at_ms < :before_ms;

-- name: arrivals-of
SELECT message_id, at_ms FROM canary_arrivals WHERE message_id IN (:ids) ORDER BY message_id;
