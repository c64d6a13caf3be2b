package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	"github.com/jobalertd/jobalertd/alerts/pay"
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
	g, err := gazetteer.Open()
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

// payCmd shows the reading of pay.
type payCmd struct {
	Parse payParseCmd `cmd:"" help:"What pay a text states. Without TEXT, each line of standard input."`
}

type payParseCmd struct {
	Text []string `arg:"" optional:"" help:"Texts."`
	JSON bool     `help:"One JSON object a text." name:"json"`
}

func (payParseCmd) Help() string {
	return "Example:\n  jobalertd pay parse \"3.200–3.800 € brutto/Monat\" \"E 11 TVöD\""
}

// parsedPay is the answer's JSON form.
type parsedPay struct {
	Text       string  `json:"text"`
	Found      bool    `json:"found"`
	Min        float64 `json:"min"`
	Max        float64 `json:"max"`
	Currency   string  `json:"currency"`
	Unit       string  `json:"unit"`
	YearlyMin  int64   `json:"yearly_min"`
	YearlyMax  int64   `json:"yearly_max"`
	Assumption string  `json:"assumption"`
}

func (c payParseCmd) Run(s *session) error {
	return eachText(c.Text, s.stdin, func(text string) error {
		st, ok := pay.Parse(text)
		p := parsedPay{Text: text, Found: ok}
		if ok {
			p = parsedPay{text, true, st.Min, st.Max, st.Currency, string(st.Unit), st.YearlyMin, st.YearlyMax, st.Assumption.Text("en")}
		}
		switch {
		case c.JSON:
			return s.printJSON(p)
		case !ok:
			s.printf("no pay: %s\n", text)
		default:
			s.printf("%s  (%d to %d %s a year gross; %s)\n", pay.Format(st.Min, st.Max, st.Currency, st.Unit, "en"), p.YearlyMin, p.YearlyMax, p.Currency, orNone(p.Assumption))
		}
		return nil
	})
}

func orNone(s string) string {
	if s == "" {
		return "nothing assumed"
	}
	return s
}

// eachText calls f for each argument, or for each line of in when there are none.
func eachText(args []string, in io.Reader, f func(string) error) error {
	if len(args) > 0 {
		for _, a := range args {
			if err := f(a); err != nil {
				return err
			}
		}
		return nil
	}
	r := bufio.NewReader(in)
	for {
		line, err := r.ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			if err := f(line); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read standard input: %w", err)
		}
	}
}
