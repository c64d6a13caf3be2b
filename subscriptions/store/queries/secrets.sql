-- name: secret-offer
-- Keeps the first value offered for a name.
INSERT INTO secrets (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING;

-- name: secret-get
SELECT value FROM secrets WHERE name = :name;
