package store

import (
	"embed"

	"github.com/jobalertd/jobalertd/config/database"
)

//go:embed queries
var queryFiles embed.FS

// page is how many rows a paged read takes at once.
const page = 500

// Store reads and writes the tables it owns. It is safe for concurrent use.
type Store struct {
	db      *database.DB
	queries *database.Queries
}

// New makes the store of a migrated database.
func New(db *database.DB) (*Store, error) {
	q, err := database.LoadQueries(queryFiles, db.Dialect,
		"postings-by-key", "highest-number", "put-posting", "highest-applied", "put-rejected", "posting-by-number", "postings-by-number",
		"closed-between", "posting-by-identifier", "postings-between", "newest-postings", "postings-of-source",
		"contents-between", "open-before", "last-applied", "withdrawn-since", "standing-numbers", "count-postings", "purge-postings",
		"log-matches", "relog-matches", "unlog-matches", "cover-analysis", "matches-between", "logged-since", "move-log-start", "purge-matches", "position-before", "analysis-in-force", "set-analysis",
		"add-recruiter", "revoke-recruiter", "list-recruiters", "recruiter-by-token")
	if err != nil {
		return nil, err
	}
	return &Store{db: db, queries: q}, nil
}
