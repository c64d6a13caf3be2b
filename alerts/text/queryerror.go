package text

import "strings"

// Code says why a query was refused; the set is closed.
type Code string

// The reasons for which a query is refused.
const (
	OnlyExcluded  Code = "only-excluded" // would match nearly everything
	Contradictory Code = "contradictory" // asks for and excludes the same, so can never match
	TooLong       Code = "too-long"
	NoWords       Code = "no-words" // nothing left that a posting could contain
)

// QueryError is the refusal of a query as typed.
type QueryError struct {
	Code Code
	Word string // the word in question, where there is one
}

func (e *QueryError) Error() string { return "query: " + e.Text("en") }

// Text says the reason in the words of a person's language: "de", else English.
func (e *QueryError) Text(locale string) string {
	texts := refusalsEnglish
	if primaryLanguage(locale) == "de" {
		texts = refusalsGerman
	}
	return strings.ReplaceAll(texts[e.Code], "WORD", e.Word)
}

var refusalsEnglish = map[Code]string{
	OnlyExcluded:  "the query only says what to leave out; add a word that postings should contain",
	Contradictory: "the query asks for “WORD” and leaves it out as well, so nothing can match",
	TooLong:       "the query is too long; 512 characters and 24 words are the most",
	NoWords:       "“WORD” has no word that a posting could be searched for",
}

var refusalsGerman = map[Code]string{
	OnlyExcluded:  "Die Suche sagt nur, was fehlen soll; geben Sie auch ein Wort an, das vorkommen soll.",
	Contradictory: "Die Suche verlangt „WORD“ und schließt es zugleich aus; so kann nichts passen.",
	TooLong:       "Die Suche ist zu lang; höchstens 512 Zeichen und 24 Wörter.",
	NoWords:       "„WORD“ enthält kein Wort, nach dem man suchen kann.",
}
