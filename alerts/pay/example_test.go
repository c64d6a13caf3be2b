package pay_test

import (
	"fmt"

	"github.com/jobalertd/jobalertd/alerts/pay"
)

func ExampleParse() {
	s, ok := pay.Parse("Stundenlohn ab 18,50 €, Startprämie 1.000 €, 35-Stunden-Woche")
	fmt.Println(ok, pay.Format(s.Min, s.Max, s.Currency, s.Unit, "de"))
	fmt.Println(s.Text)
	fmt.Println(s.YearlyMin, s.YearlyMax)
	fmt.Println(s.Assumption.Text("de"))
	// Output:
	// true ab 18,50 € pro Stunde
	// Stundenlohn ab 18,50 €
	// 33670 0
	// 12 Gehälter angenommen; 35 h/Woche laut Text
}
