-- +goose Up

-- How PostgreSQL keeps large values; SQLite compresses nothing.
SELECT 1;

-- +goose Down
SELECT 1;
