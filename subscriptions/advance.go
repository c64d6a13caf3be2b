package subscriptions

import "time"

// Advance moves one subscription past the window that a digest covered. It takes
// effect only if the subscription is still confirmed and as it was seen:
// delivered through SeenThrough, last changed at SeenPosition.
type Advance struct {
	ID            uint32
	Through       int64     // the digest's cutoff
	DueAt         time.Time // zero: nothing is due
	LastLocalDate string    // YYYY-MM-DD of the last occurrence served, "" for none
	SeenThrough   int64
	SeenPosition  int64
}

// InstantChange is what became of one subscription at Position, as the follower
// of the match log needs it: whether it is to be told at once.
type InstantChange struct {
	ID       uint32
	Position int64
	Instant  bool // confirmed, with frequency instant
}
