package web

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// Database runs write transactions; config/database's Patient is one. It may run f again.
type Database interface {
	Tx(ctx context.Context, f func(tx *sqlx.Tx) error) error
}

// Store is what the pages ask of subscriptions/store, which documents it.
type Store interface {
	SignUp(ctx context.Context, tx sqlx.ExtContext, up subscriptions.SignUp, now time.Time) (subscriptions.Enrolment, error)
	ConfirmationSent(ctx context.Context, tx sqlx.ExtContext, subscriber int64, id uint32, how subscriptions.Circumstances, now time.Time) error
	Confirm(ctx context.Context, tx sqlx.ExtContext, id uint32, how subscriptions.Circumstances, now time.Time) (bool, error)
	Add(ctx context.Context, tx sqlx.ExtContext, subscriber int64, w subscriptions.Wish, how subscriptions.Circumstances, now time.Time) (uint32, error)
	Edit(ctx context.Context, tx sqlx.ExtContext, id uint32, w subscriptions.Wish, now time.Time) error
	Pause(ctx context.Context, tx sqlx.ExtContext, ids []uint32, until time.Time, onReturn subscriptions.OnReturn) ([]uint32, error)
	Resume(ctx context.Context, tx sqlx.ExtContext, ids []uint32, now time.Time) ([]uint32, error)
	End(ctx context.Context, tx sqlx.ExtContext, subscriber int64, ids []uint32, reason subscriptions.EndedReason, how subscriptions.Circumstances, now time.Time) ([]uint32, error)
	EndAll(ctx context.Context, tx sqlx.ExtContext, subscriber int64, reason subscriptions.EndedReason, how subscriptions.Circumstances, now time.Time) ([]uint32, error)
	Undo(ctx context.Context, tx sqlx.ExtContext, subscriber int64, ids []uint32, how subscriptions.Circumstances, now time.Time) ([]uint32, error)
	DropUnconfirmed(ctx context.Context, tx sqlx.ExtContext, subscriber int64) error
	Erase(ctx context.Context, tx sqlx.ExtContext, subscriber int64, how subscriptions.Circumstances, now time.Time) error
	Speak(ctx context.Context, tx sqlx.ExtContext, subscriber int64, locale string) error
	Rotate(ctx context.Context, tx sqlx.ExtContext, subscriber int64) (rotation int64, err error)
	AddressAsked(ctx context.Context, tx sqlx.ExtContext, subscriber int64, address string, how subscriptions.Circumstances, now time.Time) error
	AddressAgreed(ctx context.Context, tx sqlx.ExtContext, subscriber int64, address string, how subscriptions.Circumstances, now time.Time) error
	ChangeAddress(ctx context.Context, tx sqlx.ExtContext, subscriber int64, address string, how subscriptions.Circumstances, now time.Time) error
	Dismiss(ctx context.Context, tx sqlx.ExtContext, subscriber int64, posting uint32, now time.Time) error
	Readmit(ctx context.Context, tx sqlx.ExtContext, subscriber int64, posting uint32) error

	Get(ctx context.Context, q sqlx.ExtContext, id uint32) (subscriptions.Subscription, error)
	Of(ctx context.Context, q sqlx.ExtContext, subscriber int64) ([]subscriptions.Subscription, error)
	Subscriber(ctx context.Context, q sqlx.ExtContext, id int64) (subscriptions.Subscriber, error)
	SubscriberByAddress(ctx context.Context, q sqlx.ExtContext, address string) (subscriptions.Subscriber, error)
	Export(ctx context.Context, q sqlx.ExtContext, subscriber int64) (subscriptions.Export, error)
	Dismissed(ctx context.Context, q sqlx.ExtContext, subscribers []int64) (map[int64][]subscriptions.Dismissal, error)
}

// Mails are asked for in the transaction that makes them due.
type Mails interface {
	// Confirmation asks for the nth confirmation mail of one subscription and
	// returns the Message-ID it will carry.
	Confirmation(ctx context.Context, tx sqlx.ExtContext, subscriber int64, subscription uint32, n int) (messageID string, err error)
	// Account asks for a mail of one of the kinds subscriptions.Mail…; payload is
	// a subscriptions.AccountPayload. It returns the Message-ID it will carry.
	Account(ctx context.Context, tx sqlx.ExtContext, subscriber int64, kind string, payload any) (messageID string, err error)
	// Forget removes what is kept of mails to somebody who has herself erased.
	Forget(ctx context.Context, tx sqlx.ExtContext, subscriber int64) error
}

// Suppressions are the addresses that must not be written to.
type Suppressions interface {
	// Lift ends what a new sign-up may end: an unsubscription, soft bounces.
	Lift(ctx context.Context, tx sqlx.ExtContext, address string) error
	// Left remembers that the owner of an address had herself erased.
	Left(ctx context.Context, tx sqlx.ExtContext, address string) error
	// Reason says why an address is not written to, "" if it is.
	Reason(ctx context.Context, q sqlx.ExtContext, address string) (string, error)
}

// Search finds open postings by prepared criteria, those of alerts.
type Search interface {
	// Search returns what meets them, best first: limit of them from offset on,
	// and how many there are in all.
	Search(ctx context.Context, c *alerts.Criteria, offset, limit int) (found []alerts.Stored, total int, err error)
	// Latest are those that came last, the newest first.
	Latest(ctx context.Context, c *alerts.Criteria, limit int) ([]alerts.Stored, error)
	// Count is how many there are.
	Count(ctx context.Context, c *alerts.Criteria) (int, error)
	// Older returns what is too old for Search, newest first, from before a
	// position on (0: the newest). It looks at some postings a call; next is the
	// position to go on from, 0 at the end.
	Older(ctx context.Context, c *alerts.Criteria, before int64, limit int) (found []alerts.Stored, next int64, err error)
	// Outlook says what an alert would have brought since a time.
	Outlook(ctx context.Context, c *alerts.Criteria, since time.Time) (Outlook, error)
	// Period is what Search and Count cover.
	Period() Period
}

// Outlook is what an alert would have brought, as far as it is still open.
type Outlook struct {
	Days    []int  // postings by the day, oldest first
	Without []Cost // what letting go of one criterion would add, the costliest first
}

// Cost is what one criterion costs: how many postings there are without it.
type Cost struct {
	Criterion alerts.Criterion
	Found     int
}

// Period says how far back a search reaches. All: to the oldest open posting.
type Period struct {
	All   bool
	Since time.Time
}

// Postings returns stored postings; alerts.ErrNotFound where there is none.
type Postings interface {
	Posting(ctx context.Context, number uint32) (alerts.Stored, error)
	// Newest are the newest postings, whatever has become of them.
	Newest(ctx context.Context, limit int) ([]alerts.Stored, error)
}

// Deliveries are what a subscriber's alerts have brought her since a time, by
// subscription.
type Deliveries interface {
	Delivered(ctx context.Context, subscriber int64, since time.Time) (map[uint32]Delivered, error)
	// History is the digests of hers that are still kept, the latest first and
	// 1,000 at most.
	History(ctx context.Context, subscriber int64) ([]Told, error)
}

// Told is one digest: when it was built, and the postings in it.
type Told struct {
	At       time.Time
	Postings []uint32
}

// Delivered counts one alert's mails and the postings in them.
type Delivered struct{ Mails, Postings int }

// Separations are the postings that a subscriber says are different jobs, though
// they were shown as one.
type Separations interface {
	// Named reads the postings that a link names; false if it names none.
	Named(c subscriptions.Claims) (postings []uint32, ok bool)
	Separate(ctx context.Context, tx sqlx.ExtContext, subscriber int64, postings []uint32, now time.Time) error
	// Separated are the pairs that she set apart, by number.
	Separated(ctx context.Context, subscriber int64) ([]subscriptions.Separation, error)
}

// Waker is told after a commit that subscriptions have changed.
type Waker interface{ Wake() }
