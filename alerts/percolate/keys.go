package percolate

import (
	"math"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// key is what subscriptions are filed under and postings look up: a hash of a
// term, or of a place, an employer or a source. Two things with one key cost a
// pre-test and change no answer.
type key uint64

// What else than terms keys are made of.
const (
	ofTerm uint64 = iota + 1
	ofEmployer
	ofState
	ofCountry
	ofCell
	ofRemote
	ofSource
	ofLanguage
	ofAll // every posting has this one
	ofKey // of a unit that stands for no condition: only something to be filed under
)

// mix spreads the bits of x (the finaliser of SplitMix64).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

func termKey(t text.Term) key { return key(mix(uint64(t) + ofTerm)) }

func wordKey(kind uint64, s string) key {
	h := uint64(14695981039346656037) // FNV-1a
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return key(mix(h ^ kind<<56))
}

func cellKey(level, row, column int) key {
	return key(mix(ofCell<<56 | uint64(level)<<48 | uint64(row)<<24 | uint64(column)))
}

var (
	remoteKey = wordKey(ofRemote, "")
	allKey    = wordKey(ofAll, "")
)

// cellSizes are the sides of the grids' cells in degrees, finest first. A circle
// is filed in the finest grid of which it touches few cells.
var cellSizes = [...]float64{0.25, 1, 4, 12}

// maxCells is how many cells a circle may touch to be filed in them.
const maxCells = 16

func columns(level int) int { return int(360 / cellSizes[level]) }

func cellOf(level int, lat, lon float64) (row, column int) {
	size := cellSizes[level]
	return int(math.Floor((lat + 90) / size)), wrap(int(math.Floor((lon+180)/size)), columns(level))
}

func wrap(column, n int) int { return ((column % n) + n) % n }

// appendCells appends the keys of the cells that a box touches, and false when
// it touches too many in every grid.
func appendCells(dst []key, b box) ([]key, bool) {
	for level, size := range cellSizes {
		if b.dLon >= 180 {
			return dst, false
		}
		low, high := int(math.Floor((b.lat-b.dLat+90)/size)), int(math.Floor((b.lat+b.dLat+90)/size))
		west, east := int(math.Floor((b.lon-b.dLon+180)/size)), int(math.Floor((b.lon+b.dLon+180)/size))
		if (high-low+1)*(east-west+1) > maxCells || east-west+1 > columns(level) {
			continue
		}
		for row := low; row <= high; row++ {
			for column := west; column <= east; column++ {
				dst = append(dst, cellKey(level, row, wrap(column, columns(level))))
			}
		}
		return dst, true
	}
	return dst, false
}

// documentKeys appends all keys that d has.
func documentKeys(dst []key, d *alerts.Document) []key {
	for _, t := range d.Text.Terms() {
		dst = append(dst, termKey(t))
	}
	return otherKeys(dst, d)
}

// otherKeys appends those that are not of its text.
func otherKeys(dst []key, d *alerts.Document) []key {
	dst = append(dst, allKey, wordKey(ofEmployer, d.EmployerKey()), wordKey(ofLanguage, d.Language), wordKey(ofSource, d.Source))
	if d.Remote {
		dst = append(dst, remoteKey)
	}
	from := len(dst)
	for i := range d.Locations {
		l := &d.Locations[i]
		if l.State != "" {
			dst = appendNew(dst, from, wordKey(ofState, l.State))
		}
		if l.Country != "" {
			dst = appendNew(dst, from, wordKey(ofCountry, l.Country))
		}
		if !l.Located {
			continue
		}
		for level := range cellSizes {
			row, column := cellOf(level, l.Lat, l.Lon)
			dst = appendNew(dst, from, cellKey(level, row, column))
		}
	}
	return dst
}

// appendNew appends k unless it is among dst[from:]; a key looked up twice would
// find everything twice.
func appendNew(dst []key, from int, k key) []key {
	for _, have := range dst[from:] {
		if have == k {
			return dst
		}
	}
	return append(dst, k)
}
