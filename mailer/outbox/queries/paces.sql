-- name: open-pace
INSERT INTO paces (name, free_at_us) VALUES (:name, 0) ON CONFLICT (name) DO NOTHING;

-- name: take-pace
-- Takes the next places of a pace, unless the first would lie too late. One statement, so that two replicas
-- never take the same.
UPDATE paces
   SET free_at_us = CASE WHEN free_at_us >= :since_us THEN free_at_us ELSE :now_us END + :span_us
 WHERE name = :name
   AND CASE WHEN free_at_us >= :since_us THEN free_at_us ELSE :now_us END <= :latest_us
RETURNING free_at_us - :span_us;

-- name: pace-free-at
SELECT free_at_us FROM paces WHERE name = :name;
