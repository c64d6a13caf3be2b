package main

import (
	"testing"
	"time"
)

func TestThinned_KeepsEvenlySpacedTimesInTheSameRoom(t *testing.T) {
	s := newThinned(3)
	room := cap(s.taken)
	for n := range 10 * 3 * room {
		s.add(time.Duration(n + 1))
	}
	if cap(s.taken) != room || len(s.taken) <= room/2 {
		t.Fatalf("kept %d in a room of %d, want more than half of %d", len(s.taken), cap(s.taken), room)
	}
	for i, d := range s.taken {
		if want := time.Duration((i + 1) * s.every); d != want {
			t.Fatalf("time %d is the one of call %d, want %d", i, d, want)
		}
	}
}
