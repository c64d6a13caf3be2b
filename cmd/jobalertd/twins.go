package main

import (
	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/cluster"
	"github.com/jobalertd/jobalertd/mailer/digest"
)

// twins lends digests what alerts/cluster knows of near-duplicates.
type twins struct{}

func (twins) Sketch(p *alerts.Posting) digest.Sketch { return cluster.New(p) }

func (twins) Groups(sketches []digest.Sketch, apart func(i, j int) bool) [][]int {
	return cluster.Groups(own(sketches), apart)
}

func (twins) Possible(sketches []digest.Sketch) [][2]int { return cluster.Possible(own(sketches)) }

func own(sketches []digest.Sketch) []*cluster.Sketch {
	out := make([]*cluster.Sketch, len(sketches))
	for i, s := range sketches {
		out[i] = s.(*cluster.Sketch)
	}
	return out
}
