package mailer

import "time"

// backoff is the wait before each further attempt; the last one repeats.
var backoff = []time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour,
}

// RetryAfter is how long to wait after attempt number attempts (from 1) before the
// next. jitter in [0, 1) spreads it over ±20 %, so that what was refused together
// does not come back together.
func RetryAfter(attempts int, jitter float64) time.Duration {
	d := backoff[min(max(attempts, 1), len(backoff))-1]
	return time.Duration(float64(d) * (0.8 + 0.4*jitter))
}

// UnknownAfter is how long an envelope without an answer after its final dot
// waits before it is sent again under the same Message-ID: long enough for the
// server to have delivered what it took.
const UnknownAfter = 15 * time.Minute
