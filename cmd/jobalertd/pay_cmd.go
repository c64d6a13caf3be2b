package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jobalertd/jobalertd/alerts/pay"
)

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
