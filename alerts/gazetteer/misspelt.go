package gazetteer

import (
	"cmp"
	"math"
	"slices"
)

// Letters that may be wrong in a name, and from what length on it may be two.
const (
	shortestSlip = 4
	longSlip     = 8
	longestSlip  = 48
)

// slipCost is how much larger a town must be to be as likely with one letter more
// that is wrong.
const slipCost = 100

// Misspelt lists the places whose names a name may be a slip of, the likeliest
// first, at most limit: "Gelsenkirchn" is Gelsenkirchen. A slip is a letter left
// out, added, changed, or changed places with its neighbour; the first letter is
// taken to be right. It goes through all names and takes milliseconds: ask where
// Lookup knows nothing.
func (g *Gazetteer) Misspelt(name string, limit int) []Place {
	k := key(split(clip(name)))
	if len(k) < shortestSlip || len(k) > longestSlip {
		return nil
	}
	most := 1
	if len(k) >= longSlip {
		most = 2
	}
	type slip struct {
		candidate
		likely float64
	}
	var slips []slip
	for other, head := range g.names.heads {
		if other[0] != k[0] || max(len(other)-len(k), len(k)-len(other)) > most {
			continue
		}
		letters := slipped(k, other, most)
		if letters > most {
			continue
		}
		for at := head; at != 0; at = g.names.links[at-1].next {
			if l := &g.names.links[at-1]; l.tier <= byAlias && !g.records[l.record].quarter {
				c := candidate{record: l.record, tier: l.tier}
				slips = append(slips, slip{c, g.weight(c) / math.Pow(slipCost, float64(letters))})
			}
		}
	}
	slices.SortFunc(slips, func(a, b slip) int {
		return cmp.Or(cmp.Compare(b.likely, a.likely), cmp.Compare(a.record, b.record))
	})
	var places []Place
	seen := map[string]bool{}
	for _, s := range slips {
		p := g.place(s.record)
		if len(places) == limit {
			break
		}
		if !seen[p.Name] {
			seen[p.Name] = true
			places = append(places, p)
		}
	}
	return places
}

// slipped is how many slips lead from a to b (optimal string alignment); more
// than most as soon as there are more. Both are at most longestSlip + 2 bytes.
func slipped(a, b string, most int) int {
	var rows [3][longestSlip + 3]int
	before, last, next := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			next[j] = min(change, last[j]+1, next[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
			least = min(least, next[j])
		}
		if least > most {
			return least
		}
		before, last, next = last, next, before
	}
	return last[len(b)]
}
