package pay

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// class is what a word means beside an amount.
type class uint8

const (
	cNone     class = iota
	cPay            // Gehalt, Vergütung, salary: what stands here is pay
	cWeak           // Vollzeit: pay if nothing else says what the amount is
	cGross          // brutto, gross
	cNet            // netto
	cNeg            // Prämie, Umsatz, budget: what stands here is not pay
	cAdd            // zzgl., plus: what follows is another thing
	cIncl           // inkl.: what follows is part of it
	cFrom           // ab, from: a lower bound follows
	cOver           // mehr, über: a lower bound follows
	cUpTo           // bis, max., up: an upper bound follows
	cTo             // to, until
	cBetween        // zwischen, between
	cAnd            // und, oder, and
	cPer            // pro, je, per, a
	cTime           // Stunde, month: a span after pro or a slash
	cEach           // monatlich, annually: a span by itself
	cCurrency       // Euro, CHF
	cKilo           // k, Tsd.
	cKiloEur        // TEUR
	cBig            // Mio.
	cFiller         // ca., etwa, beträgt: says nothing here
	cFor            // für, als: what follows says what the amount is for
	cTrainee        // Ausbildungsjahr
	cSalaries       // Gehälter, salaries: counted, not paid
)

// wordInfo is the class of a word with what it says besides.
type wordInfo struct {
	class    class
	unit     Unit   // of cTime, cEach and pay words such as Monatsgehalt
	currency string // of cCurrency
	least    bool   // a pay word that names a least amount: Mindestgehalt
}

// lookUp returns the class of a word.
func lookUp(word string) wordInfo {
	var buf [40]byte
	low, ok := lower(buf[:0], word)
	if !ok {
		return wordInfo{class: cNone}
	}
	if w, ok := words[string(low)]; ok {
		return w
	}
	if len(low) < 4 {
		return wordInfo{}
	}
	return compound(low)
}

// lower appends word in small letters to dst; false if it does not fit.
func lower(dst []byte, word string) ([]byte, bool) {
	if len(word) > cap(dst) {
		return dst, false
	}
	for i := 0; i < len(word); {
		c := word[i]
		if c < utf8.RuneSelf {
			if c >= 'A' && c <= 'Z' {
				c |= 0x20
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(word[i:])
		if len(dst)+utf8.UTFMax > cap(dst) {
			return dst, false
		}
		dst = utf8.AppendRune(dst, unicode.ToLower(r))
		i += n
	}
	return dst, true
}

// payStems, by first letter, make a pay word of a compound that ends with one of
// them or goes on only with payTails.
var payStems = [26][]string{
	'b' - 'a': {"besoldung", "bezahl", "brutto", "bezüge"},
	'c' - 'a': {"compensat"},
	'd' - 'a': {"dotier"},
	'e' - 'a': {"entgelt", "einkommen", "earning", "entschädigung"},
	'g' - 'a': {"gehalt", "gehält", "gehaelt"},
	'h' - 'a': {"honorar"},
	'l' - 'a': {"lohn", "löhn"},
	'p' - 'a': {"payment"},
	'r' - 'a': {"remunerat"},
	's' - 'a': {"salär", "salary", "salari", "stundensatz"},
	't' - 'a': {"tagessatz", "taschengeld"},
	'v' - 'a': {"vergüt", "verguet", "verdien"},
}

// payTails may follow a pay stem without making something else of it.
var payTails = map[string]bool{
	"": true, "s": true, "es": true, "e": true, "er": true, "en": true, "ung": true, "ungen": true, "t": true, "et": true, "st": true, "te": true, "n": true,
	"spanne": true, "sspanne": true, "ungsspanne": true, "band": true, "sband": true, "sbandbreite": true, "srahmen": true, "rahmen": true, "ungsrahmen": true,
	"srange": true, "range": true, "ungsrange": true, "spaket": true, "paket": true, "ungspaket": true, "package": true, "sniveau": true, "niveau": true,
	"sangabe": true, "angabe": true, "sinfo": true, "info": true, "sinformation": true, "shöhe": true, "höhe": true, "ungshöhe": true, "sangebot": true,
	"basis": true, "sbasis": true, "ion": true, "ions": true, "es.": true, "ed": true, "es/": true, "y": true, "ies": true, "stmöglichkeit": true, "stmöglichkeiten": true,
	"stspanne": true, "aussicht": true, "aussichten": true, "untergrenze": true, "sgrenze": true, "gehalt": true, "lohn": true, "svorschlag": true, "ungsmodell": true,
	"sschema": true, "schema": true, "sstufe": true, "sklasse": true, "betrag": true, "sbetrag": true,
}

// negStems, by first letter, make a word say that an amount beside it is no pay.
var negStems = [26][]string{
	0:         {"ausgleichszahlung", "altersvorsorge", "abrechn", "auftrag", "aufträge", "allowance", "asset"},
	'b' - 'a': {"bonus", "boni", "budget", "buchhalt", "bilanz", "begrüßungsgeld", "beitrag", "beiträge", "bezuschuss", "bestell"},
	'c' - 'a': {"card", "capital", "commission", "contribution", "cost", "credit"},
	'd' - 'a': {"darlehen", "deckung", "discount", "donation"},
	'e' - 'a': {"einmalzahlung", "erstatt", "erhöh", "empfehl", "erspar", "einkauf", "equity"},
	'f' - 'a': {"förder", "foerder", "finanzier", "fahrgeld", "fortzahlung", "freibetrag", "fahrtkost", "fahrkost", "fitness", "funding", "fee"},
	'g' - 'a': {"gebühr", "gutschein", "guthaben", "gewinn", "geworben", "geschenk", "grant"},
	'h' - 'a': {"haftung", "handgeld"},
	'i' - 'a': {"invest", "insurance", "incentive"},
	'j' - 'a': {"jobrad"},
	'k' - 'a': {"kredit", "kosten", "kapital", "kaution", "kleidergeld", "kindergeld", "karte", "krankentagegeld", "kita"},
	'l' - 'a': {"loan"},
	'm' - 'a': {"miete", "mobilität"},
	'p' - 'a': {"prämie", "praemie", "provision", "preis", "pauschale", "pflegegeld", "projekt", "profit", "premium", "price"},
	'r' - 'a': {"rabatt", "rente", "revenue", "reimburs", "referral", "relocation", "raised"},
	's' - 'a': {"spende", "sachbezug", "sachbezüge", "sonderzahlung", "spesen", "schaden", "startgeld", "summe", "starthilfe", "sparen", "signing", "saving", "stipendium"},
	't' - 'a': {"ticket", "turnover"},
	'u' - 'a': {"umsatz", "umsätze", "urlaubsgeld", "umzug"},
	'v' - 'a': {"volumen", "vermögens", "vorteil", "versicher", "vorstellung", "verkauf", "voucher"},
	'w' - 'a': {"weihnachtsgeld", "werben", "wert", "wohnung", "worth"},
	'z' - 'a': {"zuschuss", "zuschuß", "zuschüsse", "zulage", "zuschlag", "zuschläge", "zahnersatz"},
}

// notNeg are words that hold a stem of negStems by chance.
var notNeg = map[string]bool{
	"wertschätzung": true, "wertschätzend": true, "wertschätzende": true, "bewertet": true, "bewertung": true, "auswertung": true, "rentenversicherungspflichtig": true,
	"feel": true, "feedback": true, "coffee": true, "sozialversicherungspflichtig": true, "sozialversicherungspflichtige": true, "ausgeschrieben": true,
	"projektleiter": true, "projektmanager": true, "projektleitung": true, "kostenlos": true, "kostenlose": true, "wertvoll": true, "wertige": true, "hochwertig": true, "bewertete": true,
	"verkäufer": true, "einkäufer": true, "preiswert": true, "versicherungskaufmann": true, "lohnbuchhalter": true, "buchhalter": true,
}

// compound classes a word by its stems: the one that ends later decides, for
// German names a thing last (Lohnzuschlag, Prämienlohn).
func compound(low []byte) wordInfo {
	payAt, payEnd := lastStem(low, &payStems)
	_, negEnd := lastStem(low, &negStems)
	if negEnd > payEnd && !notNeg[string(low)] {
		return wordInfo{class: cNeg}
	}
	if payEnd > 0 && payTails[string(low[payEnd:])] {
		w := wordInfo{class: cPay, unit: spanOf(low), least: bytes.Contains(low, []byte("mindest"))}
		if string(low[payAt:payEnd]) == "brutto" {
			w.class = cGross
		}
		if bytes.HasPrefix(low, []byte("netto")) {
			w.class = cNet
		}
		return w
	}
	switch {
	case bytes.Contains(low, []byte("ausbildungsjahr")), bytes.Contains(low, []byte("lehrjahr")):
		return wordInfo{class: cTrainee, unit: Month}
	case bytes.HasPrefix(low, []byte("kollektivvertrag")):
		return wordInfo{class: cWeak}
	case bytes.HasPrefix(low, []byte("vollzeit")):
		return wordInfo{class: cWeak}
	}
	return wordInfo{}
}

// lastStem returns where the stem of word that ends last begins and ends; end
// is 0 if there is none. Of stems with one end the longest counts. A stem of
// fewer than five bytes counts only at the beginning or the end of a word.
func lastStem(word []byte, stems *[26][]string) (at, end int) {
	for i, c := range word {
		if c < 'a' || c > 'z' {
			continue
		}
		for _, stem := range stems[c-'a'] {
			if len(stem) > len(word)-i || string(word[i:i+len(stem)]) != stem {
				continue
			}
			if len(stem) < 5 && i > 0 && i+len(stem) < len(word)-1 {
				continue
			}
			if i+len(stem) > end {
				at, end = i, i+len(stem)
			}
		}
	}
	return at, end
}

// spanOf returns the span that a compound such as Bruttomonatsgehalt names.
func spanOf(low []byte) Unit {
	switch {
	case bytes.Contains(low, []byte("ausbildung")):
		return Month
	case bytes.Contains(low, []byte("jahr")):
		return Year
	case bytes.Contains(low, []byte("monat")):
		return Month
	case bytes.Contains(low, []byte("stund")):
		return Hour
	case bytes.Contains(low, []byte("woche")):
		return Week
	case bytes.HasPrefix(low, []byte("tages")), bytes.HasPrefix(low, []byte("tage")):
		return Day
	}
	return ""
}
