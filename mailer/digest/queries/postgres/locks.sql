-- name: hold-follower
-- Keeps the follower from moving until the page is committed: an alert that is set to "nothing waiting" here
-- and met there at the same moment would never be woken. Pages hold it together.
SELECT position FROM followers WHERE name = :name FOR SHARE;
