package main

import (
	"fmt"
	"strings"

	"github.com/jobalertd/jobalertd/alerts/gazetteer"
)

// placesCmd shows the gazetteer.
type placesCmd struct {
	Lookup placesLookupCmd `cmd:"" help:"What the gazetteer understands by a name or postcode, best first."`
}

type placesLookupCmd struct {
	Name []string `arg:"" help:"Name or postcode."`
	JSON bool     `help:"One JSON object." name:"json"`
}

func (placesLookupCmd) Help() string {
	return "Example:\n  jobalertd places lookup \"Frankfurt (Oder)\"\n  jobalertd places lookup 45879 --json"
}

func (c placesLookupCmd) Run(s *session) error {
	g, err := embeddedPlaces()
	if err != nil {
		return err
	}
	asked := strings.Join(c.Name, " ")
	found := g.Lookup(asked)
	if c.JSON {
		if found == nil {
			found = []gazetteer.Place{}
		}
		if err := s.printJSON(map[string]any{"matches": found}); err != nil {
			return err
		}
	}
	if len(found) == 0 {
		if !c.JSON {
			return fmt.Errorf("no place is called %q; try a neighbouring town or a postcode", asked)
		}
		return errFailed
	}
	if !c.JSON {
		for _, p := range found {
			s.printf("%-8s %s, %s, %s  %.4f %.4f  %d inhabitants\n", p.Kind, p.Name, p.State, p.Country, p.Lat, p.Lon, p.Population)
		}
	}
	return nil
}
