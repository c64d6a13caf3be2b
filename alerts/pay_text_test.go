package alerts

import (
	"testing"

	"github.com/jobalertd/jobalertd/alerts/pay"
)

func TestPayText_SaysNetWhereItWasStatedSo(t *testing.T) {
	t.Parallel()
	p := Posting{Pay: &pay.Statement{Min: 2100, Max: 2100, Currency: "EUR", Unit: pay.Month, Net: true}}
	if got := p.PayText("de"); got != "2.100\u00a0€ im Monat netto" {
		t.Errorf("got %q", got)
	}
	p.Pay.Net = false
	if got := p.PayText("de"); got != "2.100\u00a0€ im Monat" {
		t.Errorf("got %q", got)
	}
}
