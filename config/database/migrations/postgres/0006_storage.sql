-- +goose Up

-- A row of the match log is a packed bitmap, of which compressing made nothing smaller and took more time than
-- writing it. Up to a page it stays in the row, where it is one piece and not several in a second table.
ALTER TABLE match_log ALTER COLUMN subscriptions SET STORAGE EXTERNAL;
ALTER TABLE match_log SET (toast_tuple_target = 8160);

-- Bodies are compressed by LZ4, a third of the work of pglz, where the server was built with it (from PostgreSQL 14).
DO $$
BEGIN
    EXECUTE 'ALTER TABLE postings ALTER COLUMN body SET COMPRESSION lz4';
EXCEPTION
    WHEN feature_not_supported OR syntax_error THEN
        RAISE NOTICE 'this server has no LZ4; bodies stay compressed by pglz';
END
$$;

-- +goose Down
ALTER TABLE postings ALTER COLUMN body SET COMPRESSION DEFAULT;
ALTER TABLE match_log RESET (toast_tuple_target);
ALTER TABLE match_log ALTER COLUMN subscriptions SET STORAGE EXTENDED;
