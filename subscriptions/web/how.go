package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// ConsentVersion names the wordings of the consent in texts.toml. It changes with
// them, so that the record says which words were shown.
const ConsentVersion = "2026-12"

// how is by what way a step came about, for the record of consent, and from where
// if the operator keeps that. It names no words: for pages that show none.
func (s *Site) how(r *http.Request, source string) subscriptions.Circumstances {
	how := subscriptions.Circumstances{Source: source}
	if s.KeepIP {
		how.IP = s.clientIP(r).String()
	}
	return how
}

// consenting is how with the words that the page shows, by their key.
func (s *Site) consenting(r *http.Request, source, key, locale string) subscriptions.Circumstances {
	return s.shown(r, source, locale, s.texts.say(locale, key, s.Brand), s.builtIn.say(locale, key, s.Brand))
}

// shown is how with words that were shown. Words of the operator's own carry a
// version of theirs.
func (s *Site) shown(r *http.Request, source, locale, words, builtIn string) subscriptions.Circumstances {
	how := s.how(r, source)
	how.Wording, how.TextVersion = words, ConsentVersion+"-"+locale
	if words != builtIn {
		sum := sha256.Sum256([]byte(words))
		how.TextVersion += "-" + hex.EncodeToString(sum[:4])
	}
	return how
}
