package gazetteer

import (
	"slices"
	"strings"
)

// maxWords bounds the words of one name that are tried in combination.
const maxWords = 12

// readName finds the places that words may name, best first: as it stands;
// with its qualifier shortened or telling the region ("Frankfurt a. M.",
// "Weiden i. d. OPf."); without words that only describe ("Großraum
// Nürnberg"); as a town with one of its quarters.
func (g *Gazetteer) readName(words []word) []candidate {
	words = words[:min(len(words), maxWords)]
	if len(words) == 0 {
		return nil
	}
	if cs := g.names.find(key(words)); len(cs) > 0 {
		return g.rank(cs)
	}
	if cs := g.readQualified(words); len(cs) > 0 {
		return cs
	}
	trimmed := trimDescribing(words)
	if len(trimmed) < len(words) && len(trimmed) > 0 {
		if cs := g.names.find(key(trimmed)); len(cs) > 0 {
			return g.rank(cs)
		}
		if cs := g.readQualified(trimmed); len(cs) > 0 {
			return cs
		}
		if cs := g.readAdjective(trimmed); len(cs) > 0 {
			return cs
		}
	}
	if len(words) > 1 && words[0].text == "bad" {
		// Towns become spas: Kötzting is Bad Kötzting since 2005.
		if cs := g.rank(g.names.find(key(words[1:]))); g.leads(cs) && cs[0].tier <= byBase && g.records[cs[0].record].country == "DE" {
			return cs[:1]
		}
	}
	return g.readTownAndRest(words)
}

// readQualified splits words into a name and what tells it from namesakes.
func (g *Gazetteer) readQualified(words []word) []candidate {
	explicit := baseLength(words)
	for n := len(words) - 1; n > 0; n-- {
		base := g.rank(g.names.find(key(words[:n])))
		if len(base) == 0 {
			continue
		}
		rest := withoutJoining(words[n:])
		if len(rest) == 0 {
			return base
		}
		if cs := g.quartersOf(base, rest); len(cs) > 0 {
			return cs
		}
		if cs := g.abbreviated(words[:n], rest); len(cs) > 0 {
			return cs
		}
		h := g.hint(rest)
		if words[n].sep == hyphen && !joining[words[n].text] {
			h.near = nil // Nürnberg-München are two places, not one near the other
		}
		if !h.empty() && (n == explicit || h.regional()) {
			cs := g.settle(base, &h)
			if len(cs) > 0 && (h.regional() || g.within(&h, &g.records[cs[0].record]) || g.close(&h, &g.records[cs[0].record])) {
				return cs
			}
		}
		if n == explicit && !h.regional() && g.leads(base) && whole[g.records[base[0].record].country] {
			return base[:1]
		}
	}
	return nil
}

// quartersOf are the quarters called rest of one of the towns.
func (g *Gazetteer) quartersOf(towns []candidate, rest []word) []candidate {
	var out []candidate
	k := key(rest)
	for _, t := range towns {
		r := &g.records[t.record]
		if r.quarter {
			continue
		}
		for _, c := range append(g.names.find(key(split(r.name))+" "+k), g.names.find(k)...) {
			q := &g.records[c.record]
			if q.quarter && r.country == q.country && r.division == q.division && DistanceKM(r.lat, r.lon, q.lat, q.lon) < quarterKM {
				out = append(out, c)
			}
		}
	}
	return g.rank(out)
}

// quarterKM is how far a quarter may lie from the middle of its town: Munich's
// airport, which goes by the town's name, is the farthest.
const quarterKM = 30

// abbreviated are the places whose full name continues base as rest does, each
// word of rest perhaps shortened: "m" for "main", "wstr" for "weinstrasse".
func (g *Gazetteer) abbreviated(base, rest []word) []candidate {
	var out []candidate
	for _, c := range g.names.find(key(base)) {
		if c.full == "" {
			continue
		}
		tail := strings.Fields(c.full)
		if len(tail) <= len(rest) {
			continue
		}
		if shortenAll(rest, tail[len(tail)-len(rest):]) {
			out = append(out, c)
		}
	}
	return g.rank(out)
}

func shortenAll(short []word, long []string) bool {
	for i, w := range short {
		if !shortens(w.text, long[i]) {
			return false
		}
	}
	return true
}

// shortens reports whether short is long with letters left out, the first kept.
func shortens(short, long string) bool {
	if short == "" || long == "" || short[0] != long[0] || len(short) > len(long) {
		return false
	}
	at := 0
	for _, b := range []byte(short) {
		i := strings.IndexByte(long[at:], b)
		if i < 0 {
			return false
		}
		at += i + 1
	}
	return true
}

// readAdjective reads "Kölner" of "Kölner Raum", "Münchner" of "Münchner Umland".
func (g *Gazetteer) readAdjective(words []word) []candidate {
	stem, ok := strings.CutSuffix(words[0].text, "er")
	if !ok || len(words) != 1 || len(stem) < 3 {
		return nil
	}
	for _, name := range []string{stem, stem + "en", strings.TrimSuffix(stem, "n") + "en", stem + "e"} {
		cs := g.rank(g.names.find(name))
		if len(cs) > 0 && g.records[cs[0].record].population >= surePopulation {
			return cs[:1]
		}
	}
	return nil
}

// How large a town must be so that words after its name are taken for one of
// its quarters although no such quarter is known.
const (
	minTownBeforeHyphen = 1_000
	minTownBeforeSpace  = 50_000
)

// readTownAndRest reads "Gelsenkirchen-Sutum" as Gelsenkirchen. The town must
// be one that nobody confuses with another: of "Neustadt-Musterdorf" nothing
// is known.
func (g *Gazetteer) readTownAndRest(words []word) []candidate {
	for n := len(words) - 1; n > 0; n-- {
		least, rest := int32(minTownBeforeSpace), len(words)-n
		if words[n].sep == hyphen {
			least = minTownBeforeHyphen
		}
		if rest > 3 || (words[n].sep == space && rest > 2) {
			continue
		}
		cs := g.rank(slices.DeleteFunc(g.names.find(key(words[:n])), func(c candidate) bool {
			return g.records[c.record].quarter || c.tier > byBase
		}))
		if g.leads(cs) && g.records[cs[0].record].population >= least {
			return cs[:1]
		}
	}
	return nil
}

// trimDescribing takes describing and joining words off both ends.
func trimDescribing(words []word) []word {
	drop := func(w word) bool { return describing[w.text] || joining[w.text] || w.text == "und" }
	for len(words) > 0 && drop(words[0]) {
		words = words[1:]
	}
	for len(words) > 0 && drop(words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	return words
}

func withoutJoining(words []word) []word {
	var out []word
	for i, w := range words {
		if i < len(words)-1 && joining[w.text] {
			continue
		}
		out = append(out, w)
	}
	return out
}
