-- +goose Up

-- A digest run writes each subscriber twice, leasing and releasing. With room left in its page such a version needs no
-- entry in the indexes. For rows written from now on; VACUUM FULL subscribers makes room among those there are.
ALTER TABLE subscribers SET (fillfactor = 50);

-- By this reference each digest locked its run's row; with two pages recorded at once the server had to note both as its
-- holders (a multixact), a third of recording. Runs are never deleted.
ALTER TABLE digests DROP CONSTRAINT digests_run_id_fkey;

-- Bitmaps that compressing makes no smaller, as those of the match log are; up to a page they stay in the row.
ALTER TABLE digests
    ALTER COLUMN delivered SET STORAGE EXTERNAL,
    ALTER COLUMN deferred SET STORAGE EXTERNAL,
    ALTER COLUMN counted SET STORAGE EXTERNAL,
    SET (toast_tuple_target = 8160);

-- +goose Down
ALTER TABLE digests
    ALTER COLUMN delivered SET STORAGE EXTENDED,
    ALTER COLUMN deferred SET STORAGE EXTENDED,
    ALTER COLUMN counted SET STORAGE EXTENDED,
    RESET (toast_tuple_target);
ALTER TABLE digests ADD CONSTRAINT digests_run_id_fkey FOREIGN KEY (run_id) REFERENCES digest_runs (id);
ALTER TABLE subscribers RESET (fillfactor);
