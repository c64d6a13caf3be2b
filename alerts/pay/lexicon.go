package pay

// words are the short words whose class no stem tells, in small letters.
var words = map[string]wordInfo{
	// What is paid.
	"salary": {class: cPay}, "pay": {class: cPay}, "paid": {class: cPay}, "pays": {class: cPay}, "paying": {class: cPay}, "wage": {class: cPay}, "wages": {class: cPay},
	"compensation": {class: cPay}, "remuneration": {class: cPay}, "earn": {class: cPay}, "earnings": {class: cPay}, "earning": {class: cPay}, "ote": {class: cPay},
	"income": {class: cPay}, "rate": {class: cPay}, "stipend": {class: cPay}, "package": {class: cPay}, "kv": {class: cWeak}, "fixum": {class: cPay},
	"fixgehalt": {class: cPay}, "dotiert": {class: cPay}, "lohn": {class: cPay}, "gage": {class: cPay}, "ctc": {class: cPay}, "tc": {class: cPay},
	"jahrespaket": {class: cPay, unit: Year}, "jahreszieleinkommen": {class: cPay, unit: Year}, "zielgehalt": {class: cPay, unit: Year}, "jahresziel": {class: cPay, unit: Year},
	"verdienst": {class: cPay}, "gehälter": {class: cSalaries}, "gehaelter": {class: cSalaries}, "monatsgehälter": {class: cSalaries},
	"monatsgehaelter": {class: cSalaries}, "gehältern": {class: cSalaries}, "monatsgehältern": {class: cSalaries}, "monatslöhne": {class: cSalaries}, "löhne": {class: cSalaries},
	"monatsbezüge": {class: cSalaries}, "salaries": {class: cSalaries}, "auszahlungen": {class: cSalaries}, "bruttogehälter": {class: cSalaries}, "bruttomonatsgehälter": {class: cSalaries},
	"bruttogehältern": {class: cSalaries}, "payments": {class: cSalaries}, "monatsentgelte": {class: cSalaries}, "monatsgehalt": {class: cPay, unit: Month},
	"minijob": {class: cPay}, "geringfügig": {class: cPay}, "geringfügige": {class: cPay}, "minijobs": {class: cPay}, "taschengeld": {class: cPay, unit: Month},
	"ausbildungsvergütung": {class: cTrainee, unit: Month}, "ausbildungsgehalt": {class: cTrainee, unit: Month}, "ausbildungsentgelt": {class: cTrainee, unit: Month},
	"lehrlingseinkommen": {class: cTrainee, unit: Month}, "lehrlingsentschädigung": {class: cTrainee, unit: Month}, "azubigehalt": {class: cTrainee, unit: Month},
	"vollzeit": {class: cWeak}, "vollzeitbasis": {class: cWeak}, "vz": {class: cWeak}, "fte": {class: cWeak}, "vollzeitstelle": {class: cWeak}, "doe": {class: cWeak}, "rata": {class: cFiller},

	"brutto": {class: cGross}, "gross": {class: cGross}, "br": {class: cFiller}, "bto": {class: cGross}, "netto": {class: cNet}, "net": {class: cNet},

	// What it is not.
	"bonus": {class: cNeg}, "ticket": {class: cNeg}, "vwl": {class: cNeg}, "vl": {class: cNeg}, "bav": {class: cNeg}, "sales": {class: cNeg}, "revenues": {class: cNeg},
	"transport": {class: cNeg}, "travel": {class: cNeg}, "commute": {class: cNeg}, "meal": {class: cNeg}, "meals": {class: cNeg}, "lunch": {class: cNeg}, "reward": {class: cNeg}, "fee": {class: cNeg}, "fees": {class: cNeg}, "cost": {class: cNeg}, "costs": {class: cNeg}, "price": {class: cNeg}, "grants": {class: cNeg}, "gift": {class: cNeg},
	"perks": {class: cNeg}, "perk": {class: cNeg}, "arr": {class: cNeg}, "mrr": {class: cNeg}, "gmv": {class: cNeg}, "aum": {class: cNeg}, "etat": {class: cNeg}, "wert": {class: cNeg},
	"sparen": {class: cNeg}, "spart": {class: cNeg}, "spare": {class: cNeg}, "spenden": {class: cNeg}, "saved": {class: cNeg}, "prize": {class: cNeg}, "kauf": {class: cNeg},
	"cashback": {class: cNeg}, "deductible": {class: cNeg}, "match": {class: cNeg}, "miete": {class: cNeg}, "warmmiete": {class: cNeg}, "tank": {class: cNeg}, "sonderzahlungen": {class: cNeg},
	"lieferungen": {class: cNeg}, "liefern": {class: cNeg}, "einkaufswert": {class: cNeg}, "schulden": {class: cNeg}, "forderungen": {class: cNeg}, "mahnungen": {class: cNeg},
	"fortbildung": {class: cNeg}, "fortbildungen": {class: cNeg}, "weiterbildung": {class: cNeg}, "weiterbildungen": {class: cNeg}, "training": {class: cNeg}, "trainings": {class: cNeg}, "learning": {class: cNeg},
	"wohnung": {class: cNeg}, "verpflegung": {class: cNeg}, "essen": {class: cNeg}, "kleidung": {class: cNeg}, "arbeitskleidung": {class: cNeg}, "homeoffice": {class: cNeg}, "equipment": {class: cNeg},

	"zzgl": {class: cAdd}, "zuzüglich": {class: cAdd}, "plus": {class: cAdd}, "zusätzlich": {class: cAdd}, "zusätzliche": {class: cAdd}, "zusätzlichen": {class: cAdd}, "extra": {class: cNeg}, "einmalig": {class: cNeg}, "einmalige": {class: cNeg}, "einmaligen": {class: cNeg}, "rechnungen": {class: cNeg}, "invoices": {class: cNeg}, "order": {class: cNeg}, "value": {class: cNeg}, "save": {class: cNeg}, "saves": {class: cNeg}, "unterkunft": {class: cNeg}, "zimmer": {class: cNeg}, "apartment": {class: cNeg}, "additional": {class: cAdd},
	"zuzügl": {class: cAdd}, "außerdem": {class: cAdd}, "weitere": {class: cAdd}, "weiteren": {class: cAdd}, "on": {class: cFiller},
	"inkl": {class: cIncl}, "inklusive": {class: cIncl}, "incl": {class: cIncl}, "including": {class: cIncl}, "einschließlich": {class: cIncl}, "einschl": {class: cIncl}, "includes": {class: cIncl}, "mit": {class: cIncl}, "with": {class: cIncl},

	// Bounds and ranges.
	"ab": {class: cFrom}, "from": {class: cFrom}, "mindestens": {class: cFrom}, "mind": {class: cFrom}, "min": {class: cFrom}, "minimum": {class: cFrom},
	"wenigstens": {class: cFrom}, "least": {class: cFrom}, "starting": {class: cFrom}, "starts": {class: cFrom}, "startet": {class: cFrom}, "beginnt": {class: cFrom}, "beginnend": {class: cFrom},
	"startend": {class: cFrom}, "mindest": {class: cFrom}, "über": {class: cOver}, "ueber": {class: cOver}, "over": {class: cOver}, "mehr": {class: cOver}, "more": {class: cOver}, "above": {class: cOver},
	"bis": {class: cUpTo}, "max": {class: cUpTo}, "maximal": {class: cUpTo}, "maximum": {class: cUpTo}, "höchstens": {class: cUpTo}, "up": {class: cUpTo}, "upto": {class: cUpTo},
	"to": {class: cTo}, "until": {class: cTo}, "zwischen": {class: cBetween}, "zw": {class: cBetween}, "between": {class: cBetween},
	"und": {class: cAnd}, "oder": {class: cAnd}, "and": {class: cAnd}, "or": {class: cAnd}, "bzw": {class: cAnd}, "sowie": {class: cAdd},

	// Spans.
	"pro": {class: cPer}, "je": {class: cPer}, "per": {class: cPer}, "a": {class: cPer}, "an": {class: cPer}, "im": {class: cPer}, "in": {class: cPer}, "der": {class: cPer}, "die": {class: cPer},
	"the": {class: cPer}, "jede": {class: cPer}, "jeden": {class: cPer}, "every": {class: cPer}, "each": {class: cPer}, "p": {class: cPer}, "pr": {class: cPer}, "am": {class: cPer}, "à": {class: cPer},
	"stunde": {class: cTime, unit: Hour}, "stunden": {class: cTime, unit: Hour}, "std": {class: cTime, unit: Hour}, "stdn": {class: cTime, unit: Hour}, "h": {class: cTime, unit: Hour}, "hr": {class: cTime, unit: Hour}, "hrs": {class: cTime, unit: Hour},
	"hour": {class: cTime, unit: Hour}, "hours": {class: cTime, unit: Hour}, "arbeitsstunde": {class: cTime, unit: Hour}, "zeitstunde": {class: cTime, unit: Hour}, "st": {class: cTime, unit: Hour},
	"tag": {class: cTime, unit: Day}, "day": {class: cTime, unit: Day}, "arbeitstag": {class: cTime, unit: Day}, "woche": {class: cTime, unit: Week}, "week": {class: cTime, unit: Week}, "wk": {class: cTime, unit: Week},
	"monat": {class: cTime, unit: Month}, "monats": {class: cTime, unit: Month}, "month": {class: cTime, unit: Month}, "mon": {class: cTime, unit: Month}, "mo": {class: cTime, unit: Month}, "mt": {class: cTime, unit: Month},
	"jahr": {class: cTime, unit: Year}, "jahres": {class: cTime, unit: Year}, "year": {class: cTime, unit: Year}, "yr": {class: cTime, unit: Year}, "annum": {class: cTime, unit: Year}, "anno": {class: cTime, unit: Year}, "kalenderjahr": {class: cTime, unit: Year}, "j": {class: cTime, unit: Year},
	"monatlich": {class: cEach, unit: Month}, "monatliche": {class: cEach, unit: Month}, "monatliches": {class: cEach, unit: Month}, "monatlicher": {class: cEach, unit: Month}, "monatlichen": {class: cEach, unit: Month}, "monatlichem": {class: cEach, unit: Month},
	"mtl": {class: cEach, unit: Month}, "mntl": {class: cEach, unit: Month}, "monatl": {class: cEach, unit: Month}, "monthly": {class: cEach, unit: Month}, "pm": {class: cEach, unit: Month}, "pcm": {class: cEach, unit: Month},
	"jährlich": {class: cEach, unit: Year}, "jährliche": {class: cEach, unit: Year}, "jährliches": {class: cEach, unit: Year}, "jährlicher": {class: cEach, unit: Year}, "jährlichen": {class: cEach, unit: Year}, "jährl": {class: cEach, unit: Year}, "jaehrlich": {class: cEach, unit: Year},
	"annual": {class: cEach, unit: Year}, "annually": {class: cEach, unit: Year}, "yearly": {class: cEach, unit: Year}, "pa": {class: cEach, unit: Year}, "p.a": {class: cEach, unit: Year}, "jährlichem": {class: cEach, unit: Year},
	"stündlich": {class: cEach, unit: Hour}, "hourly": {class: cEach, unit: Hour}, "ph": {class: cEach, unit: Hour}, "täglich": {class: cEach, unit: Day}, "daily": {class: cEach, unit: Day}, "pd": {class: cEach, unit: Day},
	"wöchentlich": {class: cEach, unit: Week}, "weekly": {class: cEach, unit: Week}, "pw": {class: cEach, unit: Week},

	// Money.
	"eur": {class: cCurrency, currency: "EUR"}, "euro": {class: cCurrency, currency: "EUR"}, "euros": {class: cCurrency, currency: "EUR"},
	"chf": {class: cCurrency, currency: "CHF"}, "sfr": {class: cCurrency, currency: "CHF"}, "franken": {class: cCurrency, currency: "CHF"}, "fr": {class: cCurrency, currency: "CHF"},
	"usd": {class: cCurrency, currency: "USD"}, "dollar": {class: cCurrency, currency: "USD"}, "dollars": {class: cCurrency, currency: "USD"},
	"gbp": {class: cCurrency, currency: "GBP"}, "pounds": {class: cCurrency, currency: "GBP"}, "pfund": {class: cCurrency, currency: "GBP"},
	"pln": {class: cCurrency, currency: "PLN"}, "sek": {class: cCurrency, currency: "SEK"}, "dkk": {class: cCurrency, currency: "DKK"}, "nok": {class: cCurrency, currency: "NOK"},
	"czk": {class: cCurrency, currency: "CZK"}, "cad": {class: cCurrency, currency: "CAD"}, "aud": {class: cCurrency, currency: "AUD"},
	"k": {class: cKilo}, "tsd": {class: cKilo}, "tausend": {class: cKilo}, "thousand": {class: cKilo}, "t": {class: cKilo},
	"teur": {class: cKiloEur, currency: "EUR"}, "keur": {class: cKiloEur, currency: "EUR"}, "teuro": {class: cKiloEur, currency: "EUR"}, "tchf": {class: cKiloEur, currency: "CHF"}, "kchf": {class: cKiloEur, currency: "CHF"},
	"mio": {class: cBig}, "mrd": {class: cBig}, "million": {class: cBig}, "millionen": {class: cBig}, "millions": {class: cBig}, "milliarden": {class: cBig}, "milliarde": {class: cBig},
	"billion": {class: cBig}, "bn": {class: cBig}, "mn": {class: cBig}, "m": {class: cBig}, "b": {class: cBig}, "mm": {class: cBig},

	// What says nothing.
	"ca": {class: cFiller}, "circa": {class: cFiller}, "cirka": {class: cFiller}, "etwa": {class: cFiller}, "rund": {class: cFiller}, "von": {class: cFiller}, "of": {class: cFiller}, "höhe": {class: cFiller}, "liegt": {class: cFiller},
	"beträgt": {class: cFiller}, "betragen": {class: cFiller}, "bei": {class: cFor}, "einem": {class: cFiller}, "einer": {class: cFiller}, "is": {class: cFiller}, "approx": {class: cFiller},
	"approximately": {class: cFiller}, "around": {class: cFiller}, "zu": {class: cFiller}, "sich": {class: cFiller}, "auf": {class: cFiller}, "beläuft": {class: cFiller}, "at": {class: cFiller}, "ist": {class: cFiller},
	"ihr": {class: cFiller}, "dein": {class: cFiller}, "eine": {class: cFiller}, "ein": {class: cFiller}, "das": {class: cFiller}, "wir": {class: cFiller}, "dir": {class: cFiller}, "ihnen": {class: cFiller}, "gesamt": {class: cFiller}, "total": {class: cFiller}, "vb": {class: cFiller},
	"bezahlen": {class: cPay}, "zahlen": {class: cPay}, "bieten": {class: cFiller}, "jedoch": {class: cFiller}, "aber": {class: cFiller}, "derzeit": {class: cFiller}, "aktuell": {class: cFiller}, "sind": {class: cFiller}, "us": {class: cFiller}, "garantiert": {class: cFiller}, "garantierte": {class: cFiller}, "fix": {class: cFiller},
	"base": {class: cFiller}, "basic": {class: cFiller}, "fixed": {class: cFiller}, "startgehalt": {class: cPay}, "einstiegsgehalt": {class: cPay}, "attraktive": {class: cFiller}, "attraktives": {class: cFiller},
	"für": {class: cFor}, "als": {class: cFor}, "for": {class: cFor}, "as": {class: cFor}, "towards": {class: cFor},

	"alj": {class: cTrainee, unit: Month}, "lj": {class: cTrainee, unit: Month}, "ausbildungsjahr": {class: cTrainee, unit: Month}, "lehrjahr": {class: cTrainee, unit: Month},
}

// abbreviations end with a dot that ends no sentence.
var abbreviations = map[string]bool{
	"ca": true, "mind": true, "zw": true, "max": true, "min": true, "inkl": true, "incl": true, "zzgl": true, "mtl": true, "monatl": true, "jährl": true, "std": true, "stdn": true, "p": true, "z": true,
	"bzw": true, "fr": true, "sfr": true, "st": true, "tsd": true, "mio": true, "mrd": true, "ggf": true, "evtl": true, "einschl": true, "zuzügl": true, "approx": true, "mon": true,
	"h": true, "wo": true, "d": true, "nr": true, "bspw": true, "i": true, "u": true, "vgl": true, "gem": true, "lt": true, "durchschn": true, "entspr": true, "v": true, "j": true, "m": true, "b": true, "besgr": true, "egr": true, "mntl": true, "tgl": true, "wöch": true, "exkl": true,
}

// abbreviation reports whether a dot after word belongs to it.
func abbreviation(word string) bool {
	var buf [16]byte
	low, ok := lower(buf[:0], word)
	return ok && abbreviations[string(low)]
}

var germanUnit = map[Unit]string{Hour: "pro Stunde", Day: "am Tag", Week: "pro Woche", Month: "im Monat", Year: "im Jahr"}

var englishUnit = map[Unit]string{Hour: "an hour", Day: "a day", Week: "a week", Month: "a month", Year: "a year"}
