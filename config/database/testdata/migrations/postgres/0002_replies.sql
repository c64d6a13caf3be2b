-- +goose Up
CREATE TABLE replies (
	id BIGINT NOT NULL PRIMARY KEY,
	note BIGINT NOT NULL REFERENCES notes (position) ON DELETE CASCADE,
	author TEXT NOT NULL,
	CONSTRAINT one_reply_each UNIQUE (note, author)
);
CREATE UNIQUE INDEX replies_by_author ON replies (author) WHERE author <> '';
