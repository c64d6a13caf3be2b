package gazetteer_test

import (
	"fmt"

	"github.com/jobalertd/jobalertd/alerts/gazetteer"
)

func Example() {
	g, err := gazetteer.Open()
	if err != nil {
		fmt.Println(err)
		return
	}
	home := g.Lookup("Gelsenkirchen-Buer")[0]
	herne, _ := g.Resolve(gazetteer.Address{PostalCode: "44623", Locality: "Herne", Region: "NRW", Country: "Deutschland"})
	fmt.Printf("%s, %s: %.0f km from %s\n", herne.Name, herne.State, gazetteer.DistanceKM(home.Lat, home.Lon, herne.Lat, herne.Lon), home.Name)

	for _, p := range g.Lookup("Münster")[:3] {
		fmt.Println(p.Name, p.StateCode, p.Population)
	}
	// Output:
	// Herne, Nordrhein-Westfalen: 13 km from Gelsenkirchen-Buer
	// Münster DE-NW 270184
	// Münster DE-HE 14018
	// Münster AT-7 3317
}
