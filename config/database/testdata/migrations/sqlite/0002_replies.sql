-- +goose Up
CREATE TABLE replies (
	id INTEGER NOT NULL PRIMARY KEY,
	note INTEGER NOT NULL REFERENCES notes (position) ON DELETE CASCADE,
	author TEXT NOT NULL,
	CONSTRAINT one_reply_each UNIQUE (note, author)
) STRICT;
CREATE UNIQUE INDEX replies_by_author ON replies (author) WHERE author <> '';
