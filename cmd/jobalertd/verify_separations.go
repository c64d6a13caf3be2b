package main

import (
	"context"
	"encoding/json"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/jmoiron/sqlx"
)

// setApart are the pairs that one subscriber says are two jobs, either way round.
type setApart map[[2]uint32]bool

// readApart reads what some subscribers set apart.
func (v *verifier) readApart(ctx context.Context, ids []int64) (map[int64]setApart, error) {
	of := map[int64]setApart{}
	return of, v.queries.Each(ctx, v.db.Reader, "separations-of-range", map[string]any{"subscribers": ids}, func(rows *sqlx.Rows) error {
		var subscriber int64
		var low, high uint32
		if err := rows.Scan(&subscriber, &low, &high); err != nil {
			return err
		}
		if of[subscriber] == nil {
			of[subscriber] = setApart{}
		}
		of[subscriber][[2]uint32{low, high}], of[subscriber][[2]uint32{high, low}] = true, true
		return nil
	})
}

// mistaken are the postings that a digest names with others, one of which she set them
// apart from: another digest may show them by themselves.
func (d *digestRow) mistaken(apart setApart) (*roaring.Bitmap, error) {
	found := roaring.New()
	if len(apart) == 0 || d.Content == "" {
		return found, nil
	}
	var content struct {
		Postings []json.RawMessage `json:"postings"` // numbers where nothing is folded
	}
	if err := json.Unmarshal([]byte(d.Content), &content); err != nil {
		return nil, err
	}
	for _, raw := range content.Postings {
		var shown struct {
			Posting uint32   `json:"posting"`
			Twins   []uint32 `json:"twins"`
		}
		if raw[0] != '{' {
			continue
		}
		if err := json.Unmarshal(raw, &shown); err != nil {
			return nil, err
		}
		group := append([]uint32{shown.Posting}, shown.Twins...)
		for i, twin := range group {
			for _, before := range group[:i] {
				if apart[[2]uint32{before, twin}] {
					found.Add(twin)
				}
			}
		}
	}
	return found, nil
}
