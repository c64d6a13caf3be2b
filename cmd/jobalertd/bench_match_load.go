package main

import (
	"runtime"
	"sync"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// chunkSize is how many subscriptions are decoded at a time.
const chunkSize = 4096

// chunks gives the criteria in the order of their lines, some thousands at a
// time: nil for a refused line, and for one that is not wanted. The slice is used
// again.
func (w *matching) chunks(wanted func(line int) bool, f func(first int, criteria []*alerts.Criteria)) error {
	lines, criteria := make([][]byte, 0, chunkSize), make([]*alerts.Criteria, chunkSize)
	first := 0
	give := func() {
		w.decode(lines, criteria, func(i int) bool { return wanted(first + i) })
		f(first, criteria[:len(lines)])
		first, lines = first+len(lines), lines[:0]
	}
	for line, err := range w.load.subscriptionLines() {
		if err != nil {
			return err
		}
		n := len(lines)
		lines = lines[:n+1] // with the room that a line took before
		lines[n] = append(lines[n][:0], line...)
		if n+1 == chunkSize {
			give()
		}
	}
	give()
	return nil
}

// decode reads lines on all cores: that takes longer than anything that is done
// with them.
func (w *matching) decode(lines [][]byte, into []*alerts.Criteria, wanted func(i int) bool) {
	var parts sync.WaitGroup
	step := runtime.GOMAXPROCS(0)
	for from := range step {
		parts.Go(func() {
			for i := from; i < len(lines); i += step {
				into[i] = nil
				if !wanted(i) {
					continue
				}
				if one, err := subscriptions.DecodeImportLine(lines[i], w.rules); err == nil {
					into[i] = &one.Wish.Criteria
				}
			}
		})
	}
	parts.Wait()
}

func everyLine(int) bool { return true }

// some picks n subscriptions, spread evenly.
func (w *matching) some(n int) (map[uint32]*alerts.Criteria, error) {
	held := make(map[uint32]*alerts.Criteria, n)
	step := max(1, w.lines/n)
	wanted := func(line int) bool { return line%step == 0 }
	err := w.chunks(wanted, func(first int, chunk []*alerts.Criteria) {
		for i, c := range chunk {
			if c != nil && wanted(first+i) {
				held[uint32(first+i+1)] = c
			}
		}
	})
	return held, err
}
