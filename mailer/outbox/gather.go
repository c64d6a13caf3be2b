package outbox

import (
	"sync/atomic"
	"time"
)

// groupMax bounds a group commit.
const groupMax = 256

// gatherFor is how long a group waits for the other connections, which were
// answered together and come back together when the server is near. Without it the
// first of them would be committed alone and the rest wait for that.
const gatherFor = 300 * time.Microsecond

// probeEvery is how often it is tried whether waiting has begun to pay.
const probeEvery = 16

// gatherer collects the results that are committed together.
type gatherer struct {
	results <-chan result
	serving *atomic.Int32 // connections at work, each with one result at most
	timer   *time.Timer
	group   []result
	pays    bool // the last wait brought something
	groups  int
}

// gather returns first and what is waiting with it. With several connections at
// work it waits a moment for theirs, as long as that pays. The slice is good until
// the next call.
func (g *gatherer) gather(first result) []result {
	g.group = append(g.group[:0], first)
	g.groups++
	g.waiting()
	all := min(int(g.serving.Load()), groupMax)
	if len(g.group) >= all || !g.pays && g.groups%probeEvery != 0 {
		return g.group
	}
	had := len(g.group)
	g.timer.Reset(gatherFor)
	for len(g.group) < all {
		select {
		case f, ok := <-g.results:
			if !ok {
				return g.group
			}
			g.group = append(g.group, f)
			continue
		case <-g.timer.C:
		}
		break
	}
	g.pays = len(g.group) > had
	return g.group
}

// waiting takes what is waiting already.
func (g *gatherer) waiting() {
	for len(g.group) < groupMax {
		select {
		case f, ok := <-g.results:
			if !ok {
				return
			}
			g.group = append(g.group, f)
		default:
			return
		}
	}
}
