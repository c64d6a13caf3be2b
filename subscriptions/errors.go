package subscriptions

import "errors"

// Errors that whoever keeps subscriptions returns and pages branch on.
var (
	ErrNotFound     = errors.New("not found")
	ErrAddressTaken = errors.New("another subscriber has this address")
	ErrTooMany      = errors.New("the subscriber has too many subscriptions")
)
