package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	fastjson "github.com/go-json-experiment/json"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// subscriptionRow is a row of subscriptions.
type subscriptionRow struct {
	ID               int64         `db:"id"`
	SubscriberID     int64         `db:"subscriber_id"`
	Criteria         string        `db:"criteria"`
	Label            string        `db:"label"`
	Frequency        string        `db:"frequency"`
	Hour             int           `db:"hour"`
	Weekday          int           `db:"weekday"`
	Timezone         string        `db:"timezone"`
	MaxPostings      int           `db:"max_postings"`
	Overflow         string        `db:"overflow"`
	State            string        `db:"state"`
	EndedReason      string        `db:"ended_reason"`
	Position         int64         `db:"position"`
	LoggedFrom       int64         `db:"logged_from"`
	DeliveredThrough int64         `db:"delivered_through"`
	DueAt            sql.NullInt64 `db:"due_at_ms"`
	LastLocalDate    string        `db:"last_local_date"`
	PausedUntil      sql.NullInt64 `db:"paused_until_ms"`
	OnReturn         string        `db:"on_return"`
	Created          int64         `db:"created_ms"`
	Confirmed        sql.NullInt64 `db:"confirmed_ms"`
	Ended            sql.NullInt64 `db:"ended_ms"`
}

func instantOf(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return time.UnixMilli(ms.Int64).UTC()
}

// millis is what a column that may be NULL stores for t: NULL for the zero time.
func millis(t time.Time) sql.NullInt64 {
	if t.IsZero() {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: t.UnixMilli(), Valid: true}
}

func (r *subscriptionRow) schedule() subscriptions.Schedule {
	return subscriptions.Schedule{Frequency: subscriptions.Frequency(r.Frequency), Hour: r.Hour, Weekday: time.Weekday(r.Weekday), Timezone: r.Timezone}
}

// subscription makes the value, with criteria prepared unless they were erased or
// no longer can be: those match nothing.
func (s *Store) subscription(r *subscriptionRow) subscriptions.Subscription {
	sub := subscriptions.Subscription{
		ID: uint32(r.ID), Subscriber: r.SubscriberID, Label: r.Label, Schedule: r.schedule(),
		MaxPostings: r.MaxPostings, Overflow: subscriptions.Overflow(r.Overflow),
		State: subscriptions.State(r.State), EndedReason: subscriptions.EndedReason(r.EndedReason),
		Position: r.Position, LoggedFrom: r.LoggedFrom, DeliveredThrough: r.DeliveredThrough,
		DueAt: instantOf(r.DueAt), LastLocalDate: r.LastLocalDate, PausedUntil: instantOf(r.PausedUntil),
		OnReturn: subscriptions.OnReturn(r.OnReturn), Created: time.UnixMilli(r.Created).UTC(),
		ConfirmedAt: instantOf(r.Confirmed), EndedAt: instantOf(r.Ended),
	}
	if c, err := s.criteria(r.Criteria); err == nil {
		sub.Criteria = *c
	} else if sub.EndedReason != subscriptions.EndedErased {
		s.log.Warn("stored criteria cannot be understood", "subscription_id", r.ID, "err", err)
	}
	return sub
}

func (s *Store) subscriptions(rows []subscriptionRow) []subscriptions.Subscription {
	subs := make([]subscriptions.Subscription, len(rows))
	for i := range rows {
		subs[i] = s.subscription(&rows[i])
	}
	return subs
}

// criteria reads and prepares what encode stored.
func (s *Store) criteria(stored string) (*alerts.Criteria, error) {
	c := new(alerts.Criteria)
	if err := fastjson.Unmarshal([]byte(stored), c); err != nil {
		return nil, fmt.Errorf("read criteria: %w", err)
	}
	if err := s.meaning.Prepare(c); err != nil {
		return nil, fmt.Errorf("prepare criteria: %w", err)
	}
	return c, nil
}

// encode is the stored form of prepared criteria: equal criteria, equal text.
func encode(c *alerts.Criteria) (string, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("write criteria: %w", err)
	}
	return string(b), nil
}

// wishRow is what a wish puts into columns.
type wishRow struct {
	Criteria    string `db:"criteria"`
	Label       string `db:"label"`
	Frequency   string `db:"frequency"`
	Hour        int    `db:"hour"`
	Weekday     int    `db:"weekday"`
	Timezone    string `db:"timezone"`
	MaxPostings int    `db:"max_postings"`
	Overflow    string `db:"overflow"`
}

func (s *Store) wish(w *subscriptions.Wish) (wishRow, error) {
	if err := s.calendar.Check(w.Schedule); err != nil {
		return wishRow{}, fmt.Errorf("check the schedule: %w", err)
	}
	criteria, err := encode(&w.Criteria)
	if err != nil {
		return wishRow{}, err
	}
	if w.Overflow == "" {
		w.Overflow = subscriptions.Count
	}
	return wishRow{Criteria: criteria, Label: w.Label, Frequency: string(w.Schedule.Frequency), Hour: w.Schedule.Hour,
		Weekday: int(w.Schedule.Weekday), Timezone: w.Schedule.Timezone, MaxPostings: w.MaxPostings, Overflow: string(w.Overflow)}, nil
}

// subscriberRow is a row of subscribers.
type subscriberRow struct {
	ID       int64          `db:"id"`
	Email    sql.NullString `db:"email"`
	Locale   string         `db:"locale"`
	Rotation int64          `db:"rotation"`
	Created  int64          `db:"created_ms"`
	Erased   sql.NullInt64  `db:"erased_ms"`
}

func (r *subscriberRow) subscriber() subscriptions.Subscriber {
	return subscriptions.Subscriber{ID: r.ID, Email: r.Email.String, Locale: r.Locale, Rotation: r.Rotation,
		Created: time.UnixMilli(r.Created).UTC(), Erased: r.Erased.Valid}
}

// numbers widens subscription numbers for a statement's list.
func numbers(ids []uint32) []int64 {
	wide := make([]int64, len(ids))
	for i, id := range ids {
		wide[i] = int64(id)
	}
	return wide
}
