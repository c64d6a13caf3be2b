//go:build ignore

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// writePostcodesDE copies the list of German postcodes and their places as it
// is, without positions: it stays an unmodified extract under the ODbL.
func writePostcodesDE(files map[string][]byte) error {
	var codes map[string][]string
	if err := json.Unmarshal(files["package/data/plz.full.json"], &codes); err != nil {
		return fmt.Errorf("decode German postcodes: %w", err)
	}
	var lines []string
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		lines = append(lines, code+"\t"+strings.Join(codes[code], "|"))
	}
	return writeGz("postcodes-de.tsv.gz", lines)
}

// writePostcodesCH copies the Swiss postcodes: code, place, canton, latitude,
// longitude.
func writePostcodesCH(files map[string][]byte) error {
	var lines []string
	for line := range strings.Lines(string(files["package/data/postal-codes.tsv"])) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return writeGz("postcodes-ch.tsv.gz", lines)
}

// writeCountries writes the countries of ISO 3166-1: alpha-2, alpha-3, German
// and English name (Unicode CLDR).
func writeCountries() error {
	german, english := display.German.Regions(), display.English.Regions()
	var lines []string
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			r, err := language.ParseRegion(string(a) + string(b))
			if err != nil || !r.IsCountry() || r.String() != string(a)+string(b) || r.Canonicalize() != r {
				continue
			}
			if german.Name(r) != "" && english.Name(r) != "" { // neither is there for states of the past
				lines = append(lines, strings.Join([]string{r.String(), r.ISO3(), german.Name(r), english.Name(r)}, "\t"))
			}
		}
	}
	return os.WriteFile("data/countries.tsv", []byte(strings.Join(lines, "\n")+"\n"), 0o644)
}
