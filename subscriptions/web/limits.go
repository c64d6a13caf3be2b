package web

import (
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// limits bound how often mails can be asked for, by where from and for whom.
// They are kept in memory, a set a process: the store's own limit of
// confirmations a day holds whatever happens to these.
type limits struct {
	byHost, byNetwork, byAddress *limiter
}

func newLimits() limits {
	return limits{
		byHost:    newLimiter(rate.Every(time.Minute), 10),
		byNetwork: newLimiter(rate.Every(10*time.Second), 60),
		byAddress: newLimiter(rate.Every(4*time.Hour), 6),
	}
}

// visit counts a request that may cause a mail and returns errTooOften when there
// were too many from there.
func (s *Site) visit(r *http.Request) error {
	at, now := s.clientIP(r), s.Now()
	if !s.limits.byHost.allow(host(at), now) || !s.limits.byNetwork.allow(network(at), now) {
		return errTooOften
	}
	return nil
}

// write to an address? Nobody is told when not: the page is the same.
func (s *Site) mayWriteTo(address string) bool {
	return s.limits.byAddress.allow(subscriptions.AddressKey(address), s.Now())
}

// maxKeys bounds a limiter's memory, some 20 MB.
const maxKeys = 100_000

// limiter is a token bucket a key.
type limiter struct {
	mu    sync.Mutex
	every rate.Limit
	burst int
	keys  map[string]*rate.Limiter
}

func newLimiter(every rate.Limit, burst int) *limiter {
	return &limiter{every: every, burst: burst, keys: make(map[string]*rate.Limiter)}
}

func (l *limiter) allow(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket, ok := l.keys[key]
	if !ok {
		if len(l.keys) >= maxKeys {
			l.sweep(now)
		}
		bucket = rate.NewLimiter(l.every, l.burst)
		l.keys[key] = bucket
	}
	return bucket.AllowN(now, 1)
}

// sweep forgets the keys whose buckets are full again, and if that is not enough
// a tenth of the rest: better a limit forgotten than memory exhausted.
func (l *limiter) sweep(now time.Time) {
	for key, bucket := range l.keys {
		if bucket.TokensAt(now) >= float64(l.burst) {
			delete(l.keys, key)
		}
	}
	for key := range l.keys {
		if len(l.keys) < maxKeys*9/10 {
			return
		}
		delete(l.keys, key)
	}
}
