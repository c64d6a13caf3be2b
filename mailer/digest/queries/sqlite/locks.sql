-- name: hold-follower
-- SQLite has one writer at a time, so reading holds it still.
SELECT position FROM followers WHERE name = :name;
