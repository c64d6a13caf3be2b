package digest

import (
	"encoding/json"
	"strconv"
)

// entry is a posting in a digest's record: for which alert, which it met too, and
// its near-duplicates, which were delivered with it.
type entry struct {
	Posting      uint32   `json:"posting"`
	Subscription uint32   `json:"subscription"`
	Also         []uint32 `json:"also,omitempty"`
	Twins        []uint32 `json:"twins,omitempty"`
}

// numbers are the posting's and its twins'.
func (e *entry) numbers() []uint32 { return append([]uint32{e.Posting}, e.Twins...) }

// alerts are those it is listed for.
func (e *entry) alerts() []uint32 { return append([]uint32{e.Subscription}, e.Also...) }

// content is what a digest shows and keeps, by numbers.
type content struct {
	Postings []entry // in the order shown
	Deferred []entry // best first
	Counted  int
}

// encode writes the content as JSON: {"alert":7,"postings":[12,{"posting":15,…}],
// "deferred":[…],"counted":3}. An entry for that alert and nothing else is its
// posting's number alone, as nearly all are: a run writes millions of them.
func (c *content) encode() string {
	alert := uint32(0)
	if len(c.Postings) > 0 {
		alert = c.Postings[0].Subscription
	}
	b := append(make([]byte, 0, 64+8*len(c.Postings)), `{"alert":`...)
	b = strconv.AppendUint(b, uint64(alert), 10)
	b = appendEntries(append(b, `,"postings":`...), c.Postings, alert)
	if len(c.Deferred) > 0 {
		b = appendEntries(append(b, `,"deferred":`...), c.Deferred, alert)
	}
	if c.Counted > 0 {
		b = strconv.AppendInt(append(b, `,"counted":`...), int64(c.Counted), 10)
	}
	return string(append(b, '}'))
}

func appendEntries(b []byte, es []entry, alert uint32) []byte {
	b = append(b, '[')
	for i := range es {
		if i > 0 {
			b = append(b, ',')
		}
		e := &es[i]
		if e.Subscription == alert && len(e.Also)+len(e.Twins) == 0 {
			b = strconv.AppendUint(b, uint64(e.Posting), 10)
			continue
		}
		b = strconv.AppendUint(append(b, `{"posting":`...), uint64(e.Posting), 10)
		b = strconv.AppendUint(append(b, `,"subscription":`...), uint64(e.Subscription), 10)
		b = appendNumbers(b, `,"also":[`, e.Also)
		b = append(appendNumbers(b, `,"twins":[`, e.Twins), '}')
	}
	return append(b, ']')
}

func appendNumbers(b []byte, name string, numbers []uint32) []byte {
	if len(numbers) == 0 {
		return b
	}
	b = append(b, name...)
	for i, n := range numbers {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(n), 10)
	}
	return append(b, ']')
}

// shortEntry is an entry that may be a number alone, read for an alert.
type shortEntry entry

func (e *shortEntry) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		return json.Unmarshal(b, (*entry)(e))
	}
	return json.Unmarshal(b, &e.Posting)
}

// UnmarshalJSON reads what encode wrote.
func (c *content) UnmarshalJSON(b []byte) error {
	var read struct {
		Alert    uint32       `json:"alert"`
		Postings []shortEntry `json:"postings"`
		Deferred []shortEntry `json:"deferred"`
		Counted  int          `json:"counted"`
	}
	if err := json.Unmarshal(b, &read); err != nil {
		return err
	}
	entries := func(short []shortEntry) []entry {
		if len(short) == 0 {
			return nil
		}
		es := make([]entry, len(short))
		for i := range short {
			if es[i] = entry(short[i]); es[i].Subscription == 0 {
				es[i].Subscription = read.Alert
			}
		}
		return es
	}
	*c = content{Postings: entries(read.Postings), Deferred: entries(read.Deferred), Counted: read.Counted}
	return nil
}
