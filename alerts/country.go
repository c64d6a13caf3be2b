package alerts

// countries are those that postings and searches in German or English most often
// name.
var countries = map[string][2]string{
	"DE": {"Deutschland", "Germany"}, "AT": {"Österreich", "Austria"}, "CH": {"Schweiz", "Switzerland"}, "LI": {"Liechtenstein", "Liechtenstein"},
	"LU": {"Luxemburg", "Luxembourg"}, "NL": {"Niederlande", "Netherlands"}, "BE": {"Belgien", "Belgium"}, "FR": {"Frankreich", "France"},
	"PL": {"Polen", "Poland"}, "CZ": {"Tschechien", "Czechia"}, "DK": {"Dänemark", "Denmark"}, "IT": {"Italien", "Italy"},
	"ES": {"Spanien", "Spain"}, "GB": {"Vereinigtes Königreich", "United Kingdom"}, "IE": {"Irland", "Ireland"}, "US": {"USA", "USA"},
}

// CountryName is what a country of two letters (ISO 3166-1) is called in German
// ("de") or English; the letters themselves for one that is seldom named.
func CountryName(iso, locale string) string {
	names, ok := countries[iso]
	switch {
	case !ok:
		return iso
	case locale == "de":
		return names[0]
	}
	return names[1]
}
