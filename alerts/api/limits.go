package api

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// What one source may do a second, and at once after a rest: enough to publish a
// board of 100,000 postings within ten minutes, too little to keep others out.
const (
	requestsASecond, requestsAtOnce = 20, 100
	postingsASecond, postingsAtOnce = 200, 5 * maxPostings
)

// limits are kept in memory, a set a process. There are as many as sources.
type limits struct {
	mu      sync.Mutex
	sources map[string]*limit
}

type limit struct{ requests, postings *rate.Limiter }

func (l *limits) of(source string) *limit {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sources == nil {
		l.sources = map[string]*limit{}
	}
	one := l.sources[source]
	if one == nil {
		one = &limit{rate.NewLimiter(requestsASecond, requestsAtOnce), rate.NewLimiter(postingsASecond, postingsAtOnce)}
		l.sources[source] = one
	}
	return one
}

func (l *limits) request(source string, now time.Time) bool {
	return l.of(source).requests.AllowN(now, 1)
}

func (l *limits) postings(source string, n int, now time.Time) bool {
	return l.of(source).postings.AllowN(now, n)
}
