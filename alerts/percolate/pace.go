package percolate

import (
	"math"
	"runtime"
)

// pace gives way to whoever waits for a processor, about ten thousand times a
// second. The scheduler takes the processor from long work after ten milliseconds
// only: so long would a reader wait whom it had taken it from, on two cores of
// which one builds and the other collects what that leaves behind.
type pace struct{ spent int }

// What is spent, in about ten nanoseconds.
const (
	paceEvery  = 10_000
	aStep      = 1  // a comparison, an entry that is copied
	aRecord    = 10 // filed, laid out or carried over
	aCriterion = 100
	aRow       = 400 // of neighbours, which has to be made
)

// hurry says that nobody waits.
func (p *pace) hurry() { p.spent = math.MinInt }

func (p *pace) spend(n int) {
	if p.spent += n; p.spent >= paceEvery {
		p.spent = 0
		runtime.Gosched()
	}
}
