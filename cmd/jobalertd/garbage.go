package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// garbage is how much garbage may lie, in percent of what is live, before it is
// collected. Most of what a daemon holds lives long (the index, the archive, a run's
// postings) and costs the collector little, so that half as much as Go's default
// costs a few percent of CPU and saves a quarter of the memory.
const garbage = 50

// A collection looks at all of the memory in use, and a backlog of postings makes
// garbage of 200 MB a second. While intake takes more than backlogRate postings a
// second, so many bytes of garbage may lie as backlogGarbage says, if that is more.
const (
	backlogRate    = 500
	backlogGarbage = 160 << 20
	lookEvery      = time.Second
)

// indexGarbage is how much may lie, in percent, while an index is made: criteria pass
// through, and are garbage at once, while little else grows.
const indexGarbage = 100

// whileIndexing lets more garbage lie until restore is called. It leaves an operator's
// GOGC alone.
func whileIndexing() (restore func()) {
	if garbageNow() != garbage {
		return func() {}
	}
	debug.SetGCPercent(indexGarbage)
	return func() { debug.SetGCPercent(garbage) }
}

// garbageNow is how much may lie at present, in percent.
func garbageNow() int {
	samples := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(samples)
	return int(samples[0].Value.Uint64())
}

// governGarbage sets how much garbage may lie until ctx ends. It leaves an operator's
// GOGC alone.
func (d *daemon) governGarbage(ctx context.Context) error {
	now := garbageNow()
	if now != garbage {
		return nil
	}
	defer debug.SetGCPercent(garbage)
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for before := d.intake.Stored(); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		metrics.Read(live)
		stored := d.intake.Stored()
		if next := garbageFor(stored-before, live[0].Value.Uint64()); next != now {
			debug.SetGCPercent(next)
			now = next
		}
		before = stored
	}
}

// garbageFor is how much garbage may lie, in percent of what is live, while intake
// takes so many postings between two looks.
func garbageFor(postings, live uint64) int {
	if postings < backlogRate {
		return garbage
	}
	return max(garbage, int(backlogGarbage*100/max(live, 1<<20)))
}
