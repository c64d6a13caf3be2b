package compose

import (
	htmltemplate "html/template"
	"slices"
	"strconv"
	"sync"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/mailer"
)

// press makes the digests of one language from molds of its templates, and keeps
// the cards it has made. It is safe for concurrent use.
type press struct {
	c         *Composer
	templates pair
	locale    string

	mu     sync.Mutex
	frames map[frameShape]cast
	shapes map[cardShape]cast
	// Cards in two generations of maxCards at most: the older one is dropped when
	// the newer is full, and what is used moves up.
	newer, older map[cardKey]*card
}

// cast is the molds of one shape for both parts.
type cast struct{ html, text *mold }

// maxCards bounds a generation of cards, each some 4 KB.
const maxCards = 2048

func newPress(c *Composer, t pair, locale string) *press {
	return &press{c: c, templates: t, locale: locale, frames: map[frameShape]cast{}, shapes: map[cardShape]cast{},
		newer: map[cardKey]*card{}, older: map[cardKey]*card{}}
}

// The slots of a frame. Three for each alert follow, then the cards'.
const (
	slotSubject = iota
	slotPreheader
	slotTotal
	slotMore
	slotDeferred
	slotClosed
	slotMoreURL
	slotManageURL
	slotAlerts
)

// maxAlerts bounds the alerts of a mold; a digest of more is rendered directly.
const maxAlerts = 20

// frameShape is all that a digest's templates may decide by.
type frameShape struct {
	kind                          mailer.Kind
	alerts                        int
	total, more, deferred, closed int // 0, 1 or many
	preheader, subject            bool
}

// many stands for every number above one.
const many = 2

// suits reports whether the digest can be made from molds: every address must be one
// that html/template leaves as it is.
func (p *press) suits(v *digestView, postings []mailer.DigestPosting) bool {
	ok := len(v.Alerts) <= maxAlerts && fits(v.MoreURL) && fits(v.ManageURL)
	for i := range v.Alerts {
		ok = ok && fits(v.Alerts[i].UnsubscribeURL) && v.Alerts[i].Name != "" && v.Alerts[i].Frequency != ""
	}
	for i := range postings {
		ok = ok && fits(postings[i].URL) && fitsOrNone(postings[i].DismissURL) && fitsOrNone(postings[i].SeparateURL)
	}
	return ok
}

func fitsOrNone(url string) bool { return url == "" || fits(url) }

// digest fills both parts of s.
func (p *press) digest(s *scratch, v *digestView, postings []mailer.DigestPosting, subject, preheader string) error {
	frame, err := p.frame(frameShape{kind: v.Kind, alerts: len(v.Alerts), total: min(v.Total, many), more: min(v.More, many),
		deferred: min(v.Deferred, many), closed: min(v.Closed, many), preheader: preheader != "", subject: subject != ""})
	if err != nil {
		return err
	}
	values := append(s.values[:0], value{one: subject}, value{one: preheader}, number(v.Total), number(v.More), number(v.Deferred),
		number(v.Closed), value{one: v.MoreURL}, value{one: v.ManageURL})
	for i := range v.Alerts {
		a := &v.Alerts[i]
		values = append(values, value{one: a.Name}, value{one: a.Frequency}, value{one: a.UnsubscribeURL})
	}
	s.values = values
	html := frame.html.fill(&s.html, 0, values)
	text := frame.text.fill(&s.text, 0, values)
	for i := range postings {
		own := lines(s, v, &postings[i])
		c, err := p.card(&postings[i], &own)
		if err != nil {
			return err
		}
		c.html.fill(&s.html, 0, own[:])
		c.text.fill(&s.text, 0, own[:])
	}
	frame.html.fill(&s.html, html, values)
	frame.text.fill(&s.text, text, values)
	return nil
}

func number(n int) value { return value{one: strconv.Itoa(n)} }

// frame is the cast of a shape, made when it first occurs.
func (p *press) frame(shape frameShape) (cast, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if made, ok := p.frames[shape]; ok {
		return made, nil
	}
	count := func(n, slot int) int {
		if n == many {
			return numberMark(slot)
		}
		return n
	}
	view := func(cards any) page {
		v := digestView{Kind: shape.kind, Cards: cards, Total: count(shape.total, slotTotal), More: count(shape.more, slotMore),
			Deferred: count(shape.deferred, slotDeferred), Closed: count(shape.closed, slotClosed),
			MoreURL: urlMark(slotMoreURL), ManageURL: urlMark(slotManageURL)}
		for i := range shape.alerts {
			at := slotAlerts + 3*i
			v.Alerts = append(v.Alerts, mailer.DigestAlert{Name: textMark(at), Frequency: textMark(at + 1), UnsubscribeURL: urlMark(at + 2)})
		}
		return p.c.page(p.locale, mark(shape.subject, slotSubject), mark(shape.preheader, slotPreheader), v)
	}
	cards := textMark(slotAlerts + 3*shape.alerts)
	made, err := p.cast("frame", p.templates.name, view(htmltemplate.HTML(cards)), view(cards)) // a mark, nothing typed
	if err == nil {
		p.frames[shape] = made
	}
	return made, err
}

func mark(given bool, slot int) string {
	if !given {
		return ""
	}
	return textMark(slot)
}

// cast renders both templates over marks.
func (p *press) cast(htmlName, textName string, html, text any) (made cast, err error) {
	h, err := render(p.templates.html, htmlName, html)
	if err != nil {
		return made, err
	}
	t, err := render(p.templates.text, textName, text)
	if err != nil {
		return made, err
	}
	return cast{newMold(h, true), newMold(t, false)}, nil
}

// cardShape is all that the template "card" may decide by.
type cardShape struct {
	employer, places, types, pay, lang, agency, unstated bool
	own                                                  ownShape
}

// ownShape is which of the subscriber's lines a card has.
type ownShape [ownSlots]bool

// The slots of a card that are the posting's. The subscriber's lines follow.
const (
	slotTitle = iota
	slotEmployer
	slotPlaces
	slotTypes
	slotPay
	slotURL
	slotLang
	postingSlots
)

// cardKey finds a card; whether it is still the posting's is checked then.
type cardKey struct {
	number   uint32
	unstated bool
	own      ownShape
}

// card is a posting's molds with only the subscriber's lines left open.
type card struct {
	cast
	posting alerts.Posting // what it was made from, without the description
	url     string
}

// card is the posting's card for lines of this shape.
func (p *press) card(d *mailer.DigestPosting, own *[ownSlots]value) (*card, error) {
	key := cardKey{number: d.Posting.Number, unstated: d.UnstatedPay}
	for i := range own {
		key.own[i] = !own[i].empty()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.newer[key]
	if c == nil {
		if c = p.older[key]; c != nil {
			p.keep(key, c)
		}
	}
	if c != nil && c.url == d.URL && alike(&c.posting, d.Posting) {
		return c, nil
	}
	c, err := p.print(d, key)
	if err == nil {
		p.keep(key, c)
	}
	return c, err
}

func (p *press) keep(key cardKey, c *card) {
	if len(p.newer) >= maxCards {
		p.older, p.newer = p.newer, make(map[cardKey]*card, maxCards)
	}
	p.newer[key] = c
}

// print makes a card.
func (p *press) print(d *mailer.DigestPosting, key cardKey) (*card, error) {
	v := postingView(d.Posting, d.URL, p.locale)
	made, err := p.shape(cardShape{employer: v.Employer != "", places: v.Places != "", types: v.Types != "", pay: v.Pay != "", lang: v.Lang != "",
		agency: v.Agency, unstated: d.UnstatedPay, own: key.own})
	if err != nil {
		return nil, err
	}
	values := []value{{one: v.Title}, {one: v.Employer}, {one: v.Places}, {one: v.Types}, {one: v.Pay}, {one: v.URL}, {one: v.Lang}}
	c := &card{cast: cast{made.html.bake(values, postingSlots), made.text.bake(values, postingSlots)}, posting: *d.Posting, url: d.URL}
	c.posting.Description = ""
	c.posting.Locations = slices.Clone(c.posting.Locations)
	c.posting.EmploymentTypes = slices.Clone(c.posting.EmploymentTypes)
	if c.posting.Pay != nil {
		pay := *c.posting.Pay
		c.posting.Pay = &pay
	}
	return c, nil
}

// shape is the cast of cards of a shape, made when it first occurs.
func (p *press) shape(s cardShape) (cast, error) {
	if made, ok := p.shapes[s]; ok {
		return made, nil
	}
	v := cardView{Title: textMark(slotTitle), Employer: mark(s.employer, slotEmployer), Places: mark(s.places, slotPlaces),
		Types: mark(s.types, slotTypes), Pay: mark(s.pay, slotPay), URL: urlMark(slotURL), Lang: mark(s.lang, slotLang),
		Agency: s.agency, UnstatedPay: s.unstated, Why: mark(s.own[slotWhy], postingSlots+slotWhy), For: mark(s.own[slotFor], postingSlots+slotFor),
		AlsoFits: mark(s.own[slotAlso], postingSlots+slotAlso), Sources: mark(s.own[slotSources], postingSlots+slotSources)}
	if s.own[slotDismiss] {
		v.Dismiss = urlMark(postingSlots + slotDismiss)
	}
	if s.own[slotSeparate] {
		v.Separate = urlMark(postingSlots + slotSeparate)
	}
	made, err := p.cast("card", "card", v, v)
	if err == nil {
		p.shapes[s] = made
	}
	return made, err
}
