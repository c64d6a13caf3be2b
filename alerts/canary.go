package alerts

import "regexp"

// CanarySource is the reserved source of synthetic postings that show that the
// whole path works. They meet canary criteria alone, and those meet nothing else.
const CanarySource = "jobalertd-canary"

// canaryWord is the secret word that a canary's posting and criteria share.
var canaryWord = regexp.MustCompile(`^kanarie[a-p]{32}$`)

// CanaryCriteria are those of the canary subscription: a word that nobody guesses,
// from 16 random bytes.
func CanaryCriteria(random [16]byte) Criteria {
	word := []byte("kanarie")
	for _, b := range random {
		word = append(word, 'a'+b>>4, 'a'+b&15)
	}
	return Criteria{Query: string(word), Sources: []string{CanarySource}}
}

// Canary reports whether prepared criteria are those of a canary.
func (c *Criteria) Canary() bool { return c.canary }

// reserved checks that nobody asks for the reserved source who is not the canary.
func (p *preparation) reserved() {
	c := p.c
	c.canary = false
	for _, s := range c.Sources {
		c.canary = c.canary || s == CanarySource
	}
	if c.canary && (len(c.Sources) != 1 || !canaryWord.MatchString(c.Query)) {
		p.fault("sources", FaultUnknownValue, CanarySource, "is reserved")
	}
}
