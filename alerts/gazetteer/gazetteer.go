// Package gazetteer knows places: towns and villages of Germany, Austria,
// Switzerland, Liechtenstein and Luxembourg from 500 inhabitants, towns of the
// world from 15,000, German and Swiss postcodes, main Austrian
// ones, states, districts and the quarters of big cities. It turns what people and job boards write ("Frankfurt
// a. M.", "45894 Gelsenkirchen-Buer", "Münster, Westfalen", "Cologne") into
// positions, and answers nothing where it does not know rather than guess.
//
// The data is embedded; the package reads no file, opens no connection, writes
// nothing, and keeps no state between calls but answers that it remembers. Subscriptions ask Lookup when a
// person names a place, intake asks Resolve for each of a posting's addresses.
package gazetteer

import lru "github.com/hashicorp/golang-lru/v2"

//go:generate go run generate.go generate_places.go generate_postcodes.go

// Kind says what a Place stands for.
type Kind string

// The kinds of places. A state has the position of its middle, which is good
// for a map and not for measuring a radius.
const (
	KindPlace    Kind = "place"
	KindPostcode Kind = "postcode"
	KindState    Kind = "state"
)

// Place is one answer of the gazetteer. Positions are degrees of WGS 84,
// rounded to about ten metres in the source and good to a few kilometres.
type Place struct {
	// Name is the German name where there is one, else the native one; of a
	// postcode it is the name of its (largest) place.
	Name string `json:"name"`
	// State is the name of the first-level division, in German where there is
	// one ("Nordrhein-Westfalen"); empty for Liechtenstein and a few others.
	State string `json:"state"`
	// StateCode is ISO 3166-2 ("DE-NW"); empty outside Germany, Austria,
	// Switzerland, Luxembourg and the United States.
	StateCode string `json:"state_code"`
	// Country is ISO 3166-1 alpha-2.
	Country string  `json:"country"`
	Lat     float64 `json:"lat"`
	Lon     float64 `json:"lon"`
	// Population is that of the place, for a postcode of its town; zero when
	// unknown, and for states.
	Population int  `json:"population"`
	Kind       Kind `json:"kind"`
}

// Gazetteer answers questions about places. It never changes after Open, but for the
// answers that it remembers, so any number of goroutines may use one.
type Gazetteer struct {
	divisions []division
	records   []record
	byLat     []int32 // numbers of records that are no quarters, by latitude
	names     nameIndex
	stateKeys map[string][]int32 // key of a state's name or code: numbers of divisions
	codeKeys  map[string][]int32 // two-letter codes of states: numbers of divisions
	countries map[string]string  // key of a country's name or code: ISO alpha-2
	areas     map[string][]area  // key of a region or district
	german    []postcode         // ascending by code
	other     map[string][]postcode
	resolved  *lru.Cache[Address, resolution]
}

// division is a first-level division of a country.
type division struct {
	country, code, name string // code is ISO 3166-2 or empty
	lat, lon            float64
	state               bool // one of those that State knows
}

// record is a place as stored; quarters of towns are records too.
type record struct {
	name, country string
	area          string // official municipality key or its beginning, by country
	lat, lon      float64
	population    int32
	division      int32
	quarter       bool
}

func (g *Gazetteer) place(i int32) Place {
	r := &g.records[i]
	d := &g.divisions[r.division]
	return Place{Name: r.name, State: d.name, StateCode: d.code, Country: r.country,
		Lat: r.lat, Lon: r.lon, Population: int(r.population), Kind: KindPlace}
}

func (g *Gazetteer) statePlace(i int32) Place {
	d := &g.divisions[i]
	return Place{Name: d.name, State: d.name, StateCode: d.code, Country: d.country, Lat: d.lat, Lon: d.lon, Kind: KindState}
}
