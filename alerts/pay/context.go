package pay

// verdict is what the words around a span say about it.
type verdict struct {
	pay      bool // a pay word or brutto
	noun     bool // a pay word
	neg      bool // a bonus, a budget …
	unit     Unit
	from     bool // "ab", "mindestens" or a least amount
	upTo     bool
	net      bool
	trainee  bool
	doubt    bool // a bonus, a budget … that may only be included
	other    bool // per something that is no span of time
	heading  bool // nothing but signs between the line's beginning and the span
	followed bool // an unknown word stands directly behind the span
	first    int  // tokens of the phrase
	last     int
}

// limits of how far from an amount a word still speaks of it, in tokens.
const (
	reachLeft  = 16
	reachRight = 10
)

// judge looks at both sides of s.
func (p *parser) judge(s span) verdict {
	v := verdict{first: s.first, last: s.last, unit: s.unit, pay: s.gross}
	p.judgeRight(s, &v)
	p.judgeLeft(s, &v)
	v.neg = v.neg || v.doubt && !v.pay
	return v
}
